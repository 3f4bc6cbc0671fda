using System.Globalization;
using Kvmscope.Core.Output;

namespace Kvmscope.Terminal;

/// <summary>What standard output is connected to.</summary>
/// <param name="IsTerminal">Whether it is a terminal.</param>
/// <param name="Measure">Asks a terminal for its columns, which change with its window; null where it does not know.</param>
/// <param name="AllowsColor">Whether the environment allows colour (NO_COLOR, TERM).</param>
/// <param name="Unicode">Whether the locale's encoding is UTF-8.</param>
internal sealed record Screen(bool IsTerminal, Func<int?> Measure, bool AllowsColor, bool Unicode)
{
    /// <summary>Columns where nobody says how many there are.</summary>
    public const int DefaultWidth = 80;

    // Charts are as wide as that.
    private const int MostColumns = 10_000;

    /// <summary>A screen whose width does not change.</summary>
    public Screen(bool IsTerminal, int width, bool AllowsColor, bool Unicode)
        : this(IsTerminal, () => width, AllowsColor, Unicode)
    {
    }

    /// <summary>The variable COLUMNS: it counts wherever the output goes; null where it is not set.</summary>
    public int? Columns { get; init; }

    /// <summary>Columns, as it is now.</summary>
    public int Width => Columns ?? (IsTerminal ? Measure() : null) ?? DefaultWidth;

    /// <summary>The same for a file: not a terminal, and in the same locale.</summary>
    public Screen AsFile => this with { IsTerminal = false, AllowsColor = false };

    /// <summary>The style for a table that is written here, as it is now.</summary>
    public ViewStyle Style(ColorWhen when) => new(Width, when switch
    {
        ColorWhen.Always => true,
        ColorWhen.Never => false,
        _ => IsTerminal && AllowsColor,
    }, Unicode)
    { HasWholeTables = !IsTerminal && Columns is null };

    /// <summary>Looks at this process's standard output.</summary>
    /// <param name="environment">Reads a variable of the environment.</param>
    /// <param name="measure">Asks the terminal behind standard output for its columns.</param>
    public static Screen OfStandardOutput(Func<string, string?> environment, Func<int?> measure)
    {
        bool isTerminal = !Console.IsOutputRedirected;
        // https://no-color.org: any value except the empty one.
        bool color = isTerminal && string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") is not (null or "" or "dumb");
        return new Screen(isTerminal, measure, color, IsUtf8(environment)) { Columns = ReadColumns(environment) };
    }

    // As in other programs, what is not a number of columns does not count.
    private static int? ReadColumns(Func<string, string?> environment) =>
        int.TryParse(environment("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out int columns) && columns > 0
            ? Math.Min(columns, MostColumns)
            : null;

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
