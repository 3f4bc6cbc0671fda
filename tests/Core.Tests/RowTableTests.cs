using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

public sealed class RowTableTests
{
    private static readonly Gen<Row> s_rows = Gen.Select(
        Gen.Int[1, 3], Gen.Int[0, 3], Gen.ULong[0, 3], Gen.Bool, Gen.ULong[0, 2], Gen.ULong[0, 1UL << 36].Array[0, 20], Gen.ULong[0, 5],
        (vm, vcpu, code, isL2, qualifier, durations, untimed) =>
            Make(new GroupKey(vm, vcpu, new ExitCode(Isa.Vmx, code), isL2 ? ExitLevel.L2 : ExitLevel.L1, Qualifier.Of(qualifier),
                qualifier == 0 ? null : new Place(Qualifier.Of(qualifier << 12), Qualifier.Other)), durations, untimed));

    private static Row Make(GroupKey key, ulong[] durations, ulong untimed)
    {
        var row = new Row(key) { Count = (ulong)durations.Length + untimed, Timed = (ulong)durations.Length };
        foreach (ulong ns in durations)
        {
            row.TotalNs += ns;
            row.MaxNs = Math.Max(row.MaxNs, ns);
            row.Bins.Add(HistogramLayout.BinOf(ns), 1);
        }
        return row;
    }

    private static string Text(IEnumerable<Row> rows, Func<GroupKey, GroupKey> key) => string.Join('\n', rows
        .GroupBy(row => key(row.Key))
        .Select(group =>
            $"{group.Key}: {Total(group, r => r.Count)} {Total(group, r => r.Timed)} {Total(group, r => r.TotalNs)} " +
            $"{group.Max(r => r.MaxNs)} "
            + string.Join(',', Enumerable.Range(0, HistogramLayout.BinCount).Select(bin => Total(group, r => r.Bins[bin]))))
        .Order(StringComparer.Ordinal));

    private static ulong Total(IEnumerable<Row> rows, Func<Row, ulong> of) => rows.Aggregate(0UL, (sum, row) => sum + of(row));

    [Fact]
    public void Every_grouping_has_the_sums_of_what_was_added() => s_rows.Array[0, 30].Sample(rows =>
    {
        foreach (Grouping grouping in Enum.GetValues<Grouping>())
            foreach (ExitParts parts in (ExitParts[])[ExitParts.All, ExitParts.Qualifier, ExitParts.Rip, ExitParts.None])
            {
                var table = new RowTable(grouping, parts);
                foreach (Row row in rows) table.Add(row);
                Assert.Equal(Text(rows, KeyOf), Text(table.Rows, key => key));
                Assert.Equal(table.Rows.Count, table.Rows.Select(r => r.Key).Distinct().Count());

                GroupKey KeyOf(GroupKey key) => new(
                    grouping >= Grouping.Vm ? key.Vm : -1,
                    grouping == Grouping.Vcpu ? key.Vcpu : -1,
                    key.Code,
                    key.Level,
                    parts.HasFlag(ExitParts.Qualifier) ? key.Qualifier : default,
                    parts switch
                    {
                        ExitParts.All => key.Place,
                        ExitParts.Rip when key.Place is { } place => new Place(default, place.Rip),
                        _ => null,
                    });
            }
    }, iter: 60);

    [Fact]
    public void Rows_that_come_again_are_found_in_any_order() => Gen.Select(
        s_rows.Array[1, 10], Gen.Int[0, 9].Array[0, 40]).Sample((rows, order) =>
    {
        var table = new RowTable(Grouping.Vcpu);
        foreach (Row row in rows) table.Add(row);
        table.Clear();
        Assert.Empty(table.Rows);
        Assert.Null(table.Find(rows[0].Key));
        Row[] all = [.. rows, .. rows, .. order.Select(at => rows[at % rows.Length])];
        foreach (Row row in all) table.Add(row);
        Assert.Equal(Text(all, key => key), Text(table.Rows, key => key));
        Assert.Equal(rows.Select(row => row.Key).Distinct(), table.Rows.Select(row => row.Key));
        foreach (Row row in table.Rows) Assert.Same(row, table.Find(row.Key));
    });

    [Fact]
    public void A_difference_is_what_was_added_meanwhile() => Gen.Select(s_rows, s_rows, s_rows).Sample((before, more, to) =>
    {
        var now = new Row(before.Key);
        now.Add(before);
        now.Add(more);
        now.MaxNs = more.MaxNs;
        var sum = new Row(to.Key);
        sum.Add(to);
        Assert.True(sum.AddDifference(now, before));
        to.Add(more);
        Assert.Equal(Text([to], key => key), Text([sum], key => key));
    });

    [Fact]
    public void Counters_that_ran_backwards_began_again() => Gen.Select(s_rows, s_rows, Gen.Int[0, 3]).Sample((row, now, which) =>
    {
        now.Count++;
        now.Timed++;
        now.TotalNs += 77;
        now.Bins.Add(HistogramLayout.BinOf(77), 1);
        var before = new Row(row.Key);
        before.Add(now);
        if (which == 0) before.Count++;
        else if (which == 1) before.Timed++;
        else if (which == 2) before.TotalNs++;
        else before.Bins.Add(HistogramLayout.BinCount - 1, 1);
        var sum = new Row(row.Key);
        sum.Add(row);
        Assert.False(sum.AddDifference(now, before));
        row.Add(now);
        Assert.Equal(Text([row], key => key), Text([sum], key => key));
    });
}
