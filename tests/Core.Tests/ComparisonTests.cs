using CsCheck;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

using static Kvmscope.Core.Tests.ComparisonSample;

namespace Kvmscope.Core.Tests;

public sealed class ComparisonTests
{
    // Up to fifteen samples of some reasons of two VMs, including idle ones and other ISAs.
    private static readonly Gen<Interval> s_sample =
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 1], Gen.ULong[0, 40], Gen.ULong[1, 100_000]).Array[0, 6].Select(rows =>
        Sample.Of(Sample.Started, 1, [.. rows.Select(r => Sample.Row(
            r.Item1 == 4 ? Isa.Svm : Isa.Vmx,
            r.Item1 == 4 ? 0x72UL : new ulong[] { 10, 12, 32, 48 }[r.Item1],
            ExitLevel.L1,
            r.Item3,
            r.Item4,
            r.Item2 == 0 ? Sample.Web : Sample.Db, r.Item2))], new Accounting()));

    private static readonly Gen<ComparisonSide> s_side = s_sample.Array[0, 15].Select(samples => new ComparisonSide("side", samples));

    [Fact]
    public void A_recording_is_as_itself()
    {
        ComparisonSide side = new NoisyGuest(1) { Burst = 2, IsHeavyTailed = true }.Record("itself", 120);
        Comparison comparison = Compare(side, side);
        Assert.True(comparison.Tests > 20);
        Assert.Equal(0, Marks(comparison));
        Assert.All(comparison.Rows, row => Assert.Equal(0, row.Change));
        Assert.All(comparison.Rows, row => Assert.Equal(row.A, row.B));
    }

    [Fact]
    public void Any_recording_is_as_itself() => s_side.Sample(side =>
    {
        Comparison comparison = Compare(side, side, GroupBy.Vcpu | GroupBy.Reason);
        return Marks(comparison) == 0 && comparison.Rows.All(r => r.Change == 0 && r.A == r.B);
    });

    [Fact]
    public void The_other_way_round_the_same_changed() => Gen.Select(s_side, s_side).Sample((a, b) =>
    {
        Comparison there = Compare(a, b), back = Compare(b, a);
        return there.Rows.Count == back.Rows.Count && there.Rows.Zip(back.Rows).All(
            pair => pair.First.Keys.Code == pair.Second.Keys.Code && pair.First.Marks == pair.Second.Marks
                && pair.First.Change == -pair.Second.Change && pair.First.A == pair.Second.B);
    });

    [Fact]
    public void Rows_add_up() => Gen.Select(s_side, s_side).Sample((a, b) =>
    {
        foreach (GroupBy by in (GroupBy[])[GroupBy.Reason, GroupBy.Vm, GroupBy.Vcpu, GroupBy.Level, GroupBy.Qualifier])
        {
            Comparison comparison = Compare(a, b, by);
            double rate = comparison.Rows.Sum(r => r.B.Rate);
            double share = comparison.Rows.Sum(r => r.A.Share ?? 0), busy = comparison.Busy.A.Share ?? 0;
            if (Math.Abs(rate - comparison.Total.B.Rate) > 1e-6 || Math.Abs(share - busy) > 1e-6) return false;
        }
        return true;
    });

    [Fact]
    public void What_is_new_is_marked()
    {
        ComparisonRow row = Row(Upgrade, 49);
        Assert.Equal((0.0, (ulong?)null), (row.A.Rate, row.A.AverageNs));
        Assert.Equal(ChangedFigures.Rate | ChangedFigures.Share, row.Marks);
        Assert.True(Row(Upgrade, 10).Marks.HasFlag(ChangedFigures.Rate));
    }

    [Fact]
    public void Figures_are_those_of_the_whole_side()
    {
        ComparisonSide a = new("a", [Second(
            0, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 4, 1000), Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 1, 500_000_000)), Second(1)]);
        ComparisonSide b = new(
            "b", [Second(0, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 3, 2000, untimed: 1), Sample.Row(Isa.Vmx, 48, ExitLevel.L1, 1, 4000))]);
        Comparison comparison = Compare(a, b);
        Assert.Equal([48UL, 10, 12], comparison.Rows.Select(r => r.Keys.Code!.Value.Code));
        ComparisonRow row = Row(comparison, 10);
        Assert.Equal(new ComparisonFigures(2, 1, 1000, 999, 1000), row.A with { P50Ns = 999 });
        Assert.Equal((3.0, 0.5, 2000UL), (row.B.Rate, row.B.Share!.Value, row.B.AverageNs!.Value));
        Assert.Equal(2000, row.Change);
        Assert.Equal(-250_000_000, Row(comparison, 12).Change);
        Assert.Null(Row(comparison, 12).A.Share);
    }

    [Fact]
    public void Vms_are_matched_by_name()
    {
        VmIdentity web = new(7, 99, "web-1"), db = new(0, 98, "db");
        Comparison comparison = Compare(
            Side("a", 2, new(10, 5, 900) { Vm = Sample.Web }, new(10, 5, 900) { Vm = Sample.Db }),
            Side("b", 2, new(10, 5, 900) { Vm = web }, new(10, 9, 900) { Vm = db }), GroupBy.Vm);
        Assert.Equal(3, comparison.Rows.Count);
        ComparisonRow row = Assert.Single(comparison.Rows, r => r.Keys.Vm!.Name == "web-1");
        Assert.True(row.A.Rate > 0 && row.B.Rate > 0);
    }

    [Fact]
    public void Two_vms_can_be_taken_for_one()
    {
        var request = new ComparisonRequest { By = GroupBy.Vcpu, PairsVms = true };
        Comparison comparison = ComparisonBuilder.Build(
            Side("a", 2, new Load(10, 5, 900) { Vm = Sample.Web, Vcpu = 3 }),
            Side("b", 2, new Load(10, 5, 900) { Vm = Sample.Db, Vcpu = 3 }), request);
        ComparisonRow row = Assert.Single(comparison.Rows);
        Assert.Equal((null, 3), (row.Keys.Vm, row.Keys.Vcpu));
        Assert.DoesNotContain("VM", Text(comparison), StringComparison.Ordinal);
    }

    [Fact]
    public void Qualifiers_beyond_the_top_are_together()
    {
        Load[] ports = [.. Enumerable.Range(1, 9).Select(i => new Load(30, 10 * i, 1000) { Qualifier = Qualifier.Of((ulong)i) })];
        Comparison comparison = ComparisonBuilder.Build(
            Side("a", 3, ports), Side("b", 3, ports[..8]), new ComparisonRequest { By = GroupBy.Qualifier, Top = 2 });
        Assert.Equal(3, comparison.Rows.Count);
        Assert.Single(comparison.Rows, r => r.Keys.Qualifier == Qualifier.Other);
    }

    [Fact]
    public void What_is_left_out_is_said()
    {
        ComparisonSide side = Side("a", 2, new(10, 5, 900), new(12, 5, 900), new(32, 5, 900));
        Comparison comparison = ComparisonBuilder.Build(side, side, new ComparisonRequest { Most = 1 });
        Assert.Single(comparison.Rows);
        Assert.Contains("2 rows that changed less are not shown, 0 of them marked", comparison.Notes);
    }

    [Fact]
    public void A_side_may_be_empty()
    {
        Comparison comparison = Compare(new ComparisonSide("a", []), Side("b", 30, new Load(10, 5, 900)));
        Assert.Equal((0, 5.0), (comparison.Tests, Math.Round(Row(comparison, 10).B.Rate)));
        Assert.Contains("A has 0 and B 30", comparison.Notes[0], StringComparison.Ordinal);
        Assert.Contains("A has no exits", comparison.Notes);
    }

    [Theory]
    [InlineData(9, 60, "too few samples to tell a change from noise")]
    [InlineData(10, 10, null)]
    public void Too_few_samples_mark_nothing(int a, int b, string? note)
    {
        Comparison comparison = Compare(Side("a", a, new Load(10, 50, 900)), Side("b", b, new Load(10, 5, 900)));
        Assert.Equal(note is null, Row(comparison, 10).Marked);
        if (note is null) Assert.Empty(comparison.Notes);
        else Assert.StartsWith(
            note, Assert.Single(comparison.Notes, n => n.Contains("few", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_rows_for_few_samples_are_said()
    {
        Load[] many = [.. Enumerable.Range(0, 460).Select(i => new Load(30, 3, 1000) { Qualifier = Qualifier.Of((ulong)i) })];
        Comparison comparison =
            ComparisonBuilder.Build(Side("a", 10, many), Side("b", 10, many), new ComparisonRequest { By = GroupBy.Qualifier, Top = 1000 });
        Assert.Contains("too few samples for", comparison.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Losses_are_said_with_their_side()
    {
        Interval whole = Second(0, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 4, 1000));
        var lost = new Accounting { DroppedExits = 4, DroppedVcpus = 1, Open = 3 };
        Comparison comparison =
            Compare(new("a", [whole]), new("b", [whole with { Accounting = lost }, Second(1, [.. whole.Rows]) with { Accounting = lost }]));
        Assert.Contains("B: 8 exits were not counted: the tables were full", comparison.Notes);
        Assert.DoesNotContain(
            comparison.Notes, n => n.StartsWith("A:", StringComparison.Ordinal) || n.Contains("open", StringComparison.Ordinal));
        Assert.Contains("A is 1.00 s long and B 2.00 s: rare exits may be missing from the shorter one", comparison.Notes);
    }

    [Fact]
    public void Every_counter_of_trust_is_carried()
    {
        var all = new Accounting();
        foreach (var property in typeof(Accounting).GetProperties())
            if (property.PropertyType == typeof(ulong)) property.SetValue(all, 3UL);
        var twice = new Accounting();
        foreach (var property in typeof(Accounting).GetProperties())
            if (property.PropertyType == typeof(ulong)) property.SetValue(twice, 6UL);
        Interval sample = Second(0, Sample.Row(Isa.Vmx, 71, ExitLevel.L1, 2, 1)) with { Accounting = all, RestartedRows = 1 };
        Interval whole = Compare(new("a", [sample, sample]), new("b", [])).A.Sum;
        Assert.Equal(twice with { Open = 3, VcpuRoom = 3 }, whole.Accounting);
        Assert.Equal((4UL + 6, 2, 1.0), (whole.UnknownReasons, whole.RestartedRows, whole.Seconds));
    }

    [Fact]
    public void Another_instruction_set_has_other_reasons()
    {
        Comparison comparison = Compare(Side("a", 2, new Load(10, 5, 900)), Side("b", 2, new Load(0x72, 5, 900) { Isa = Isa.Svm }));
        Assert.Equal(2, comparison.Rows.Count);
        Assert.Contains(comparison.Notes, n => n.StartsWith("A's exits are of vmx, B's of svm", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 12, 10, "samples of A were tested in groups of 10")]
    [InlineData(1.5, 80, 1, "samples of A were tested in groups of 2")]
    [InlineData(1, 20, 1, null)]
    public void Samples_are_made_as_long_as_the_other_sides(double secondsA, int samplesB, double secondsB, string? note)
    {
        var random = new Random(1);
        Load load = new(10, 20, 900), more = new(10, 30, 900);
        Comparison comparison = Compare(Long("a", 120, secondsA, random, load), Long("b", samplesB, secondsB, random, more));
        Assert.True(Row(comparison, 10).Marks.HasFlag(ChangedFigures.Rate));
        Assert.Equal(note is not null, comparison.Notes.Any(n => n.StartsWith(note ?? "samples", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_sample_that_was_cut_short_is_no_sample()
    {
        Interval cut = Second(60, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 1, 900)).Lasting(0.05);
        ComparisonSide a = Side("a", 9, new Load(10, 50, 900));
        Comparison comparison = Compare(a with { Samples = [.. a.Samples, cut] }, Side("b", 60, new Load(10, 5, 900)));
        Assert.Equal(10, comparison.A.Samples);
        Assert.Equal(0, comparison.Tests);
        Assert.Contains("A has 9 and B 60", comparison.Notes[0], StringComparison.Ordinal);
    }

    // Quantiles of neighbouring bins may be the same duration.
    [Theory]
    [InlineData(1000, 1100, false)]
    [InlineData(1000, 1400, true)]
    public void A_quantile_has_to_leave_its_bin(ulong a, ulong b, bool marked)
    {
        Comparison comparison = Compare(Side("a", 30, new Load(10, 200, a)), Side("b", 30, new Load(10, 200, b)));
        Assert.Equal(marked, Row(comparison, 10).Marks.HasFlag(ChangedFigures.P50));
        Assert.True(Row(comparison, 10).Marks.HasFlag(ChangedFigures.Average));
    }

    [Theory]
    [InlineData(103, false)]
    [InlineData(120, true)]
    public void What_is_certain_but_small_is_not_marked(double rate, bool marked)
    {
        Comparison comparison =
            Compare(Side("a", 300, new(10, 100, 900), new(32, 50, 800)), Side("b", 300, new(10, rate, 900), new(32, 50, 800)));
        Assert.Equal(marked, Row(comparison, 10).Marks.HasFlag(ChangedFigures.Rate));
    }

    // Nearly all samples of B take longer, but A's average is larger because of one exit of a second: no figure shows both.
    [Fact]
    public void Ranks_and_figures_that_disagree_mark_nothing()
    {
        ComparisonSide a = Side("a", 30, new Load(10, 200, 1000)), b = Side("b", 30, new Load(10, 200, 1400));
        Row slow = Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 1, 1_000_000_000);
        ComparisonRow row = Row(Compare(a with { Samples = [.. a.Samples.Take(29), Second(29, [.. a.Samples[29].Rows, slow])] }, b), 10);
        Assert.True(row.A.AverageNs > row.B.AverageNs);
        Assert.Equal(ChangedFigures.P50, row.Marks & (ChangedFigures.P50 | ChangedFigures.Average));
    }

    private static Interval Second(int at, params Row[] rows) => Sample.Of(Sample.Started.AddSeconds(at), 1, rows, new Accounting());
}
