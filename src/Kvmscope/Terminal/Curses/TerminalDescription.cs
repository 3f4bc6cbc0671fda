using System.Runtime.InteropServices;
using System.Text;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Live.Screen;

namespace Kvmscope.Terminal.Curses;

/// <summary>
/// This process's terminal before it is taken: that there is one, that it is known, and what it can show. Nothing is written to it until
/// <see cref="Open"/>.
/// </summary>
internal sealed unsafe class TerminalDescription
{
    /// <summary>What to do where there is no screen.</summary>
    internal const string Once = "Print one screen as text instead: --once.";

    private readonly byte[] _name;

    private TerminalDescription(byte[] name) => _name = name;

    /// <summary>Whether characters outside ASCII can be shown.</summary>
    public bool Unicode { get; private init; }

    /// <summary>Whether what is typed comes as UTF-8.</summary>
    public bool IsUtf8 { get; private init; }

    /// <summary>Whether colour is wanted.</summary>
    public bool AllowsColor { get; private init; }

    /// <summary>
    /// Looks at the terminal of standard input and output. Call it before privileges are dropped: descriptions in the home of root cannot
    /// be read after that.
    /// </summary>
    /// <param name="environment">Reads a variable of the environment.</param>
    /// <exception cref="KvmscopeException">There is none, or nothing is known about it (status 2); the hint names --once.</exception>
    public static TerminalDescription Prepare(Func<string, string?> environment)
    {
        if (Libc.isatty(0) == 0) throw UsageError.Of("standard input is not a terminal", Once);
        if (Libc.isatty(1) == 0) throw UsageError.Of("standard output is not a terminal", Once);
        string term = environment("TERM") ?? "";
        if (term.Length == 0) throw UsageError.Of("the kind of this terminal is not known: TERM is not set", Once);
        KeepPrivateDescription(term, environment);
        string name = Candidates(term).FirstOrDefault(IsKnown)
            ?? throw UsageError.Of($"the terminal '{term}' is not known on this host",
                "Set TERM to a similar one (TERM=xterm), or print one screen as text instead: --once.");
        if (!CanMove(name)) throw UsageError.Of($"the terminal '{term}' cannot show a screen", Once);
        bool isUtf8 = SetLocale(environment);
        return new TerminalDescription(Native(name))
        {
            IsUtf8 = isUtf8,
            // The fonts of the console have only a few of the block characters.
            Unicode = isUtf8 && term != "linux",
            // https://no-color.org: any value except the empty one.
            AllowsColor = string.IsNullOrEmpty(environment("NO_COLOR")),
        };
    }

    /// <summary>Takes the terminal: from now on it shows a screen of its own, until that is disposed of.</summary>
    /// <exception cref="KvmscopeException">It cannot be taken (status 1).</exception>
    public ILiveTerminal Open() => CursesTerminal.Open(_name, this);

    /// <summary>The name itself, and what is near enough where a host does not know it, as it is younger than the host.</summary>
    internal static string[] Candidates(string term)
    {
        string kind = term.Split('-', '.')[0];
        return kind switch
        {
            "screen" or "tmux" => [term, "screen-256color", "screen", "xterm"],
            "xterm" or "rxvt" or "vte" or "gnome" or "konsole" or "kitty" or "alacritty" or "foot" or "footclient" or "ghostty" or "wezterm"
                or "contour" or "mintty" or "iterm2" or "iTerm2" or "putty" or "st" or "terminator" or "mlterm" or "nsterm" =>
                [term, "xterm-256color", "xterm"],
            _ => [term],
        };
    }

    /// <summary>Zero-terminated.</summary>
    internal static byte[] Native(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private static bool IsKnown(string name) => HasAll(name);

    private static bool CanMove(string name) => HasAll(name, "cup", "clear");

    // setupterm() writes nothing.
    private static bool HasAll(string term, params ReadOnlySpan<string> capabilities)
    {
        int found;
        fixed (byte* name = Native(term))
            if (Libncursesw.setupterm(name, 1, &found) == Libncursesw.ERR) return false;
        bool all = true;
        foreach (string capability in capabilities) all &= Capability(Native(capability)) is not null;
        Libncursesw.del_curterm(Libncursesw.set_curterm(0));
        return all;
    }

    /// <summary>A string of the description in use; null where it has none.</summary>
    internal static byte[]? Capability(ReadOnlySpan<byte> name)
    {
        byte* value;
        // Literals end in a zero too.
        fixed (byte* native = name) value = Libncursesw.tigetstr(native);
        return (nint)value is 0 or -1 ? null : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value).ToArray();
    }

    // A file that only root can read is handed to ncurses as text (terminfo(5), "b64:"), which it reads again when it takes the terminal.
    private static void KeepPrivateDescription(string term, Func<string, string?> environment)
    {
        if (term.Contains('/') || term[0] == '.') return;
        string?[] folders = [environment("TERMINFO"), environment("HOME") is { Length: > 0 } home ? Path.Join(home, ".terminfo") : null];
        foreach (string? folder in folders)
        {
            if (string.IsNullOrEmpty(folder)) continue;
            string file = Path.Join(folder, term[..1], term);
            try
            {
                if (!File.Exists(file)) continue;
                byte[] value = Native("b64:" + Convert.ToBase64String(File.ReadAllBytes(file)));
                fixed (byte* name = "TERMINFO"u8, content = value) _ = Libc.setenv(name, content, 1);
                return;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // ncurses cannot read it either, and looks elsewhere.
            }
        }
    }

    // Curses needs it to know the columns of characters. Returns whether it is UTF-8.
    private static bool SetLocale(Func<string, string?> environment)
    {
        fixed (byte* own = "\0"u8, plain = "C.UTF-8"u8)
        {
            // A locale that is not installed: its name still says what the terminal shows.
            if (Libc.setlocale(Libc.LC_CTYPE, own) is null && Screen.OfStandardOutput(environment, () => null).Unicode)
                Libc.setlocale(Libc.LC_CTYPE, plain);
        }
        return MemoryMarshal.CreateReadOnlySpanFromNullTerminated(Libc.nl_langinfo(Libc.CODESET)).SequenceEqual("UTF-8"u8);
    }
}
