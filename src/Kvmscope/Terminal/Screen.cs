using Kvmscope.Core.Views;

namespace Kvmscope.Terminal;

/// <summary>What standard output is connected to.</summary>
/// <param name="IsTerminal">Whether somebody reads along.</param>
/// <param name="Width">Columns; 80 where it is no terminal.</param>
/// <param name="AllowsColor">What the environment says about colour (NO_COLOR, TERM).</param>
internal sealed record Screen(bool IsTerminal, int Width, bool AllowsColor)
{
    /// <summary>Columns of what is not written to a terminal.</summary>
    public const int DefaultWidth = 80;

    /// <summary>No terminal.</summary>
    public static Screen None { get; } = new(IsTerminal: false, DefaultWidth, AllowsColor: false);

    /// <summary>The style for a table that is written here.</summary>
    public ViewStyle Style(ColorWhen when) => new(Width, when switch
    {
        ColorWhen.Always => true,
        ColorWhen.Never => false,
        _ => IsTerminal && AllowsColor,
    });

    /// <summary>Looks at this process's standard output.</summary>
    /// <param name="environment">Reads a variable of the environment.</param>
    public static Screen OfStandardOutput(Func<string, string?> environment)
    {
        if (Console.IsOutputRedirected) return None;
        // https://no-color.org: any value but the empty one.
        bool color = string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") is not (null or "" or "dumb");
        int width = Console.WindowWidth;
        return new Screen(IsTerminal: true, width > 0 ? width : DefaultWidth, color);
    }
}
