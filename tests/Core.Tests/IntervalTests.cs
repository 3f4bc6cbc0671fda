using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

public sealed class IntervalTests
{
    [Fact]
    public void A_wall_clock_of_nothing_is_not_shown()
    {
        var interval = new Interval
        {
            TimeChanges =
            [
                new VcpuTime(GroupKey.OfVcpu(1, 0), 0, default), new VcpuTime(GroupKey.OfVcpu(1, 1), 3, default),
                new VcpuTime(GroupKey.OfVcpu(1, 2), unchecked((ulong)-3L), default),
            ],
        };
        Assert.Equal([1], interval.Times.Select(time => time.Key.Vcpu));
    }

    // A reason whose time turned out to be another's.
    [Fact]
    public void A_row_that_only_lost_time_has_none()
    {
        Row row = Row(new TimeParts { [TimePart.Kvm] = unchecked((ulong)-5L) });
        row.Count = 1;
        Row shown = Assert.Single(new Interval { Changes = [row] }.Rows);
        Assert.Equal((1UL, 0UL), (shown.Count, shown.Parts!.Value.Sum));
        // The interval's own rows are for sums.
        Assert.Equal(unchecked((ulong)-5L), row.Parts!.Value[TimePart.Kvm]);
    }

    // What one row of a reason lost is taken from the one that has most.
    [Fact]
    public void Time_that_went_back_is_taken_from_the_largest()
    {
        long[] kvm = [10, 100, -20];
        var interval = new Interval
        {
            Changes = [.. kvm.Select((ns, i) => new Row(new GroupKey(1, 0, new ExitCode(Isa.Vmx, 30), ExitLevel.L1, Qualifier.Of((ulong)i)))
            { Count = 1, Parts = new TimeParts { [TimePart.Kvm] = (ulong)ns } })],
        };
        Assert.Equal([10UL, 80UL, 0UL], interval.Rows.Select(row => row.Parts!.Value[TimePart.Kvm]));
    }

    [Theory]
    [InlineData(VcpuPlace.Vmm, 8, true)]
    [InlineData(VcpuPlace.Unknown, 8, true)]
    [InlineData(VcpuPlace.KvmRun, 8, false)]
    [InlineData(VcpuPlace.Vmm, 2, false)]
    [InlineData(VcpuPlace.Vmm, null, false)]
    public void A_vcpu_ended_abnormally_where_it_cannot_go_on_and_did_not(VcpuPlace place, int? reason, bool isAbnormal)
    {
        var history = new VcpuHistory(Sample.Web, 0, 1, Sample.Started, HasEnded: true)
        {
            Place = place,
            LastReturn = reason is { } code ? new VmmReturn(new VmmReason(code), Sample.Started, null, 0) : null,
        };
        Assert.Equal(isAbnormal, history.IsAbnormal);
    }

    [Fact]
    public void Rows_whose_parts_need_no_settling_are_not_copied()
    {
        Row row = Row(new TimeParts { [TimePart.Kvm] = 5 });
        Assert.Same(row, Assert.Single(new Interval { Changes = [row] }.Rows));
    }

    [Fact]
    public void Slow_exits_bring_their_vms_by_number()
    {
        SlowExit Of(VmIdentity vm) => new(Sample.Started, vm, 0, 1, 0, ExitLevel.L1, new ExitCode(Isa.Vmx, 30), 5);
        VmIdentity first = new(1, 10, "a"), second = new(2, 11, "b"), third = new(3, 12, "c");
        Interval with = new Interval { Vms = [second] }.WithSlow([Of(third), Of(first), Of(second)], leftOut: 4);
        Assert.Equal([first, second, third], with.Vms);
        Assert.Equal((3, 4UL), (with.Slow.Count, with.Accounting.LostEvents));
    }

    [Fact]
    public void A_vm_that_is_not_named_has_its_number()
    {
        var interval = new Interval { Vms = [Sample.Web] };
        Assert.Same(Sample.Web, interval.VmOf(Sample.Web.Ordinal));
        Assert.Null(interval.VmOf(GroupKey.None));
        Assert.Equal(new VmIdentity(7, VmIdentity.SeveralPids, "VM 7"), interval.VmOf(7));
    }

    private static Row Row(TimeParts parts) =>
        new(new GroupKey(1, 0, new ExitCode(Isa.Vmx, 30), ExitLevel.L1)) { Parts = parts };
}
