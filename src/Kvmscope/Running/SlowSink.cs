using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Sources;

namespace Kvmscope.Running;

/// <summary>Writes slow exits as they come, and once per second how many were lost.</summary>
internal static class SlowSink
{
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(1);

    /// <summary>A sink that writes.</summary>
    /// <param name="writer">Writes one.</param>
    /// <param name="output">Where that goes; flushed after each batch.</param>
    /// <param name="error">Takes the lines about lost exits.</param>
    public static Sink Of(IOutputWriter<SlowExit> writer, TextWriter output, TextWriter error) => new(Grouping.Host, interval =>
    {
        if (interval.Accounting.LostEvents > 0) error.WriteLine(AccountingText.LostEvents(interval.Accounting.LostEvents));
        return true;
    })
    {
        Step = s_step,
        TakeSlow = batch =>
        {
            foreach (SlowExit exit in batch) writer.Write(exit);
            output.Flush();
        },
    };
}
