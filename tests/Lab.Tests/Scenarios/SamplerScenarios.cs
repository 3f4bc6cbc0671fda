using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>One trace, one reader, several sinks: each has the same exits.</summary>
internal static class SamplerScenarios
{
    // Long enough for several of the shorter steps.
    private const string Work = "vcpus=2 cpuid=20011 out=1009 hlt=503";

    internal static IEnumerable<Case> Cases => [new("counts/three-sinks-on-one-trace", Run)];

    private static void Run(LabHost host)
    {
        using GuestProcess guest = host.Guest(Work);
        using ITraceSession session = new LinuxHost().Trace(new TraceOptions { WantSplit = true });
        var sampler = new Sampler(session, new TraceClock(TimeProvider.System, session.SinceNs));
        (Grouping Grouping, double Seconds)[] steps = [(Grouping.Vcpu, 0.25), (Grouping.Host, 1), (Grouping.Vm, 10)];
        List<Interval>[] taken = [.. steps.Select(_ => new List<Interval>())];
        for (int i = 0; i < steps.Length; i++) sampler.Add(Collecting(taken[i], steps[i].Grouping, steps[i].Seconds));
        Task work = Task.Run(guest.Run);
        sampler.Run(span => work.Wait(span > TimeSpan.Zero ? span : TimeSpan.Zero), null);
        guest.End();

        Check.AtLeast(2, taken[0].Count, "intervals of 250 ms");
        IntervalSum[] sums = [.. taken.Select(Sum)];
        Interval[] all = [.. sums.Select(sum => sum.ToInterval())];
        for (int i = 0; i < all.Length; i++)
        {
            string whose = $"the sink of {steps[i].Seconds} s";
            foreach ((ExitKey key, ulong count) in guest.Made)
                Check.Equal(count, Exits(all[i], key), $"{whose}: exits {key}");
            Check.Equal(
                0UL, all[i].Accounting.DroppedExits + all[i].Accounting.UnpairedEntries + (ulong)all[i].RestartedRows, $"{whose}: losses");
            Check.Equal(all[0].Accounting.Exits, all[i].Accounting.Exits, $"{whose}: all exits");
            foreach (Row row in all[0].Rows)
            {
                Row same = all[i].Rows.Single(r => r.Key == row.Key);
                Check.Equal(
                    (row.Count, row.Timed, row.TotalNs, row.MaxNs), (same.Count, same.Timed, same.TotalNs, same.MaxNs),
                    $"{whose}: {row.Key}");
                Check.True(row.Bins.ToArray().AsSpan().SequenceEqual(same.Bins.ToArray()), $"{whose}: histogram of {row.Key}");
            }
        }
        // The longest exit of a second is the longest of its quarters.
        foreach (Interval second in taken[1])
        {
            Interval[] quarters = [.. taken[0].Where(quarter => quarter.FromNs >= second.FromNs && quarter.ToNs <= second.ToNs)];
            if (quarters.Length == 0 || quarters[0].FromNs != second.FromNs || quarters[^1].ToNs != second.ToNs) continue;
            Check.Equal(quarters.Max(Longest), Longest(second), "the longest exit of a second against that of its quarters");
        }
    }

    private static Sink Collecting(List<Interval> taken, Grouping grouping, double seconds) => new(grouping, interval =>
    {
        taken.Add(interval);
        return true;
    })
    { Step = TimeSpan.FromSeconds(seconds) };

    private static IntervalSum Sum(List<Interval> intervals)
    {
        var sum = new IntervalSum(Grouping.Host);
        foreach (Interval interval in intervals) sum.Add(interval);
        return sum;
    }

    private static ulong Exits(Interval interval, ExitKey key) =>
        interval.Rows.Where(r => r.Key.Code.Code == key.Code && (int)r.Key.Level == key.Level).Aggregate(0UL, (sum, r) => sum + r.Count);

    private static ulong Longest(Interval interval) => interval.Rows.Count == 0 ? 0 : interval.Rows.Max(r => r.MaxNs);
}
