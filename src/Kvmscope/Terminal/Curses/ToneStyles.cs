using Kvmscope.Live.Screen;

namespace Kvmscope.Terminal.Curses;

/// <summary>How tones look: attributes, and with colours a pair of them.</summary>
internal sealed class ToneStyles
{
    private const short Default = -1;

    // Without colour every tone that means something differs by its attributes.
    private static readonly uint[] s_plain = Fill(tone => tone switch
    {
        CellTone.Dim or CellTone.Halt or CellTone.Sleep or CellTone.Unattributed or CellTone.Heat1 => Libncursesw.A_DIM,
        CellTone.Bold or CellTone.Bar or CellTone.Warning or CellTone.Kvm or CellTone.Heat3 => Libncursesw.A_BOLD,
        CellTone.Heading => Libncursesw.A_BOLD | Libncursesw.A_UNDERLINE,
        CellTone.Selected or CellTone.Vmm or CellTone.Heat4 => Libncursesw.A_REVERSE,
        CellTone.Alarm or CellTone.Heat5 => Libncursesw.A_REVERSE | Libncursesw.A_BOLD,
        CellTone.Runq => Libncursesw.A_BOLD | Libncursesw.A_UNDERLINE,
        CellTone.Poll => Libncursesw.A_UNDERLINE,
        _ => Libncursesw.A_NORMAL,
    });

    // Attributes beside a colour.
    private static readonly uint[] s_coloured = Fill(tone => tone switch
    {
        CellTone.Dim => Libncursesw.A_DIM,
        CellTone.Bold or CellTone.Heading or CellTone.Bar or CellTone.Alarm => Libncursesw.A_BOLD,
        CellTone.Selected => Libncursesw.A_REVERSE,
        _ => Libncursesw.A_NORMAL,
    });

    private readonly bool _color;

    private ToneStyles(bool color) => _color = color;

    /// <summary>Whether colours are used.</summary>
    public bool HasColor => _color;

    /// <summary>Sets up colours where they are allowed and there are enough; call it once the screen is there.</summary>
    public static ToneStyles Start(bool allowsColor, int colors, int pairs)
    {
        bool color = allowsColor && colors >= 8 && pairs > (int)CellTone.Heat5 && Libncursesw.start_color() != Libncursesw.ERR;
        if (!color) return new ToneStyles(false);
        // Terminals that cannot go back to their own colours are black and white.
        bool hasDefault = Libncursesw.use_default_colors() != Libncursesw.ERR;
        foreach (CellTone tone in Enum.GetValues<CellTone>())
        {
            (short front, short back) = colors >= 256 ? Of256(tone) : Of8(tone);
            if (!hasDefault) (front, back) = (front == Default ? (short)7 : front, back == Default ? (short)0 : back);
            if (tone != CellTone.Plain) _ = Libncursesw.init_pair((short)tone, front, back);
        }
        return new ToneStyles(true);
    }

    /// <summary>The attributes of a tone.</summary>
    public uint Attributes(CellTone tone) => (_color ? s_coloured : s_plain)[(int)tone];

    /// <summary>Its pair of colours.</summary>
    public short Pair(CellTone tone) => _color ? (short)tone : (short)0;

    private static uint[] Fill(Func<CellTone, uint> of) => [.. Enum.GetValues<CellTone>().Select(of)];

    // Readable on black and on white: middle shades, or a background of their own.
    private static (short Front, short Back) Of256(CellTone tone) => tone switch
    {
        CellTone.Heading => (255, 238),
        CellTone.Bar => (255, 24),
        CellTone.Warning or CellTone.Runq => (172, Default),
        CellTone.Alarm => (196, Default),
        CellTone.Guest => (71, Default),
        CellTone.Kvm => (68, Default),
        CellTone.Vmm => (133, Default),
        CellTone.Poll => (73, Default),
        CellTone.Halt or CellTone.Sleep or CellTone.Unattributed => (245, Default),
        CellTone.Heat1 => (255, 17),
        CellTone.Heat2 => (255, 54),
        CellTone.Heat3 => (255, 125),
        CellTone.Heat4 => (16, 208),
        CellTone.Heat5 => (16, 226),
        _ => (Default, Default),
    };

    private static (short Front, short Back) Of8(CellTone tone) => tone switch
    {
        CellTone.Heading => (0, 6),
        CellTone.Bar => (7, 4),
        CellTone.Warning or CellTone.Runq => (3, Default),
        CellTone.Alarm => (1, Default),
        CellTone.Guest => (2, Default),
        CellTone.Kvm => (4, Default),
        CellTone.Vmm => (5, Default),
        CellTone.Poll => (6, Default),
        CellTone.Heat1 => (7, 4),
        CellTone.Heat2 => (0, 6),
        CellTone.Heat3 => (0, 2),
        CellTone.Heat4 => (0, 3),
        CellTone.Heat5 => (7, 1),
        _ => (Default, Default),
    };
}
