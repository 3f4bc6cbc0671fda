using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

public sealed class DeltaTests
{
    [Fact]
    public void The_first_interval_begins_with_the_trace()
    {
        Interval interval = At(12_500_000_000, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 5, 100)).Since(null, Sample.Started, 10_000_000_000);
        Assert.Equal(2.5, interval.Seconds);
        Assert.Equal(Sample.Started, interval.From);
        Assert.Equal(5UL, Assert.Single(interval.Rows).Count);
    }

    [Fact]
    public void Counters_are_subtracted_and_what_did_not_move_is_left_out()
    {
        Snapshot before = At(1_000_000_000, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 5, 100), Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 7, 100));
        Snapshot now = At(
            2_000_000_000, Sample.Spread(Isa.Vmx, 10, ExitLevel.L1, (5, 100), (3, 900)), Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 7, 100),
            Sample.Row(Isa.Vmx, 10, ExitLevel.L2, 1, 50), Sample.Row(Isa.Vmx, 30, ExitLevel.L1, 0, 0));
        Interval interval = now.Since(before, Sample.Started);
        Assert.Equal(1, interval.Seconds);
        Assert.Equal(2, interval.Rows.Count);
        Row row = interval.Rows[0];
        Assert.Equal((3UL, 3UL, 2700UL, 900UL), (row.Count, row.Timed, row.TotalNs, row.MaxNs));
        Assert.Equal(3UL, row.Bins[HistogramLayout.BinOf(900)]);
        Assert.Equal(3UL, row.Bins.Count);
        Assert.Equal(ExitLevel.L2, interval.Rows[1].Key.Level);
        Assert.Equal(0, interval.RestartedRows);
        // The snapshots did not change.
        Assert.Equal(8UL, now.Rows[0].Count);
    }

    [Fact]
    public void An_exit_that_ended_in_this_interval_but_began_before_is_kept()
    {
        Snapshot before = At(1, Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 1, 0, untimed: 1));
        Snapshot now = At(2, Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 1, 800));
        Row row = Assert.Single(now.Since(before, Sample.Started).Rows);
        Assert.Equal((0UL, 1UL), (row.Count, row.Timed));
    }

    [Fact]
    public void A_counter_that_ran_backwards_began_again()
    {
        Interval interval = At(5, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 2, 700))
            .Since(At(9, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 5, 100)), Sample.Started);
        Assert.Equal((2UL, 1400UL), (interval.Rows[0].Count, interval.Rows[0].TotalNs));
        Assert.Equal(1, interval.RestartedRows);
        Assert.Equal(0, interval.Seconds);
    }

    [Fact]
    public void Groups_are_not_mixed()
    {
        Snapshot before = At(
            1, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 5, 100, Sample.Web, 0), Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 50, 100, Sample.Db, 0));
        Snapshot now = At(
            2, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 51, 100, Sample.Db, 0), Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 7, 100, Sample.Web, 0));
        Assert.Equal([1UL, 2UL], now.Since(before, Sample.Started).Rows.Select(r => r.Count));
    }

    [Fact]
    public void Trust_is_subtracted_but_for_what_is_open()
    {
        Snapshot before = At(1) with { Accounting = new Accounting { Exits = 10, Entries = 8, Open = 2, UnpairedExits = 9 } };
        Snapshot now = At(2) with { Accounting = new Accounting { Exits = 15, Entries = 12, Open = 1, UnpairedExits = 3 } };
        Accounting accounting = now.Since(before, Sample.Started).Accounting;
        Assert.Equal(new Accounting { Exits = 5, Entries = 4, Open = 1, UnpairedExits = 3 }, accounting);
    }

    [Fact]
    public void Every_counter_of_trust_is_carried()
    {
        // A counter that is added to Accounting and forgotten here would always be 0.
        var all = new Accounting();
        foreach (var property in typeof(Accounting).GetProperties())
            if (property.PropertyType == typeof(ulong)) property.SetValue(all, 3UL);
        Accounting accounting =
            (At(2) with { Accounting = all })
                .Since(At(1) with { Accounting = all with { Open = 9, VcpuRoom = 0 } }, Sample.Started).Accounting;
        Assert.Equal(new Accounting { Open = 3, VcpuRoom = 3 }, accounting);
        Assert.Equal(all, (At(2) with { Accounting = all }).Since(At(1), Sample.Started).Accounting);
    }

    [Fact]
    public void Unknown_reasons_are_counted_from_the_rows()
    {
        Snapshot now = At(
            2, Sample.Row(Isa.Vmx, 71, ExitLevel.L1, 4, 1), Sample.Row(Isa.Svm, 0x8f1, ExitLevel.L2, 3, 1),
            Sample.Row(Isa.None, 0, ExitLevel.L1, 2, 1),
            Sample.Row(Isa.Vmx, 0x80000021, ExitLevel.L1, 1, 1)) with
        { Accounting = new Accounting { UnreadReasons = 2 } };
        Assert.Equal(9UL, now.Since(null, Sample.Started).UnknownReasons);
    }

    [Fact]
    public void Intervals_add_up_to_the_whole() => Gen.ULong[0, 1000].Array[4].Array[2, 6].Sample(steps =>
    {
        Snapshot? before = null;
        ulong[] sums = new ulong[4], state = new ulong[4];
        for (int i = 0; i < steps.Length; i++)
        {
            for (int r = 0; r < 4; r++) state[r] += steps[i][r];
            Snapshot now = At(i, [.. state.Select((n, r) => Sample.Row(Isa.Vmx, (ulong)r, ExitLevel.L1, n, 100))]);
            foreach (Row row in now.Since(before, Sample.Started).Rows) sums[row.Key.Code.Code] += row.Count;
            before = now;
        }
        return sums.SequenceEqual(state);
    });

    [Fact]
    public void Time_of_an_exit_whose_qualifier_is_known_at_its_end_is_counted_once()
    {
        // Open for two intervals without a qualifier; then all of its time belongs to the qualifier.
        Snapshot[] snapshots =
        [
            At(0, Open(300, 0)), At(1, Open(600, 0)), At(2, Ended(605, 0)), At(3, Ended(605, 0), Open(100, 50)), At(4, Ended(705, 55)),
        ];
        var sum = new Interval[snapshots.Length];
        for (int i = 0; i < snapshots.Length; i++) sum[i] = snapshots[i].Since(i == 0 ? null : snapshots[i - 1], Sample.Started);
        Assert.Equal([300UL, 300UL, 5UL, 150UL, 5UL], sum.Select(a => a.Rows.Aggregate(0UL, (ns, row) => ns + row.Parts!.Value.Sum)));
        Assert.Equal([0UL, 0UL, 1UL, 0UL, 1UL], sum.Select(a => a.Rows.Aggregate(0UL, (n, row) => n + row.Count)));
        Assert.Equal(760UL, snapshots[^1].Since(null, Sample.Started).Rows.Single().Parts!.Value.Sum);
        Assert.Equal(460UL, snapshots[^1].Since(snapshots[0], Sample.Started).Rows.Single().Parts!.Value.Sum);
        // Sums of recorded intervals say the same.
        for (int first = 1; first < snapshots.Length; first++)
        {
            var stretch = new IntervalSum(Grouping.Host);
            for (int i = first; i < snapshots.Length; i++)
                stretch.Add(snapshots[i].Since(snapshots[i - 1], Sample.Started, i - 1) with { First = i });
            ulong whole =
                snapshots[^1].Since(snapshots[first - 1], Sample.Started).Rows.Aggregate(0UL, (ns, row) => ns + row.Parts!.Value.Sum);
            Assert.Equal(whole, stretch.ToInterval().Rows.Aggregate(0UL, (ns, row) => ns + row.Parts!.Value.Sum));
        }

        static Row Open(ulong kvm, ulong vmm) => new Row(Keys.Of(new ExitCode(Isa.Vmx, 30), ExitLevel.L1)) { Parts = Parts(kvm, vmm) };
        static Row Ended(ulong kvm, ulong vmm) => new Row(Keys.Of(new ExitCode(Isa.Vmx, 30), ExitLevel.L1, qualifier: Qualifier.Of(0x3f8)))
        { Count = kvm > 605 ? 2UL : 1, Parts = Parts(kvm, vmm) };
    }

    [Fact]
    public void Rows_of_a_reason_are_settled_together() =>
        Gen.Select(Gen.Long[-1000, 1000].Array[TimeParts.Count].Array[1, 5], Gen.Bool).Sample((parts, apart) =>
    {
        Row[] rows = [.. parts.Select((p, i) =>
            new Row(Keys.Of(new ExitCode(Isa.Vmx, apart ? (ulong)i : 30), ExitLevel.L1, qualifier: Qualifier.Of((ulong)i)))
            { Parts = Of(p) })];
        foreach (var group in PartsSettlement.Settle(rows).Zip(parts).GroupBy(r => r.First.Key.Code))
        {
            long expected = Math.Max(0, group.Sum(r => r.Second.Sum()));
            Assert.Equal(expected, group.Sum(r => (long)r.First.Parts!.Value.Sum));
            Assert.All(group, r =>
                Assert.All(Enumerable.Range(0, TimeParts.Count), i => Assert.InRange((long)r.First.Parts!.Value[(TimePart)i], 0, 5000)));
        }

        static TimeParts Of(long[] values)
        {
            TimeParts parts = default;
            for (int i = 0; i < values.Length; i++) parts[(TimePart)i] = (ulong)values[i];
            return parts;
        }
    });

    [Fact]
    public void A_wall_clock_that_turned_out_shorter_adds_nothing()
    {
        Snapshot before = At(1) with { Times = [new VcpuTime(Keys.Of(Sample.Web, 0), 600, Parts(0, 0))] };
        Snapshot now = At(2) with { Times = [new VcpuTime(Keys.Of(Sample.Web, 0), 500, Parts(0, 0))] };
        Assert.Empty(now.Since(before, Sample.Started).Times);
        var sum = new IntervalSum(Grouping.Vcpu);
        sum.Add(before.Since(null, Sample.Started, 0) with { First = 0 });
        sum.Add(now.Since(before, Sample.Started, 1) with { First = 1 });
        Assert.Equal(500UL, Assert.Single(sum.ToInterval().Times).WallNs);
    }

    private static TimeParts Parts(ulong kvm, ulong vmm)
    {
        TimeParts parts = default;
        (parts[TimePart.Kvm], parts[TimePart.Vmm]) = (kvm, vmm);
        return parts;
    }

    private static Snapshot At(long ns, params Row[] rows) => new(Sample.Started, ns, rows, new Accounting());
}
