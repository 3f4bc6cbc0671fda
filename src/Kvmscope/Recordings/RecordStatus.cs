using System.Globalization;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Running;
using Kvmscope.Terminal;

namespace Kvmscope.Recordings;

/// <summary>Shows the progress of a recording once per second in one line of a terminal; elsewhere nothing.</summary>
internal sealed class RecordStatus(CommandContext context)
{
    private ulong _exits, _losses;
    private bool _isOpen;
    private double _lastSaid = double.NegativeInfinity;

    /// <summary>Called after an interval was written.</summary>
    public void Say(TimeSpan elapsed, Interval interval, RecordTape tape)
    {
        _exits += interval.Accounting.Exits;
        _losses += interval.Accounting.Lost();
        if (!context.ErrorIsTerminal || elapsed.TotalSeconds - _lastSaid < 0.95) return;
        _lastSaid = elapsed.TotalSeconds;
        double rate = interval.Seconds > 0 ? interval.Accounting.Exits / interval.Seconds : 0;
        string line = string.Create(CultureInfo.InvariantCulture,
            $"{Clock(elapsed)}  {rate:0} exits/s  {WorkStatus.Size(tape.Bytes)}  {Lost()}  {tape.Path}");
        // Returns to the start of the line, and clears what is left of a longer one.
        context.Error.Write($"\r{ForeignText.Clean(line, Math.Max(1, context.Screen.Width - 1))}\x1b[K");
        context.Error.Flush();
        _isOpen = true;
    }

    /// <summary>Called at the end.</summary>
    public void End(TimeSpan elapsed, RecordTape tape)
    {
        if (!context.ErrorIsTerminal) return;
        if (_isOpen) context.Error.Write("\r\x1b[K");
        context.Tell(string.Create(CultureInfo.InvariantCulture,
            $"recorded {Clock(elapsed)}, {_exits} exits, {WorkStatus.Size(tape.Bytes)}, {Lost()}"));
        context.Tell($"kvmscope report {tape.Path}");
    }

    private string Lost() => _losses == 0 ? "nothing lost" : string.Create(CultureInfo.InvariantCulture, $"{_losses} lost");

    private static string Clock(TimeSpan time) =>
        time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}" : $"{time.Minutes}:{time.Seconds:00}";
}
