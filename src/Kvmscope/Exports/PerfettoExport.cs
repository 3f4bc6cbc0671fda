using System.Globalization;
using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Interchange.Perfetto;
using Kvmscope.Terminal;

namespace Kvmscope.Exports;

/// <summary>Writes a trace of Perfetto.</summary>
internal sealed class PerfettoExport(ExportPlan plan, CommandContext context) : IExporter
{
    /// <inheritdoc/>
    public string Run(ExportWalk walk)
    {
        RecordingSet recording = walk.Inputs[0].Source.Recording;
        if (recording.Chosen.DistinctBy(p => p.Header.BootId.Length > 0 ? p.Header.BootId : p.Name).Skip(1).Any())
            throw UsageError.Of("a trace of Perfetto has one clock, and the host was started again meanwhile",
                "Choose one boot with --from and --to, or by giving its files.");
        using ExportFile file = ExportFile.Create(context.System, plan.Output, isPrivate: true);
        using var trace = new PerfettoTrace(file.Bytes);
        trace.Begin(recording.Header);
        foreach ((_, Interval interval) in walk.Intervals()) trace.Add(interval);
        if (recording.Header.SlowNs > 0 && !walk.IsInterrupted)
            foreach ((_, SlowExit exit, long ns) in walk.Slow()) trace.Add(exit, ns);
        trace.End();
        if (!walk.IsInterrupted) file.Complete();
        return string.Create(CultureInfo.InvariantCulture, $"{trace.Events} values and slices");
    }
}
