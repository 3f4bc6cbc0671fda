using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Tracing;

namespace Kvmscope.Running;

/// <summary>
/// Some VMs of a trace. The kernel side filters by process, and a process can have several VMs: here the others are left out of what is
/// read. Of what was lost it is not known whose it was, so that stays that of all.
/// </summary>
/// <param name="session">The trace.</param>
/// <param name="vms">The VMs that are meant.</param>
internal sealed class NarrowedSession(ITraceSession session, VmFilter vms) : ITraceSession
{
    /// <inheritdoc/>
    public long? SinceNs => session.SinceNs;

    /// <inheritdoc/>
    public Snapshot Read(Grouping grouping)
    {
        Snapshot all = session.Read(grouping < Grouping.Vm ? Grouping.Vm : grouping);
        SnapshotRow[] rows = [.. all.Rows.Where(row => vms.Matches(row.Vm))];
        return all with
        {
            Rows = rows,
            Trust = all.Trust.OfRows(rows),
            Times = [.. all.Times.Where(time => vms.Matches(time.Vm))],
            OpenExits = [.. all.OpenExits.Where(open => vms.Matches(open.Vm))],
        };
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
    public void Sweep() => session.Sweep();

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();
}
