using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.Tests.Fakes;

/// <summary>A trace whose counters grow with the fake clock: the given rows, once for each second that has passed.</summary>
internal sealed class FakeSession(FakeClock clock, FakeHost host) : ITraceSession
{
    private readonly HashSet<VcpuHistory> _historiesGiven = [];
    private int _slowGiven;
    private ulong _factor = host.GrowsEachSecond ? (ulong)clock.Now.TotalSeconds : 0;
    private Accounting _lost = new();

    public string? Remark => host.Remark;

    public bool Disposed { get; private set; }

    public Interval Read(Grouping grouping)
    {
        host.Log.Add($"read {grouping} at {clock.Now.TotalSeconds:0.###}");
        ulong factor = host.GrowsEachSecond ? (ulong)clock.Now.TotalSeconds : 1, more = factor - _factor;
        Row[] rows = more == 0 ? [] : [.. host.Rows.Where(Passes).Select(r => Times(r, more, grouping))];
        ulong exits = (ulong)rows.Sum(r => (long)r.Count);
        Accounting all = host.Accounting;
        if (host.UnpairedExits is { } unpaired) all = all with { UnpairedExits = unpaired(clock.Now.TotalSeconds) };
        Accounting lost = all.Less(_lost);
        (_factor, _lost) = (factor, all);
        return new Interval
        {
            To = clock.GetUtcNow(),
            ToNs = clock.MonotonicNs,
            Changes = rows,
            TimeChanges = host.Asked!.WantSplit ? [.. host.Times.SelectMany(t => Enumerable.Repeat(t, (int)more))] : [],
            OpenAges = host.OpenAges,
            Vms =
            [
                .. host.Identities.Where(vm => rows.Any(r => r.Key.Vm == vm.Ordinal) || host.OpenAges.Any(o => o.Key.Vm == vm.Ordinal)
                    || host.States.Any(s => s.Vm == vm.Ordinal)),
            ],
            Returns = host.Asked!.WantReturns && more > 0 ? ReturnsOf(more, grouping) : [],
            VcpuStates = host.Asked.WantReturns && grouping == Grouping.Vcpu ? [.. host.States.Where(s => PassesVcpu(s.Vm, s.Vcpu))] : [],
            Accounting = lost with { Exits = exits, Entries = exits },
        };
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

    public IReadOnlyList<VcpuHistory> TakeHistories(bool all)
    {
        VcpuHistory[] taken = [.. host.Histories.Where(h => h.HasEnded != all && _historiesGiven.Add(h))];
        return all ? [.. host.Histories.Where(h => h.HasEnded && _historiesGiven.Add(h)), .. taken] : taken;
    }

    public void ExchangeCells() => Exchanges++;

    public int Exchanges { get; private set; }

    public void Sweep() => host.Log.Add($"sweep at {clock.Now.TotalSeconds:0.###}");

    public void Dispose() => Disposed = true;

    private bool PassesVcpu(int vm, int vcpu) =>
        Passes(host.Identities.First(v => v.Ordinal == vm), vcpu, new ExitCode(host.Isa, 0), ExitLevel.L1);

    // Filters as the kernel does.
    private bool Passes(Row row) =>
        Passes(host.Identities.FirstOrDefault(vm => vm.Ordinal == row.Key.Vm), row.Key.VcpuId, row.Key.Code, row.Key.Level);

    private bool Passes(VmIdentity? vm, int? vcpu, ExitCode code, ExitLevel level)
    {
        ExitFilter filter = host.Asked!.Filter;
        return (filter.Pids.IsEmpty || vm is null || filter.Pids.Contains(vm.Pid)) && (vcpu is not { } id || filter.PassesVcpu(id))
            && filter.PassesExit(code.Code, level);
    }

    private IReadOnlyCollection<VmmReturns> ReturnsOf(ulong factor, Grouping grouping)
    {
        var table = new ReturnTable(grouping);
        for (ulong i = 0; i < factor; i++)
            foreach (VmmReturns returns in host.Returns.Where(r => PassesVcpu(r.Key.Vm, r.Key.Vcpu))) table.Add(returns);
        return table.Rows;
    }

    private static Row Times(Row row, ulong factor, Grouping grouping)
    {
        var copy = new Row(row.Key.At(grouping));
        for (ulong i = 0; i < factor; i++) copy.Add(row);
        return copy;
    }
}
