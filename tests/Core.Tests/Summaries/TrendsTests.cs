using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests.Summaries;

/// <summary>Rates of the last steps: read once, right from any place.</summary>
public sealed class TrendsTests
{
    private const long Second = 1_000_000_000;

    /// <summary>Intervals of about a second each.</summary>
    private sealed class Tape : IHistory
    {
        private readonly List<Interval> _intervals = [];

        internal int Reads { get; set; }

        /// <summary>How fine the last sum was asked for.</summary>
        internal (Grouping Grouping, ExitParts Parts) Asked { get; private set; }

        internal void Add(long lastsNs, params Row[] rows) => _intervals.Add(
            new Interval { FromNs = To, ToNs = To + lastsNs, Changes = rows, Vms = [Sample.Web, Sample.Db] });

        public long From => 0;

        public long To => _intervals.Count == 0 ? 0 : _intervals[^1].ToNs;

        public long StepNs => Second;

        public HistoryDetail DetailAt(long place) => new(Second, Grouping.Vcpu, ExitParts.All);

        public long EdgeBefore(long place) => _intervals.LastOrDefault(i => i.ToNs < place)?.ToNs ?? From;

        public long EdgeAfter(long place) => _intervals.Find(i => i.ToNs > place)?.ToNs ?? To;

        public Interval? Sum(long from, long to, Grouping grouping, ExitParts parts, Action? check = null)
        {
            Reads++;
            Asked = (grouping, parts);
            Interval[] meant = [.. _intervals.Where(i => (i.FromNs + i.ToNs) / 2 is var middle && middle > from && middle <= to)];
            if (meant.Length == 0) return null;
            var sum = new IntervalSum(grouping, parts);
            foreach (Interval interval in meant) sum.Add(interval);
            return sum.ToInterval();
        }

        public IReadOnlyList<SlowExit> Slow(long from, long to, int most, Func<bool>? goesOn = null) => [];

        public DateTimeOffset TimeAt(long place) => default;

        public long? PlaceOf(DateTimeOffset time) => null;
    }

    private static Row Exits(ulong count, VmIdentity vm, int vcpu = 0, ulong code = 0x72) =>
        Sample.Row(Isa.Svm, code, ExitLevel.L1, count, 1_000, vm, vcpu);

    private static GroupKey Of(VmIdentity vm) => GroupKey.OfVcpu(vm.Ordinal, GroupKey.None);

    private static readonly SummaryRequest s_byVm = new() { By = GroupBy.Vm };

    [Fact]
    public void Rates_are_of_each_step()
    {
        var tape = new Tape();
        tape.Add(Second, Exits(10, Sample.Web), Exits(5, Sample.Web, vcpu: 1), Exits(1, Sample.Db));
        tape.Add(2 * Second / 2, Exits(30, Sample.Web));
        var trends = new Trends(4);
        trends.Read(tape, tape.To, Second, s_byVm);
        Assert.Equal([double.NaN, double.NaN, 15, 30], trends.Of(Of(Sample.Web)));
        Assert.Equal([double.NaN, double.NaN, 1, 0], trends.Of(Of(Sample.Db)));
        // A VM that was not there made no exits.
        Assert.Equal([double.NaN, double.NaN, 0, 0], trends.Of(GroupKey.OfVcpu(7, GroupKey.None)));
        trends.Read(tape, tape.To, 2 * Second, s_byVm);
        Assert.Equal([double.NaN, double.NaN, double.NaN, 22.5], trends.Of(Of(Sample.Web)));
    }

    [Fact]
    public void A_scope_has_only_its_exits()
    {
        var tape = new Tape();
        tape.Add(Second, Exits(10, Sample.Web), Exits(5, Sample.Web, vcpu: 1), Exits(7, Sample.Web, code: 0x7b), Exits(1, Sample.Db));
        var trends = new Trends(1);
        GroupKey cpuid = new(GroupKey.None, GroupKey.None, new ExitCode(Isa.Svm, 0x72), default);
        trends.Read(tape, tape.To, Second, new SummaryRequest { By = GroupBy.Reason, Scope = new() { Vm = 0 } });
        Assert.Equal([15.0], trends.Of(cpuid));
        trends.Read(tape, tape.To, Second, new SummaryRequest { By = GroupBy.Reason, Scope = new() { Vm = 0, Vcpu = 1 } });
        Assert.Equal([5.0], trends.Of(cpuid));
        trends.Read(tape, tape.To, Second, new SummaryRequest { By = GroupBy.Vm, Scope = new() { Code = cpuid.Code } });
        Assert.Equal([15.0], trends.Of(Of(Sample.Web)));
    }

    [Fact]
    public void A_step_further_is_one_reading_and_the_same_place_is_none()
    {
        var tape = new Tape();
        for (int i = 0; i < 5; i++) tape.Add(Second, Exits((ulong)(10 * i), Sample.Web));
        var trends = new Trends(3);
        trends.Read(tape, tape.To, Second, s_byVm);
        Assert.Equal(3, tape.Reads);
        trends.Read(tape, tape.To, Second, s_byVm);
        Assert.Equal(3, tape.Reads);
        // An interval that is a little longer.
        tape.Add(Second + 7_000_000, Exits(1_007, Sample.Web));
        trends.Read(tape, tape.To, Second, s_byVm);
        Assert.Equal(4, tape.Reads);
        Assert.Equal([30, 40, 1_007 / 1.007], trends.Of(Of(Sample.Web)));
        // Two at once, and back by one.
        tape.Add(Second, Exits(60, Sample.Web));
        tape.Add(Second, Exits(70, Sample.Web));
        trends.Read(tape, tape.To, Second, s_byVm);
        Assert.Equal(6, tape.Reads);
        Assert.Equal([1_007 / 1.007, 60, 70], trends.Of(Of(Sample.Web)));
        trends.Read(tape, tape.EdgeBefore(tape.To), Second, s_byVm);
        Assert.Equal(7, tape.Reads);
        Assert.Equal([40, 1_007 / 1.007, 60], trends.Of(Of(Sample.Web)));
        // Far back, all is read.
        trends.Read(tape, 3 * Second, Second, s_byVm);
        Assert.Equal(10, tape.Reads);
        Assert.Equal([0, 10, 20], trends.Of(Of(Sample.Web)));
    }

    // Whatever way a place was reached, the rates there are those of one that was never elsewhere.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Any_way_leads_to_the_same_rates(int seed)
    {
        var random = new Random(seed);
        var tape = new Tape();
        var edges = new List<long>();
        for (int i = 0; i < 60; i++)
        {
            tape.Add(Second + random.Next(-3_000_000, 3_000_000), [.. Enumerable.Range(0, random.Next(4)).Select(_ =>
                Exits((ulong)random.Next(100), random.Next(2) == 0 ? Sample.Web : Sample.Db, random.Next(3)))]);
            edges.Add(tape.To);
        }
        Trends trends = new(8), helped = new(8);
        var last = new Summary();
        for (int i = 0; i < 300; i++)
        {
            long place = edges[random.Next(2) == 0 ? random.Next(edges.Count) : Math.Clamp(i % edges.Count, 0, edges.Count - 1)];
            trends.Read(tape, place, Second, s_byVm);
            var fresh = new Trends(8);
            fresh.Read(tape, place, Second, s_byVm);
            last.Read(tape.Sum(tape.EdgeBefore(place), place, Grouping.Vcpu, ExitParts.All)!, s_byVm);
            helped.Read(tape, place, Second, s_byVm, last);
            foreach (VmIdentity vm in new[] { Sample.Web, Sample.Db })
            {
                double[] rates = fresh.Of(Of(vm)).ToArray();
                Assert.Equal(rates, trends.Of(Of(vm)).ToArray());
                Assert.Equal(rates, helped.Of(Of(vm)).ToArray());
            }
        }
    }

    [Fact]
    public void A_step_that_was_summed_already_is_not_read_again()
    {
        var tape = new Tape();
        var trends = new Trends(3);
        var last = new Summary();
        for (int i = 1; i <= 5; i++)
        {
            tape.Add(Second, Exits((ulong)i, Sample.Web));
            last.Read(tape.Sum(tape.To - Second, tape.To, Grouping.Vcpu, ExitParts.All)!, s_byVm);
            trends.Read(tape, tape.To, Second, s_byVm, last);
        }
        // Five for the summaries, and the two steps before the first one.
        Assert.Equal(7, tape.Reads);
        Assert.Equal([3, 4, 5], trends.Of(Of(Sample.Web)));
    }

    // A coarser sum of a long time is cheaper; the newest interval is there as it is.
    [Theory]
    [InlineData(1, GroupBy.Reason, "", Grouping.Vcpu, ExitParts.All)]
    [InlineData(2, GroupBy.Reason, "", Grouping.Host, ExitParts.None)]
    [InlineData(2, GroupBy.Reason, "vm", Grouping.Vm, ExitParts.None)]
    [InlineData(2, GroupBy.Reason, "vcpu", Grouping.Vcpu, ExitParts.None)]
    [InlineData(2, GroupBy.Vm, "", Grouping.Vm, ExitParts.None)]
    [InlineData(2, GroupBy.Vm, "vcpu", Grouping.Vcpu, ExitParts.None)]
    [InlineData(2, GroupBy.Vcpu, "vm", Grouping.Vcpu, ExitParts.None)]
    [InlineData(2, GroupBy.Qualifier, "", Grouping.Host, ExitParts.Qualifier)]
    [InlineData(2, GroupBy.Rip, "", Grouping.Host, ExitParts.Rip)]
    [InlineData(2, GroupBy.Rip, "qualifier", Grouping.Host, ExitParts.Rip | ExitParts.Qualifier)]
    [InlineData(2, GroupBy.Reason, "qualifier", Grouping.Host, ExitParts.Qualifier)]
    public void A_step_is_read_no_finer_than_its_groups(int seconds, GroupBy by, string scope, Grouping grouping, ExitParts parts)
    {
        var tape = new Tape();
        for (int i = 0; i < 4; i++) tape.Add(Second, Exits(10, Sample.Web));
        var trends = new Trends(1);
        trends.Read(tape, tape.To, seconds * Second, new SummaryRequest
        {
            By = by,
            Scope = scope switch
            {
                "vm" => new() { Vm = 0 },
                "vcpu" => new() { Vm = 0, Vcpu = 0 },
                "qualifier" => new() { Code = new ExitCode(Isa.Svm, 0x72), Qualifier = Qualifier.None },
                _ => default,
            },
        });
        Assert.Equal((grouping, parts), tape.Asked);
    }

    [Fact]
    public void An_interval_that_is_not_the_newest_is_read_as_its_groups_are()
    {
        var tape = new Tape();
        tape.Add(Second, Exits(10, Sample.Web));
        tape.Add(Second, Exits(20, Sample.Web));
        var trends = new Trends(1);
        trends.Read(tape, Second, Second, s_byVm);
        Assert.Equal((Grouping.Vm, ExitParts.None), tape.Asked);
        Assert.Equal([10.0], trends.Of(Of(Sample.Web)));
    }

    [Fact]
    public void The_last_step_grows_until_there_is_another()
    {
        var tape = new Tape();
        for (ulong i = 1; i <= 8; i++) tape.Add(Second / 4, Exits(i, Sample.Web));
        var trends = new Trends(2);
        trends.Read(tape, tape.To, Second, s_byVm);
        Assert.Equal([10, 26], trends.Of(Of(Sample.Web)));
        tape.Add(Second / 4, Exits(100, Sample.Web));
        trends.Read(tape, tape.To, Second, s_byVm);
        Assert.Equal([10, 126 / 1.25], trends.Of(Of(Sample.Web)));
    }

    [Fact]
    public void A_step_without_time_has_no_rate()
    {
        var tape = new Tape();
        tape.Add(0, Exits(10, Sample.Web));
        var trends = new Trends(1);
        trends.Read(tape, tape.To, Second, s_byVm);
        Assert.Equal([double.NaN], trends.Of(Of(Sample.Web)));
    }

    [Fact]
    public void VMs_that_come_and_go_leave_nothing()
    {
        var tape = new Tape();
        Trends trends = new(5), reasons = new(5);
        var stays = new VmIdentity(4_000, 4_000, "stays");
        for (int i = 0; i < 3_000; i++)
        {
            tape.Add(Second, Exits(1, new VmIdentity(i, i, "vm")), Exits(7, stays));
            trends.Read(tape, tape.To, Second, s_byVm);
            reasons.Read(tape, tape.To, Second, new SummaryRequest { By = GroupBy.Reason });
            Assert.InRange(trends.Groups, 2, 11);
            Assert.InRange(reasons.Rows, 1, 1_100);
            if (i >= 5) Assert.Equal([7, 7, 7, 7, 7], trends.Of(Of(stays)));
        }
        Assert.Equal([0, 0, 0, 0, 1], trends.Of(GroupKey.OfVcpu(2_999, GroupKey.None)));
        Assert.Equal([8, 8, 8, 8, 8], reasons.Of(new(GroupKey.None, GroupKey.None, new ExitCode(Isa.Svm, 0x72), default)));
    }
}
