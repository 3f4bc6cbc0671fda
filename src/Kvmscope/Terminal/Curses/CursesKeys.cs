using System.Text;
using Kvmscope.Core.Output;
using Kvmscope.Live.Screen;

namespace Kvmscope.Terminal.Curses;

/// <summary>
/// What comes from the keyboard and the mouse. Characters are decoded here and not by curses, which forgets the first bytes of one that
/// comes in parts; the mouse too: curses loads libgpm for it on the console, and waits to tell clicks apart.
/// </summary>
/// <param name="window">The window whose keys are read.</param>
/// <param name="isUtf8">Whether bytes are UTF-8.</param>
internal sealed unsafe class CursesKeys(nint window, bool isUtf8)
{
    // Codes that curses does not use.
    private const int SgrMouse = Libncursesw.KEY_MAX + 1, OldMouse = Libncursesw.KEY_MAX + 2;

    // How long parts of a sequence may take to come.
    private const int PartMilliseconds = 50;

    private readonly byte[] _pending = new byte[4];
    private readonly MouseClicks _clicks = new();
    private int _pendingLength;

    /// <summary>What turns the mouse on: buttons (1000), with decimal numbers (1006).</summary>
    public static ReadOnlySpan<byte> MouseOn => "\x1b[?1000h\x1b[?1006h"u8;

    /// <summary>What turns it off.</summary>
    public static ReadOnlySpan<byte> MouseOff => "\x1b[?1006l\x1b[?1000l"u8;

    /// <summary>Adds what terminals send without having it in their descriptions.</summary>
    public void Define()
    {
        Define("\x1b[<"u8, SgrMouse, always: true);
        Define("\x1b[M"u8, OldMouse, always: true);
        Define("\x1b[1;2D"u8, Libncursesw.KEY_SLEFT);
        Define("\x1b[1;2C"u8, Libncursesw.KEY_SRIGHT);
        Define("\x1b[A"u8, Libncursesw.KEY_UP);
        Define("\x1b[B"u8, Libncursesw.KEY_DOWN);
        Define("\x1b[C"u8, Libncursesw.KEY_RIGHT);
        Define("\x1b[D"u8, Libncursesw.KEY_LEFT);
        Define("\x1bOA"u8, Libncursesw.KEY_UP);
        Define("\x1bOB"u8, Libncursesw.KEY_DOWN);
        Define("\x1bOC"u8, Libncursesw.KEY_RIGHT);
        Define("\x1bOD"u8, Libncursesw.KEY_LEFT);
        Define("\x1b[H"u8, Libncursesw.KEY_HOME);
        Define("\x1b[F"u8, Libncursesw.KEY_END);
        Define("\x1bOH"u8, Libncursesw.KEY_HOME);
        Define("\x1bOF"u8, Libncursesw.KEY_END);
        Define("\x1b[1~"u8, Libncursesw.KEY_HOME);
        Define("\x1b[4~"u8, Libncursesw.KEY_END);
        Define("\x1b[7~"u8, Libncursesw.KEY_HOME);
        Define("\x1b[8~"u8, Libncursesw.KEY_END);
        Define("\x1b[3~"u8, Libncursesw.KEY_DC);
        Define("\x1b[5~"u8, Libncursesw.KEY_PPAGE);
        Define("\x1b[6~"u8, Libncursesw.KEY_NPAGE);
        Define("\x1b[Z"u8, Libncursesw.KEY_BTAB);
        Define("\x1bOP"u8, Libncursesw.KEY_F1);
        Define("\x1b[11~"u8, Libncursesw.KEY_F1);
        Define("\x1bOM"u8, Libncursesw.KEY_ENTER);
    }

    /// <summary>What is there; null where that is nothing, and where it means nothing to this program.</summary>
    /// <param name="isEmpty">Whether all has been read.</param>
    public LiveInput? Next(out bool isEmpty)
    {
        int code = Libncursesw.wgetch(window);
        isEmpty = code == Libncursesw.ERR;
        if (isEmpty) return null;
        if (code > byte.MaxValue) _pendingLength = 0;
        return code switch
        {
            SgrMouse => ReadMouse(),
            OldMouse => ReadOldMouse(),
            > byte.MaxValue => KeyOf(code) is { } key ? new LiveInput(key) : null,
            0x1b => IsUnknownSequence() ? null : new LiveInput(LiveKey.Escape),
            '\t' => new LiveInput(LiveKey.Tab),
            '\r' or '\n' => new LiveInput(LiveKey.Enter),
            '\b' or 0x7f => new LiveInput(LiveKey.Backspace),
            // Ctrl-L: draw again.
            '\f' => new LiveInput(LiveKey.Resize),
            _ => Decode((byte)code),
        };
    }

    private static void Define(ReadOnlySpan<byte> sequence, int code, bool always = false)
    {
        // A literal ends in a zero.
        fixed (byte* text = sequence)
            if (always || Libncursesw.key_defined(text) == 0) _ = Libncursesw.define_key(text, code);
    }

    private static LiveKey? KeyOf(int code) => code switch
    {
        Libncursesw.KEY_UP => LiveKey.Up,
        Libncursesw.KEY_DOWN => LiveKey.Down,
        Libncursesw.KEY_LEFT => LiveKey.Left,
        Libncursesw.KEY_RIGHT => LiveKey.Right,
        Libncursesw.KEY_SLEFT => LiveKey.ShiftLeft,
        Libncursesw.KEY_SRIGHT => LiveKey.ShiftRight,
        Libncursesw.KEY_HOME or Libncursesw.KEY_FIND or Libncursesw.KEY_A1 => LiveKey.Home,
        Libncursesw.KEY_END or Libncursesw.KEY_SELECT or Libncursesw.KEY_C1 => LiveKey.End,
        Libncursesw.KEY_PPAGE or Libncursesw.KEY_A3 => LiveKey.PageUp,
        Libncursesw.KEY_NPAGE or Libncursesw.KEY_C3 => LiveKey.PageDown,
        Libncursesw.KEY_BACKSPACE => LiveKey.Backspace,
        Libncursesw.KEY_DC => LiveKey.Delete,
        Libncursesw.KEY_ENTER => LiveKey.Enter,
        Libncursesw.KEY_BTAB => LiveKey.BackTab,
        Libncursesw.KEY_F1 => LiveKey.Help,
        _ => null,
    };

    private LiveInput? Decode(byte unit)
    {
        _pending[_pendingLength++] = unit;
        ReadOnlySpan<byte> pending = _pending.AsSpan(0, _pendingLength);
        System.Buffers.OperationStatus status = Rune.DecodeFromUtf8(pending, out Rune rune, out int used);
        if (status == System.Buffers.OperationStatus.NeedMoreData && isUtf8) return null;
        // What is not UTF-8 is left out; its last byte may begin the next character.
        _pendingLength = 0;
        if (status == System.Buffers.OperationStatus.InvalidData && used < pending.Length) return Decode(unit);
        bool isWhole = status == System.Buffers.OperationStatus.Done;
        return isWhole && ForeignText.IsShown(rune) ? new LiveInput(LiveKey.Character, rune) : null;
    }

    // ESC [ … and ESC O … that no one has defined: were it left to the program, its letters would be commands.
    private bool IsUnknownSequence()
    {
        int next = Libncursesw.wgetch(window);
        if (next == Libncursesw.ERR) return false;
        if (next is not ('[' or 'O')) return !PutBack(next);
        int last;
        do last = Part();
        while (next == '[' && last is >= 0x20 and < 0x40);
        return true;
    }

    private static bool PutBack(int code) => Libncursesw.ungetch(code) != Libncursesw.ERR;

    private int Part()
    {
        Libncursesw.wtimeout(window, PartMilliseconds);
        int part = Libncursesw.wgetch(window);
        Libncursesw.wtimeout(window, 0);
        return part;
    }

    // ESC [ < button ; column ; row, and M (down) or m (up).
    private LiveInput? ReadMouse()
    {
        Span<int> numbers = stackalloc int[3];
        numbers.Clear();
        for (int i = 0, part = Part(); ; part = Part())
        {
            if (part is >= '0' and <= '9') numbers[i] = Math.Min((10 * numbers[i]) + part - '0', ushort.MaxValue);
            else if (part == ';' && i < 2) i++;
            else return part == 'M' && i == 2 ? _clicks.Of(numbers[0], numbers[1] - 1, numbers[2] - 1) : null;
        }
    }

    // ESC [ M and three bytes, of terminals that do not know 1006. In UTF-8 only the first 95 columns can be told.
    private LiveInput? ReadOldMouse()
    {
        int button = Part() - 32, column = Part() - 33, row = Part() - 33;
        return button < 0 || column < 0 || row < 0 ? null : _clicks.Of(button, column, row);
    }
}
