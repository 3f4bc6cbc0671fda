using System.Globalization;
using Kvmscope.Core.Output;
using Kvmscope.Terminal;

namespace Kvmscope.Running;

/// <summary>Shows how far long work is in one line of a terminal; elsewhere nothing.</summary>
internal sealed class WorkStatus(CommandContext context) : IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    private readonly long _began = context.Clock.GetTimestamp();
    private TimeSpan _next = s_pause;
    private bool _isOpen;

    /// <summary>Called now and then.</summary>
    /// <param name="bytes">How much was read.</param>
    /// <param name="all">How much there is; null where that is not known.</param>
    public void Say(long bytes, long? all)
    {
        if (!context.ErrorIsTerminal || context.Clock.GetElapsedTime(_began) is var elapsed && elapsed < _next) return;
        _next = elapsed + s_pause;
        context.Error.Write($"\r{ForeignText.Clean(Line(bytes, all, elapsed), Math.Max(1, context.Screen.Width - 1))}\x1b[K");
        context.Error.Flush();
        _isOpen = true;
    }

    /// <summary>Removes the line.</summary>
    public void Clear()
    {
        if (_isOpen) context.Error.Write("\r\x1b[K");
        _isOpen = false;
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    /// <summary>What is shown: how much, of how much, how fast, and how long it will take.</summary>
    internal static string Line(long bytes, long? all, TimeSpan elapsed)
    {
        double rate = bytes / Math.Max(elapsed.TotalSeconds, 0.001);
        string line = all is { } of
            ? FormattableString.Invariant($"{Size(bytes)} of {Size(of)} ({100.0 * Math.Min(bytes, of) / Math.Max(1, of):0} %)")
            : Size(bytes);
        line += $", {Size((long)rate)}/s";
        if (all is not { } total || bytes <= 0) return line;
        double left = Math.Max(0, total - bytes) / rate;
        return line + string.Create(CultureInfo.InvariantCulture, $", {(int)(left / 60)}:{(int)(left % 60):00} left");
    }

    /// <summary>A number of bytes for people.</summary>
    internal static string Size(long bytes) => bytes switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.00} GB"),
    };
}
