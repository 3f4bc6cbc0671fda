using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.Running;

/// <summary>
/// Some VMs of a trace. The kernel filters by process, and a process can have several VMs: this leaves out the others. It is not known
/// to which VM a lost event belongs, so losses stay those of all.
/// </summary>
/// <param name="session">The trace.</param>
/// <param name="vms">The selected VMs.</param>
internal sealed class NarrowedSession(ITraceSession session, VmFilter vms) : ITraceSession
{
    /// <inheritdoc/>
    public long? SinceNs => session.SinceNs;

    /// <inheritdoc/>
    public string? Remark => session.Remark;

    /// <inheritdoc/>
    public Interval Read(Grouping grouping)
    {
        if (grouping < Grouping.Vm) grouping = Grouping.Vm;
        var sum = new IntervalSum(grouping);
        sum.Add(session.Read(grouping));
        return sum.ToInterval(vms.Matches);
    }

    /// <inheritdoc/>
    public int ReadSlow(TimeSpan timeout, Action<SlowExit> sink)
    {
        int given = 0;
        session.ReadSlow(timeout, exit =>
        {
            if (!vms.Matches(exit.Vm)) return;
            given++;
            sink(exit);
        });
        return given;
    }

    /// <inheritdoc/>
    public IReadOnlyList<VcpuHistory> TakeHistories(bool all) => [.. session.TakeHistories(all).Where(history => vms.Matches(history.Vm))];

    /// <inheritdoc/>
    public void Sweep() => session.Sweep();

    /// <inheritdoc/>
    public void ExchangeCells() => session.ExchangeCells();

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();
}
