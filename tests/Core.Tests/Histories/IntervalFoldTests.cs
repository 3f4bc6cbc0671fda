using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories.Packing;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>A fold has the sums of its interval, and nothing of the ones before it.</summary>
public sealed class IntervalFoldTests
{
    private static readonly VmReturn[] s_returns = [new(0, 0, 2, 5), new(0, 1, 2, 7), new(0, 1, 6, 1), new(1, 0, 2, 3)];

    [Fact]
    public void The_vcpus_of_a_vm_are_added_up_by_reason_and_level()
    {
        Interval fold = new IntervalFold(Grouping.Vm).Fold(Mixed());
        Assert.Equal(
            ["0/-1 48 L1: 11 of 1100 ns", "0/-1 12 L1: 5 of 500 ns", "0/-1 48 L2: 3 of 300 ns", "1/-1 48 L1: 7 of 700 ns"], Words(fold));
        Assert.Equal([(0, GroupKey.None), (1, GroupKey.None)], fold.Vcpus.Select(v => (v.Vm, v.Vcpu)));
        Assert.Equal([(0, GroupKey.None, 30UL, 12UL), (1, GroupKey.None, 7UL, 3UL)], fold.TimeChanges.Select(Clock));
        Assert.Equal([(0, 2, 12UL), (0, 6, 1UL), (1, 2, 3UL)], fold.Returns.Select(r => (r.Key.Vm, r.Key.Reason.Raw, r.Count)));
        Assert.Equal([(Key(0, GroupKey.None, 48), 2UL), (Key(1, GroupKey.None, 48), 1UL)], fold.OpenBefore.Select(o => (o.Key, o.Count)));
        Assert.Equal([(Key(0, GroupKey.None, 12), 4UL)], fold.OpenAfter.Select(o => (o.Key, o.Count)));
        // The age of the oldest, and whether that is all.
        Assert.Equal(
            [new OpenAge(Key(0, GroupKey.None, 12), 4, 90, true), new OpenAge(Key(1, GroupKey.None, 48), 1, 50)], fold.OpenAges);
        Assert.Empty(fold.VcpuStates);
    }

    [Fact]
    public void The_vms_of_a_host_are_added_up()
    {
        Interval fold = new IntervalFold(Grouping.Host).Fold(Mixed());
        Assert.Equal(["-1/-1 48 L1: 18 of 1800 ns", "-1/-1 12 L1: 5 of 500 ns", "-1/-1 48 L2: 3 of 300 ns"], Words(fold));
        Assert.Empty(fold.Vcpus);
        Assert.Equal([(GroupKey.None, GroupKey.None, 37UL, 15UL)], fold.TimeChanges.Select(Clock));
        Assert.Equal([(Key(GroupKey.None, GroupKey.None, 48), 3UL)], fold.OpenBefore.Select(o => (o.Key, o.Count)));
        Assert.Equal([90UL, 50UL], fold.OpenAges!.Select(a => a.Ns));
    }

    [Fact]
    public void Ages_that_are_not_known_stay_so() =>
        Assert.Null(new IntervalFold(Grouping.Vm).Fold(Mixed() with { OpenAges = null }).OpenAges);

    [Theory]
    [InlineData(Grouping.Vm)]
    [InlineData(Grouping.Host)]
    public void Nothing_of_the_interval_before_is_left(Grouping grouping)
    {
        var fold = new IntervalFold(grouping);
        string[] alone = Words(new IntervalFold(grouping).Fold(Mixed()));
        // More VMs, more reasons than there is room for at first, fewer of both, and others.
        foreach ((int first, int vms, int codes) in ((int, int, int)[])[(0, 3, 5), (0, 200, 70), (0, 1, 1), (500, 40, 200), (0, 2, 40)])
        {
            Interval many = Many(first, vms, codes);
            Assert.Equal(Summed(many, grouping), Words(fold.Fold(many)).Order(StringComparer.Ordinal));
            Interval mixed = fold.Fold(Mixed());
            Assert.Equal(alone, Words(mixed));
            Assert.Equal(37, mixed.TimeChanges.Sum(time => (int)time.WallNs));
        }
    }

    [Fact]
    public void Rows_are_used_again_and_most_of_them_given_up_when_far_fewer_are_needed()
    {
        var fold = new IntervalFold(Grouping.Vm);
        Assert.Equal(0, fold.Bytes);
        fold.Fold(Many(0, 1, 10));
        fold.Fold(Many(0, 1, 10));
        Assert.Equal(10 * RowMemory.OfRow, fold.Bytes);
        fold.Fold(Many(0, 20, 100));
        Assert.Equal(2000 * RowMemory.OfRow, fold.Bytes);
        fold.Fold(Many(0, 1, 10));
        Assert.Equal(2000 * RowMemory.OfRow, fold.Bytes);
        fold.Fold(Many(0, 1, 10));
        Assert.Equal(10 * RowMemory.OfRow, fold.Bytes);
    }

    private static Interval Mixed()
    {
        var parts = new TimeParts { [TimePart.Guest] = 3 };
        return Sample.Of(Sample.Started, 1,
        [
            Row(0, 0, 48, ExitLevel.L1, 4, Qualifier.Of(1)), Row(0, 1, 48, ExitLevel.L1, 5, default),
            Row(0, 0, 12, ExitLevel.L1, 5, default), Row(0, 1, 48, ExitLevel.L2, 3, default), Row(1, 0, 48, ExitLevel.L1, 7, default),
            Row(0, 0, 48, ExitLevel.L1, 2, Qualifier.Of(2)),
        ], new Accounting()) with
        {
            Vcpus = [GroupKey.OfVcpu(0, 0), GroupKey.OfVcpu(0, 1), GroupKey.OfVcpu(1, 0)],
            TimeChanges =
            [
                new(GroupKey.OfVcpu(0, 0), 10, parts), new(GroupKey.OfVcpu(0, 1), 20, new TimeParts { [TimePart.Guest] = 9 }),
                new(GroupKey.OfVcpu(1, 0), 7, parts),
            ],
            Returns = [.. s_returns.Select(r => new VmmReturns(new ReturnKey(r.Vm, r.Vcpu, new VmmReason(r.Reason))) { Count = r.Count })],
            OpenBefore = [new(Key(0, 0, 48), 1), new(Key(1, 0, 48), 1), new(Key(0, 1, 48), 1)],
            OpenAfter = [new(Key(0, 0, 12), 1), new(Key(0, 1, 12), 3)],
            OpenAges = [new(Key(0, 0, 12), 1, 40), new(Key(0, 1, 12), 3, 90, true), new(Key(1, 0, 48), 1, 50)],
            VcpuStates = [new(0, 0, VcpuPlace.KvmRun, 5)],
        };
    }

    // Every vCPU of each has every reason; VM by VM, and then once more from the last to the first.
    private static Interval Many(int first, int vms, int codes)
    {
        IEnumerable<int> all = Enumerable.Range(first, vms);
        return Sample.Of(Sample.Started, 1,
        [
            .. all.Concat(all.Reverse()).SelectMany((vm, i) => Enumerable.Range(0, codes).Select(code =>
                Row(vm, i < vms ? 0 : 1, (ulong)code, ExitLevel.L1, (ulong)(1 + vm + (7 * code) + (i < vms ? 0 : 1000)), default))),
        ], new Accounting());
    }

    private static string[] Summed(Interval interval, Grouping grouping)
    {
        var table = new RowTable(grouping, ExitParts.None);
        foreach (Row row in interval.Changes) table.Add(row);
        return [.. table.Rows.Select(Word).Order(StringComparer.Ordinal)];
    }

    private static string[] Words(Interval interval) => [.. interval.Changes.Select(Word)];

    private static string Word(Row row) => $"{row.Key.Vm}/{row.Key.Vcpu} {row.Key.Code.Code} {row.Key.Level}: {row.Count} of "
        + $"{row.TotalNs} ns{(row.Key.Qualifier == default ? "" : " with a qualifier")}";

    private static (int Vm, int Vcpu, ulong WallNs, ulong GuestNs) Clock(VcpuTime time) =>
        (time.Key.Vm, time.Key.Vcpu, time.WallNs, time.Parts[TimePart.Guest]);

    private static GroupKey Key(int vm, int vcpu, ulong code) => new(vm, vcpu, new ExitCode(Isa.Vmx, code), ExitLevel.L1);

    private static Row Row(int vm, int vcpu, ulong code, ExitLevel level, ulong count, Qualifier qualifier) =>
        new(new GroupKey(vm, vcpu, new ExitCode(Isa.Vmx, code), level, qualifier)) { Count = count, Timed = count, TotalNs = 100 * count };

    private readonly record struct VmReturn(int Vm, int Vcpu, int Reason, ulong Count);
}
