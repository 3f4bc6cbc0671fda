using Kvmscope.Core.Output;

namespace Kvmscope.Terminal;

/// <summary>What standard output is connected to.</summary>
/// <param name="IsTerminal">Whether it is a terminal.</param>
/// <param name="Width">Columns; 80 if it is not a terminal.</param>
/// <param name="AllowsColor">Whether the environment allows colour (NO_COLOR, TERM).</param>
/// <param name="Unicode">Whether the locale's encoding is UTF-8.</param>
internal sealed record Screen(bool IsTerminal, int Width, bool AllowsColor, bool Unicode)
{
    /// <summary>Columns of output that does not go to a terminal.</summary>
    public const int DefaultWidth = 80;

    /// <summary>The same for a file: not a terminal, and in the same locale.</summary>
    public Screen AsFile => new(IsTerminal: false, DefaultWidth, AllowsColor: false, Unicode);

    /// <summary>The style for a table that is written here.</summary>
    public ViewStyle Style(ColorWhen when) => new(Width, when switch
    {
        ColorWhen.Always => true,
        ColorWhen.Never => false,
        _ => IsTerminal && AllowsColor,
    }, Unicode)
    { IsTerminal = IsTerminal };

    /// <summary>Looks at this process's standard output.</summary>
    /// <param name="environment">Reads a variable of the environment.</param>
    public static Screen OfStandardOutput(Func<string, string?> environment)
    {
        bool unicode = IsUtf8(environment);
        if (Console.IsOutputRedirected) return new Screen(IsTerminal: false, DefaultWidth, AllowsColor: false, unicode);
        // https://no-color.org: any value except the empty one.
        bool color = string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") is not (null or "" or "dumb");
        int width = WindowWidth(environment("TERM"));
        return new Screen(IsTerminal: true, width > 0 ? width : DefaultWidth, color, unicode);
    }

    // Asking for the width makes .NET set up the terminal: it sends keypad_xmit (ESC [?1h ESC =) and leaves it like that. It
    // takes the sequence from the terminfo entry of TERM, so without TERM it sends none.
    private static int WindowWidth(string? term)
    {
        Environment.SetEnvironmentVariable("TERM", null);
        int width = Console.WindowWidth;
        Environment.SetEnvironmentVariable("TERM", term);
        return width;
    }

    // The first that is set counts, as in setlocale(3).
    private static bool IsUtf8(Func<string, string?> environment)
    {
        string? locale = new[] { "LC_ALL", "LC_CTYPE", "LANG" }.Select(environment).FirstOrDefault(v => !string.IsNullOrEmpty(v));
        return locale is not null && locale.Replace("-", "").Contains("UTF8", StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>When a table is coloured.</summary>
internal enum ColorWhen
{
    /// <summary>On a terminal, unless NO_COLOR is set or the terminal is dumb.</summary>
    Auto,

    /// <summary>Always.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}
