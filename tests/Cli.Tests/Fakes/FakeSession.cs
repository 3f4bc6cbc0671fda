using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Tracing;

namespace Kvmscope.Tests.Fakes;

/// <summary>A trace whose counters grow with the fake clock: so many times the given rows as seconds have passed.</summary>
internal sealed class FakeSession(FakeClock clock, FakeHost host) : ITraceSession
{
    private int _slowGiven;

    public bool Disposed { get; private set; }

    public Snapshot Read(Grouping grouping)
    {
        host.Log.Add($"read {grouping} at {clock.Now.TotalSeconds:0.###}");
        ulong factor = host.GrowsEachSecond ? (ulong)clock.Now.TotalSeconds : 1;
        SnapshotRow[] rows = [.. host.Rows.Where(r => Passes(r.Vm, r.Vcpu, r.Code, r.Level)).Select(r => Times(r, factor, grouping))];
        ulong exits = (ulong)rows.Sum(r => (long)r.Count);
        return new Snapshot(clock.GetUtcNow(), clock.MonotonicNs, rows, host.Trust with { Exits = exits, Entries = exits });
    }

    public int ReadSlow(TimeSpan timeout, Action<SlowExit> sink)
    {
        if (_slowGiven >= host.Slow.Count) clock.Advance(timeout);
        int given = 0;
        for (; _slowGiven < host.Slow.Count; _slowGiven++)
        {
            SlowExit exit = host.Slow[_slowGiven];
            ulong? compared = host.Asked!.SlowPart is { } part ? exit.Parts?[part] : exit.DurationNs;
            if (compared is not { } ns || ns < host.Asked.SlowNs || !Passes(exit.Vm, exit.Vcpu, exit.Code, exit.Level)) continue;
            sink(exit);
            given++;
        }
        return given;
    }

    public void Sweep() => host.Log.Add($"sweep at {clock.Now.TotalSeconds:0.###}");

    public void Dispose() => Disposed = true;

    // As the kernel side filters.
    private bool Passes(VmIdentity? vm, int? vcpu, ExitCode code, ExitLevel level)
    {
        ExitFilter filter = host.Asked!.Filter;
        return (filter.Pids.IsEmpty || vm is null || filter.Pids.Contains(vm.Pid)) && (vcpu is not { } id || filter.PassesVcpu(id)) && filter.PassesExit(code.Code, level);
    }

    private static SnapshotRow Times(SnapshotRow row, ulong factor, Grouping grouping)
    {
        var copy = new SnapshotRow
        {
            Vm = grouping == Grouping.Host ? null : row.Vm,
            Vcpu = grouping == Grouping.Vcpu ? row.Vcpu : null,
            Code = row.Code,
            Level = row.Level,
            Count = row.Count * factor,
            Timed = row.Timed * factor,
            TotalNs = row.TotalNs * factor,
            MaxNs = row.MaxNs,
        };
        for (int i = 0; i < row.Bins.Length; i++) copy.Bins[i] = row.Bins[i] * factor;
        return copy;
    }
}
