using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Tests;

public sealed class TimelineBuilderTests
{
    private const ulong Hlt = 12, Cpuid = 10, Io = 30;

    private static readonly Gen<Row> s_row = Gen.Select(
        Gen.Int[0, 5].Select(i => ((ulong[])[Hlt, Cpuid, Io, 32, 1, 71])[i]),
        Gen.ULong[0, 2_000_000_000_000],
        Gen.ULong[1, 1000],
        Gen.Int[0, 3],
        Gen.Int[0, 1]).Select((code, ns, count, vm, vcpu) =>
            Sample.Row(Isa.Vmx, code, ExitLevel.L1, count, ns, new VmIdentity(vm, 100 + vm, "vm" + (vm / 2)), vcpu, untimed: count / 3));

    private static readonly Gen<Interval[]> s_intervals = s_row.Array[0, 8].Select(rows => Column(0, rows)).Array[1, 40];
    private static readonly Gen<TimelineBy> s_by = Gen.Int[0, 2].Select(i => (TimelineBy)i);

    [Fact]
    public void Every_exit_is_in_one_cell() => Gen.Select(s_intervals, s_by, Gen.Int[1, 9]).Sample((intervals, by, maxRows) =>
    {
        Timeline timeline = TimelineBuilder.Build("", intervals, by, maxRows);
        Assert.InRange(timeline.Rows.Count, 0, maxRows);
        Assert.Equal(Sum(intervals, r => r.Count), timeline.Count);
        for (int i = 0; i < intervals.Length; i++)
            Assert.Equal(Sum([intervals[i]], r => r.Count), timeline.Rows.Aggregate(0UL, (sum, r) => sum + r.Cells[i].Count));
        // With as many rows as there are groups each reason has its own, and idle ones keep their time.
        ulong timed = by == TimelineBy.Reason && !timeline.Rows.Any(r => r.Others > 0) ? Sum(intervals, r => r.Timed) : 0;
        ulong busy = Sum(intervals, r => ExitReasons.IsIdle(r.Key.Code) ? 0 : r.Timed);
        Assert.InRange(
            timeline.Rows.Aggregate(0UL, (sum, r) => sum + r.Total.Bins.Count), Math.Max(timed, busy), Sum(intervals, r => r.Timed));
        foreach (TimelineRow row in timeline.Rows) Assert.Equal(row.Total.Timed, row.Total.Bins.Count);
    });

    [Fact]
    public void Columns_that_are_put_together_keep_what_they_have() =>
        Gen.Select(s_intervals, s_by, Gen.Int[1, 50]).Sample((intervals, by, most) =>
    {
        Timeline all = TimelineBuilder.Build("", intervals, by, 4), merged = all.Merge(most);
        Assert.InRange(merged.Columns.Count, 1, most);
        Assert.Equal(all.Seconds, merged.Seconds, 6);
        Assert.Equal(all.Rows.Count, merged.Rows.Count);
        int each = (all.Columns.Count + merged.Columns.Count - 1) / merged.Columns.Count;
        for (int row = 0; row < all.Rows.Count; row++)
        {
            AssertSame(all.Rows[row].Total, merged.Rows[row].Total);
            for (int i = 0; i < merged.Columns.Count && all.Columns.Count > most; i++)
            {
                // The same intervals as one column must say the same.
                TimelineCell[] parts = [.. all.Rows[row].Cells.Skip(i * each).Take(each)];
                Assert.Equal(parts.Aggregate(0UL, (sum, c) => sum + c.Count), merged.Rows[row].Cells[i].Count);
                Assert.Equal(parts.Max(c => c.MaxNs), merged.Rows[row].Cells[i].MaxNs);
                Assert.Equal(parts.Sum(c => c.Seconds), merged.Rows[row].Cells[i].Seconds, 6);
            }
        }
        Assert.Equal(all.Columns[0].Started, merged.Columns[0].Started);
    });

    [Fact]
    public void Answers_are_not_changed()
    {
        Interval interval = Column(0, Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 3, 900), Sample.Row(Isa.Vmx, Io, ExitLevel.L2, 4, 900));
        TimelineBuilder.Build("", [interval, interval], TimelineBy.Reason, 1).Merge(1);
        Assert.Equal([3UL, 4UL], interval.Rows.Select(r => r.Bins.Count));
    }

    [Fact]
    public void Rows_are_ordered_by_time_and_idle_ones_come_last()
    {
        Timeline timeline = TimelineBuilder.Build("", [Mixed()], TimelineBy.Reason, 9);
        Assert.Equal(["IO_INSTRUCTION", "CPUID", "HLT"], timeline.Rows.Select(r => r.Name));
        Assert.Equal([false, false, true], timeline.Rows.Select(r => r.IsIdle));
        Assert.Equal(900_000_000UL, timeline.Rows[2].Total.MaxNs);
        Assert.False(timeline.LeavesOutIdle);
    }

    [Fact]
    public void Other_holds_the_rest_and_no_idle_time()
    {
        Timeline timeline = TimelineBuilder.Build("", [Mixed()], TimelineBy.Reason, 2);
        Assert.Equal(["IO_INSTRUCTION", "other"], timeline.Rows.Select(r => r.Name));
        TimelineRow other = timeline.Rows[1];
        Assert.Equal((2, 107UL, 7UL, 100UL, (ulong?)700),
            (other.Others, other.Total.Count, other.Total.IdleCount, other.Total.Timed, other.Total.MaxNs));
        Assert.True(timeline.LeavesOutIdle);
    }

    [Theory]
    [InlineData(TimelineBy.Vm, "web-1")]
    [InlineData(TimelineBy.Vcpu, "web-1, vCPU 3")]
    public void Idle_time_is_not_a_VMs_handling_time(TimelineBy by, string name)
    {
        TimelineRow row = Assert.Single(TimelineBuilder.Build("", [Mixed()], by, 9).Rows);
        Assert.Equal(name, row.Name);
        Assert.Equal((112UL, 7UL, 105UL, (ulong?)20_000), (row.Total.Count, row.Total.IdleCount, row.Total.Timed, row.Total.MaxNs));
        Assert.Equal(105UL, row.Total.Bins.Count);
    }

    [Fact]
    public void VMs_of_one_name_have_their_pids()
    {
        VmIdentity a = new(0, 11, "a"), b = new(1, 22, "a"), c = new(2, 33, "c");
        Interval interval = Column(
            0, Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 3, 900, a, 0), Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 2, 900, b, 1),
            Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 1, 900, c, 2)) with
        { Vms = [a, b, c] };
        Assert.Equal(["a (pid 11)", "a (pid 22)", "c"], TimelineBuilder.Build("", [interval], TimelineBy.Vm, 9).Rows.Select(r => r.Name));
        Assert.Equal(["a (pid 11), vCPU 0", "a (pid 22), vCPU 1", "c, vCPU 2"],
            TimelineBuilder.Build("", [interval], TimelineBy.Vcpu, 9).Rows.Select(r => r.Name));
        Interval host = Column(0, Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 3, 900));
        Assert.Equal(["all VMs"], TimelineBuilder.Build("", [host], TimelineBy.Vcpu, 9).Rows.Select(r => r.Name));
    }

    [Fact]
    public void A_gap_is_nothing_and_not_0()
    {
        Timeline timeline = TimelineBuilder.Build("", [Mixed(), Column(1), Mixed()], TimelineBy.Reason, 9);
        TimelineCell gap = timeline.Rows[0].Cells[1];
        Assert.Equal((0UL, 0d), (gap.Count, gap.Rate));
        Assert.Equal(((ulong?)null, (ulong?)null, (ulong?)null, (ulong?)null), (gap.AverageNs, gap.P50Ns, gap.P99Ns, gap.MaxNs));
        Assert.True(gap.Bins.Counts.IsEmpty);
        Assert.Equal(2.5, timeline.Rows[0].Cells[0].Rate);
        Assert.Equal(20_000UL, timeline.Rows[0].Cells[2].P99Ns);
    }

    [Fact]
    public void Losses_add_up_but_open_exits_are_those_of_the_end()
    {
        Interval first = Column(0) with { Accounting = new Accounting { UnpairedExits = 2, Open = 5, LostEvents = 1 }, RestartedRows = 1 };
        Interval second = Column(1, Sample.Row(Isa.Vmx, 71, ExitLevel.L1, 2, 1))
            with
        { Accounting = new Accounting { UnpairedExits = 3, Open = 1, DroppedExits = 4 } };
        Assert.Equal(
            [
                "5 exits had no entry after them (fast path): counted, not timed", "1 exit has no entry yet (open): counted, not timed",
                "1 slow exit was lost because the buffer was full: raise the threshold, or filter with --vm, --reason or --exclude",
                "4 exits were not counted: the tables were full", "2 exits have reasons without a name in this version: shown by number",
                "1 counter restarted at zero: shown from there on",
            ],
            TimelineBuilder.Build("", [first, second], TimelineBy.Reason, 9).Losses);
    }

    [Fact]
    public void Nothing_can_be_shown()
    {
        Timeline timeline = TimelineBuilder.Build("", [], TimelineBy.Vm, 1);
        Assert.Empty(timeline.Rows);
        Assert.Empty(timeline.Losses);
        Assert.Equal((0UL, 0d, 0d), (timeline.Count, timeline.Seconds, timeline.ColumnSeconds));
        Assert.Throws<ArgumentOutOfRangeException>(() => TimelineBuilder.Build("", [], TimelineBy.Vm, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => timeline.Merge(0));
    }

    [Fact]
    public void Groups_of_equal_time_are_ordered_by_count_then_by_vm_vcpu_and_reason()
    {
        Interval interval = Column(
            0, Sample.Row(Isa.Vmx, 54, ExitLevel.L1, 2, 500), Sample.Row(Isa.Vmx, 31, ExitLevel.L1, 2, 500),
            Sample.Row(Isa.Vmx, Cpuid, ExitLevel.L1, 10, 100), Sample.Row(Isa.Vmx, Hlt, ExitLevel.L1, 1, 100));
        Assert.Equal(["CPUID", "MSR_READ", "WBINVD", "HLT"],
            TimelineBuilder.Build("", [interval], TimelineBy.Reason, 9).Rows.Select(r => r.Name));

        Interval vcpus = Column(
            0, Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 1, 900, Sample.Db, 1), Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 1, 900, Sample.Web, 3),
            Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 1, 900, Sample.Web, 0));
        string web = Sample.Web.Name, db = Sample.Db.Name;
        Assert.Equal([$"{web}, vCPU 0", $"{web}, vCPU 3", $"{db}, vCPU 1"],
            TimelineBuilder.Build("", [vcpus], TimelineBy.Vcpu, 9).Rows.Select(r => r.Name));
    }

    [Fact]
    public void Idle_time_does_not_bring_a_VM_to_the_top()
    {
        Interval interval = Column(
            0, Sample.Row(Isa.Vmx, Hlt, ExitLevel.L1, 9, 900_000_000, Sample.Web, 0),
            Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 1, 900, Sample.Db, 0));
        Assert.Equal([Sample.Db.Name, Sample.Web.Name],
            TimelineBuilder.Build("", [interval], TimelineBy.Vm, 9).Rows.Select(r => r.Name));
    }

    [Fact]
    public void As_many_groups_as_rows_need_no_other() => Assert.Equal(
        ["IO_INSTRUCTION", "CPUID", "HLT"], TimelineBuilder.Build("", [Mixed()], TimelineBy.Reason, 3).Rows.Select(r => r.Name));

    [Fact]
    public void A_reason_whose_exit_was_open_all_the_time_has_no_row()
    {
        TimeParts parts = default;
        parts[TimePart.Vmm] = 2_000_000_000;
        var open = new Row(Keys.Of(new ExitCode(Isa.Vmx, Cpuid), ExitLevel.L1)) { Parts = parts };
        Interval interval = Column(0, open, Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 1, 900));
        Timeline timeline = TimelineBuilder.Build("", [interval], TimelineBy.Reason, 9);
        Assert.Equal(("IO_INSTRUCTION", 1UL), (Assert.Single(timeline.Rows).Name, timeline.Count));
        Assert.Empty(TimelineBuilder.Build("", [Column(0, open)], TimelineBy.Reason, 9).Rows);
    }

    [Fact]
    public void A_reason_that_is_equal_but_for_its_flags_follows_it()
    {
        const ulong failedEntry = 1UL << 31;
        Interval interval = Column(
            0, Sample.Row(Isa.Vmx, Cpuid | failedEntry, ExitLevel.L1, 1, 900), Sample.Row(Isa.Vmx, Cpuid, ExitLevel.L1, 1, 900));
        Assert.Equal(["CPUID", "CPUID (failed entry)"],
            TimelineBuilder.Build("", [interval], TimelineBy.Reason, 9).Rows.Select(r => r.Name));
    }

    [Fact]
    public void A_shorter_last_column_does_not_say_how_long_a_column_is() =>
        Assert.Equal(2, TimelineBuilder.Build("", [Column(0), Column(1).Lasting(0.5)], TimelineBy.Vm, 9).ColumnSeconds);

    [Fact]
    public void A_column_without_duration_has_no_rate()
    {
        Timeline timeline = TimelineBuilder.Build("", [Mixed().Lasting(0)], TimelineBy.Reason, 9);
        Assert.Equal((5UL, 0d), (timeline.Rows[0].Total.Count, timeline.Rows[0].Total.Rate));
    }

    // As after a clock that was set, or where a recording has gaps.
    [Fact]
    public void The_end_is_that_of_the_last_interval_however_many_columns_there_are()
    {
        Interval last = Column(1) with { To = Sample.Started.AddSeconds(3604) };
        Timeline timeline = TimelineBuilder.Build("", [Column(0), last], TimelineBy.Reason, 9);
        Assert.Equal([Sample.Started.AddSeconds(2), last.To], timeline.Columns.Select(c => c.Ended));
        Assert.Same(timeline, timeline.Merge(2));
        Assert.Equal((4, last.To), (timeline.Merge(1).Seconds, Assert.Single(timeline.Merge(1).Columns).Ended));
    }

    private static Interval Mixed() => Column(
        0, Sample.Row(Isa.Vmx, Cpuid, ExitLevel.L1, 100, 700, Sample.Web, 3),
        Sample.Row(Isa.Vmx, Hlt, ExitLevel.L1, 7, 900_000_000, Sample.Web, 3),
        Sample.Row(Isa.Vmx, Io, ExitLevel.L1, 5, 20_000, Sample.Web, 3));

    private static Interval Column(int index, params Row[] rows) =>
        Sample.Of(Sample.Started.AddSeconds(2 * index), 2, rows, new Accounting());

    private static ulong Sum(Interval[] intervals, Func<Row, ulong> of) =>
        intervals.SelectMany(a => a.Rows).Aggregate(0UL, (sum, r) => sum + of(r));

    private static void AssertSame(TimelineCell a, TimelineCell b)
    {
        Assert.Equal(
            (a.Count, a.IdleCount, a.Timed, a.TotalNs, a.MaxNs, a.P99Ns), (b.Count, b.IdleCount, b.Timed, b.TotalNs, b.MaxNs, b.P99Ns));
        Assert.True(a.Bins.ToArray().SequenceEqual(b.Bins.ToArray()));
    }
}
