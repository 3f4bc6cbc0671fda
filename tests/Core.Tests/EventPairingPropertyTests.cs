using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Tests;

/// <summary>What holds for any sequence of exits and entries, lost ones included.</summary>
public sealed class EventPairingPropertyTests
{
    private static readonly ExitCode s_hlt = new(Isa.Vmx, 12), s_msr = new(Isa.Vmx, 32), s_cpuid = new(Isa.Vmx, 10);

    private static EventPoint At(long ns) => new(ns);

    private enum Kind
    {
        Exit,
        Entry,
        Qualifier,
        Level,
        Lose,
        LoseAll,
        Read,
    }

    private readonly record struct Event(Kind Kind, int Vcpu, long Ns, ExitCode Code, ExitLevel Level);

    private static Kind KindOf(int drawn) => drawn switch
    {
        < 40 => Kind.Exit,
        < 80 => Kind.Entry,
        < 86 => Kind.Qualifier,
        < 92 => Kind.Level,
        < 95 => Kind.Lose,
        95 => Kind.LoseAll,
        _ => Kind.Read,
    };

    private static readonly Gen<Event[]> s_events =
        Gen.Select(Gen.Int[0, 99], Gen.Int[0, 2], Gen.Int[-20, 3_000], Gen.Int[0, 2], Gen.Bool).Array[0, 200].Select(drawn =>
        {
            long ns = 0;
            return drawn.Select(d => new Event(
                KindOf(d.Item1), d.Item2, ns += d.Item3, d.Item4 switch { 0 => s_hlt, 1 => s_msr, _ => s_cpuid },
                d.Item5 ? ExitLevel.L2 : ExitLevel.L1)).ToArray();
        });

    private static Interval Pair(Event[] events, TraceOptions options, bool hasLateLevels, bool readsBetween)
    {
        EventPairing pairing = new(options, Sample.Started, 0, hasLateLevels);
        foreach ((VmIdentity vm, int id) in new[] { (Sample.Web, 0), (Sample.Web, 1), (Sample.Db, 0) }) pairing.Add(vm, id);
        IntervalSum sum = new(Grouping.Vcpu);
        OpenExits[] open = [];
        void Read(long ns)
        {
            Interval interval = pairing.Read(ns);
            // What was open is open or has ended, under the key that it had unless its level is known by now.
            if (!hasLateLevels) Assert.Equal(open.OrderBy(o => o.ToString()), interval.OpenBefore.OrderBy(o => o.ToString()));
            open = [.. interval.OpenAfter];
            sum.Add(interval);
        }
        foreach (Event e in events)
            switch (e.Kind)
            {
                case Kind.Exit: pairing.Exit(e.Vcpu, At(e.Ns), e.Code, e.Level); break;
                case Kind.Entry: pairing.Entry(e.Vcpu, At(e.Ns), e.Level); break;
                case Kind.Qualifier: pairing.SetQualifier(e.Vcpu, e.Code.Code); break;
                case Kind.Level when hasLateLevels: pairing.SetLevel(e.Vcpu, e.Level); break;
                case Kind.Lose: pairing.Lose(e.Vcpu); break;
                case Kind.LoseAll: pairing.LoseAll(); break;
                case Kind.Read when readsBetween: Read(e.Ns); break;
                default: break;
            }
        Read(1_000_000);
        return sum.ToInterval();
    }

    private static string[] Told(Interval interval) =>
    [
        .. interval.Rows.Select(r => $"{r.Key} {Figures(r)} of {r.Count}; {Figures(r.Rounds)}").Order(),
        .. interval.OpenBefore.Concat(interval.OpenAfter).Select(o => o.ToString()).Order(),
        interval.Accounting.ToString(), string.Join(',', interval.Vms), $"{interval.From}-{interval.To}",
    ];

    private static string Figures(ReflectedRounds? r) =>
        r is null ? "" : $"{Figures((Durations)r)} of {r.Reflected} {r.L1Exits} {r.HandlingNs}";

    private static string Figures(Durations d) =>
        $"{d.Timed} {d.TotalNs} {d.MaxNs} {d.Bins.Low}: {string.Join(',', d.Bins.Counts.ToArray())}";

    [Fact]
    public void Intervals_add_up_to_the_same_however_time_is_divided() =>
        Gen.Select(s_events, Gen.Bool, Gen.Bool, Gen.Bool).Sample((events, qualifiers, nested, late) =>
        {
            TraceOptions options = new() { WantQualifiers = qualifiers, WantNested = nested };
            Assert.Equal(Told(Pair(events, options, late, readsBetween: false)), Told(Pair(events, options, late, readsBetween: true)));
        }, iter: 2_000);

    // Looks from each exit to the event after it, and from each entry to the one before it, where the code keeps a state.
    [Fact]
    public void Counts_and_times_are_what_looking_at_neighbours_gives() => s_events.Sample(events =>
    {
        Interval interval = Pair(events, new TraceOptions(), hasLateLevels: false, readsBetween: false);
        List<(ExitCode Code, ExitLevel Level)> exits = [];
        List<(ExitCode Code, ExitLevel Level, ulong Ns)> times = [];
        ulong unpairedExits = 0, unpairedEntries = 0, cut = 0, open = 0;
        for (int vcpu = 0; vcpu < 3; vcpu++)
        {
            Event[] own = [.. events.Where(e =>
                e.Kind == Kind.LoseAll || (e.Vcpu == vcpu && e.Kind is Kind.Exit or Kind.Entry or Kind.Lose))];
            for (int i = 0; i < own.Length; i++)
            {
                Event e = own[i];
                bool hasBegun = own[..i].Any(before => before.Kind == Kind.Exit);
                if (hasBegun && e.Kind == Kind.Entry && own[i - 1].Kind == Kind.Entry) unpairedEntries++;
                if (e.Kind != Kind.Exit) continue;
                exits.Add((e.Code, e.Level));
                if (i + 1 == own.Length) open++;
                else if (own[i + 1].Kind == Kind.Exit) unpairedExits++;
                else if (own[i + 1].Kind == Kind.Entry) times.Add((e.Code, e.Level, (ulong)Math.Max(0, own[i + 1].Ns - e.Ns)));
                else cut++;
            }
        }
        Assert.Equal(
            exits.CountBy(e => e).Select(e => (e.Key, (ulong)e.Value)).OrderBy(e => e.ToString()),
            interval.Rows.GroupBy(r => (r.Key.Code, r.Key.Level))
                .Select(g => (g.Key, g.Aggregate(0UL, (sum, r) => sum + r.Count))).OrderBy(g => g.ToString()));
        foreach (IGrouping<(ExitCode Code, ExitLevel Level), Row> group in interval.Rows.GroupBy(r => (r.Key.Code, r.Key.Level)))
        {
            ulong[] expected = [.. times.Where(t => (t.Code, t.Level) == group.Key).Select(t => t.Ns)];
            Tally sum = new();
            foreach (Row row in group) sum.Add(row);
            Assert.Equal(
                ((ulong)expected.Length, expected.Aggregate(0UL, (s, ns) => s + ns), expected.DefaultIfEmpty().Max()),
                (sum.Timed, sum.TotalNs, sum.MaxNs));
            foreach (IGrouping<int, ulong> bin in expected.GroupBy(HistogramLayout.BinOf))
                Assert.Equal((ulong)bin.Count(), sum.Bins[bin.Key]);
        }
        Assert.Equal(
            new Accounting
            {
                Exits = (ulong)exits.Count,
                Entries = (ulong)times.Count + unpairedEntries,
                UnpairedExits = unpairedExits,
                UnpairedEntries = unpairedEntries,
                CutExits = cut,
                Open = open,
            }, interval.Accounting);
    }, iter: 2_000);
}
