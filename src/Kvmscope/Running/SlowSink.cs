using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Sources;

namespace Kvmscope.Running;

/// <summary>Writes slow exits as they come, and once per second how many were lost.</summary>
/// <param name="writer">Writes one.</param>
/// <param name="output">Where that goes; flushed after each batch.</param>
/// <param name="error">Takes the lines about lost exits.</param>
internal sealed class SlowSink(IOutputWriter<SlowExit> writer, TextWriter output, TextWriter error)
{
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(1);

    private readonly IntervalSum _sum = new(Grouping.Host);

    /// <summary>Writes what was lost among the exits too (and whether it is of the whole trace); null for not.</summary>
    public Action<Interval, bool>? WriteLosses { get; init; }

    /// <summary>Writes until the trace ends.</summary>
    public void Run(RunningTrace trace)
    {
        trace.Sample(new Sink(Grouping.Host, Take)
        {
            Step = s_step,
            TakeSlow = batch =>
            {
                foreach (SlowExit exit in batch) writer.Write(exit);
                output.Flush();
            },
        });
        WriteLosses?.Invoke(_sum.ToInterval(), true);
    }

    private bool Take(Interval interval)
    {
        // Losses belong to no VM, and VMs come and go.
        if (WriteLosses is not null) _sum.Add(interval with { Vms = [], OpenAges = [] });
        if (AccountingText.LostEvents(interval.Accounting) is not { } lost) return true;
        error.WriteLine(lost);
        WriteLosses?.Invoke(interval, false);
        return true;
    }
}
