using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

public sealed class RowTableTests
{
    private static readonly Gen<SnapshotRow> s_rows = Gen.Select(
        Gen.Int[1, 3], Gen.Int[0, 3], Gen.ULong[0, 3], Gen.Bool, Gen.ULong[0, 1UL << 36].Array[0, 20], Gen.ULong[0, 5],
        (vm, vcpu, code, isL2, durations, untimed) => Row(new VmIdentity(vm, 100 + vm, $"vm{vm}"), vcpu, code, isL2 ? ExitLevel.L2 : ExitLevel.L1, durations, untimed));

    private static SnapshotRow Row(VmIdentity vm, int vcpu, ulong code, ExitLevel level, ulong[] durations, ulong untimed)
    {
        SnapshotRow row = new() { Vm = vm, Vcpu = vcpu, Code = new ExitCode(Isa.Vmx, code), Level = level, Count = (ulong)durations.Length + untimed, Timed = (ulong)durations.Length };
        foreach (ulong ns in durations)
        {
            row.TotalNs += ns;
            row.MaxNs = Math.Max(row.MaxNs, ns);
            row.Bins[HistogramLayout.BinOf(ns)]++;
        }
        return row;
    }

    private static RowTable Sum(IEnumerable<SnapshotRow> rows, Grouping grouping)
    {
        RowTable table = new(grouping);
        foreach (SnapshotRow row in rows) RowTable.Add(table.RowOf(row.Vm!, row.Vcpu!.Value, row.Code, row.Level), row);
        return table;
    }

    private static string Text(IEnumerable<SnapshotRow> rows, Func<SnapshotRow, object?> key) => string.Join('\n', rows
        .GroupBy(row => (key(row), row.Code, row.Level))
        .Select(group => $"{group.Key}: {Total(group, r => r.Count)} {Total(group, r => r.Timed)} {Total(group, r => r.TotalNs)} {group.Max(r => r.MaxNs)} "
            + string.Join(',', Enumerable.Range(0, HistogramLayout.BinCount).Select(bin => Total(group, r => r.Bins[bin]))))
        .Order(StringComparer.Ordinal));

    private static ulong Total(IEnumerable<SnapshotRow> rows, Func<SnapshotRow, ulong> of) => rows.Aggregate(0UL, (sum, row) => sum + of(row));

    [Fact]
    public void Every_grouping_has_the_sums_of_what_was_added() => s_rows.Array[0, 30].Sample(rows =>
    {
        foreach (Grouping grouping in Enum.GetValues<Grouping>())
        {
            IReadOnlyCollection<SnapshotRow> sums = Sum(rows, grouping).Rows;
            Assert.Equal(Text(rows, _ => null), Text(sums, _ => null));
            if (grouping >= Grouping.Vm) Assert.Equal(Text(rows, r => r.Vm!.Ordinal), Text(sums, r => r.Vm!.Ordinal));
            if (grouping == Grouping.Vcpu) Assert.Equal(Text(rows, r => (r.Vm!.Ordinal, r.Vcpu)), Text(sums, r => (r.Vm!.Ordinal, r.Vcpu)));
            Assert.All(sums, r => Assert.Equal((grouping >= Grouping.Vm, grouping >= Grouping.Vcpu), (r.Vm is not null, r.Vcpu is not null)));
            Assert.Equal(sums.Count, sums.Select(r => (r.Vm?.Ordinal, r.Vcpu, r.Code, r.Level)).Distinct().Count());
        }
    }, iter: 60);

    [Fact]
    public void What_was_retired_counts_for_ever_and_its_maximum_once() => s_rows.Array[1, 20].Sample(rows =>
    {
        Retired retired = new(Grouping.Vm);
        foreach (SnapshotRow row in rows) RowTable.Add(retired.Rows.RowOf(row.Vm!, row.Vcpu!.Value, row.Code, row.Level), row);
        string[] taken = [Take(retired), Take(retired)];
        Assert.Equal(Text(rows, r => r.Vm!.Ordinal), taken[0]);
        foreach (SnapshotRow row in rows) row.MaxNs = 0;
        Assert.Equal(Text(rows, r => r.Vm!.Ordinal), taken[1]);
    }, iter: 60);

    // Added as they come: what was taken loses its maximum at the next step.
    private static string Take(Retired retired)
    {
        RowTable sums = new(Grouping.Vm);
        foreach (SnapshotRow row in retired.Take()) RowTable.Add(sums.RowOf(row.Vm!, row.Vcpu ?? 0, row.Code, row.Level), row);
        return Text(sums.Rows, r => r.Vm!.Ordinal);
    }

    [Fact]
    public void What_slots_lost_is_summed_and_carried_by_the_snapshot()
    {
        kvmscope_slot slot = new() { unpaired_exits = 1, unpaired_entries = 2, lost_events = 3, dropped_cells = 4, dropped_exits = 5, open = kvmscope_open.KVMSCOPE_FIRST_CELL };
        kvmscope_slot running = new() { dropped_exits = 10, open = kvmscope_open.KVMSCOPE_OPEN_DROPPED };
        TrustSums sums = default;
        sums.Add(ref slot);
        sums.Add(ref running);
        SnapshotRow unread = new() { Code = new ExitCode(Isa.None, ulong.MaxValue), Level = ExitLevel.L1, Count = 7, Timed = 6 };
        SnapshotRow known = new() { Code = new ExitCode(Isa.Svm, 1), Level = ExitLevel.L1, Count = 20, Timed = 19 };
        Assert.Equal(
            new Accounting
            {
                Exits = 27,
                Entries = 27,
                UnpairedExits = 1,
                UnpairedEntries = 2,
                Open = 1,
                LostEvents = 3,
                DroppedCells = 4,
                DroppedVcpus = 100,
                DroppedExits = 215,
                UnreadReasons = 7,
            },
            sums.ToTrust([unread, known], new kvmscope_losses { dropped_vcpus = 100, dropped_exits = 200 }));
    }
}
