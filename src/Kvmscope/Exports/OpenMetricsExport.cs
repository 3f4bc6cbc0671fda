using System.Globalization;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Server.Metrics;
using Kvmscope.Terminal;

namespace Kvmscope.Exports;

/// <summary>Writes the series of <c>/metrics</c> with timestamps.</summary>
internal sealed class OpenMetricsExport(ExportPlan plan, CommandContext context) : IExporter
{
    // How often deploy/prometheus scrapes.
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public string Run(ExportWalk walk)
    {
        try
        {
            return Write(walk);
        }
        catch (Exception error) when (IoReason.IsOfWriting(error))
        {
            // Of the file in which samples wait.
            throw new KvmscopeException(ExitStatus.Failed, $"cannot write beside '{plan.Output}': {IoReason.Of(error)}",
                ExportFile.Hint, error);
        }
    }

    private string Write(ExportWalk walk)
    {
        ExportInput input = walk.Inputs[0];
        RecordingSet recording = input.Source.Recording;
        using ExportFile file = ExportFile.Create(context.System, plan.Output, isPrivate: false);
        using var metrics = new MetricsBackfill(new MetricsOptions { Version = ProgramHelp.Version }, recording.Header,
            recording.BeginOf(input.Source.Window.Range.First), Spool());
        using IEnumerator<(RecordingPart Part, SlowExit Exit, long Ns)>? slow =
            recording.Header.SlowNs > 0 ? walk.Slow().GetEnumerator() : null;
        bool hasSlow = slow?.MoveNext() == true, isSampled = true;
        DateTimeOffset? next = null;
        foreach ((_, Interval interval) in walk.Intervals())
        {
            List<SlowExit> own = [];
            for (; hasSlow && slow!.Current.Ns <= interval.ToNs; hasSlow = slow.MoveNext()) own.Add(slow.Current.Exit);
            next ??= interval.From + Step;
            metrics.Add(interval, own);
            isSampled = interval.To >= next || plan.Interval is not null;
            if (!isSampled) continue;
            metrics.Sample();
            next = interval.To + Step;
        }
        if (!isSampled) metrics.Sample();
        if (walk.IsInterrupted) return "";
        metrics.WriteTo(file.Bytes);
        file.Complete();
        return string.Create(CultureInfo.InvariantCulture, $"{metrics.Samples} samples");
    }

    // An interval that is rounded to its end must not make the step one interval longer.
    private static TimeSpan Step => s_step - TimeSpan.FromMilliseconds(50);

    private Stream Spool()
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(plan.Output)) ?? "/";
        string path = Path.Combine(folder, $".{Path.GetRandomFileName()}.tmp");
        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new KvmscopeException(ExitStatus.Usage, $"cannot create '{path}': {IoReason.Of(error)}",
                "Choose another place with -o OUT.");
        }
    }
}
