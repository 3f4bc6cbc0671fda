using System.Globalization;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Handling times against <c>perf kvm stat</c>, which traces the same run.</summary>
internal static class TimeScenarios
{
    private const string Plan = "cpuid=997 rdmsr=499 hypercall=307 hlt=401 spin-port=53 slow=2";

    /// <summary>
    /// Times of shorter exits are compared only in the lab's exact mode. Two tracers of one run slow each other down: under software
    /// emulation on a busy host by a fifth of a short exit, and differently each time.
    /// </summary>
    private const ulong LeastNs = 1_000_000;

    /// <summary>
    /// perf attached first, so its times include what kvmscope adds to an exit and an entry, while kvmscope's do not: up to a tenth of a
    /// short exit.
    /// </summary>
    private const double Slack = 0.10;

    /// <summary>With fewer samples, an average says nothing.</summary>
    private const ulong LeastSamples = 50;

    internal static IEnumerable<Case> Cases =>
    [
        new("times/the-vmm-takes-2-ms", SpinTime),
        new("times/as-perf-kvm-stat", host => AgainstPerf(host, LeastNs)),
        new("exact-times/as-perf-kvm-stat", host => AgainstPerf(host, leastNs: 0), OnlyByName: true),
    ];

    /// <summary>The VMM is busy for 2 ms at each access, so each of these exits takes at least that long.</summary>
    private static void SpinTime(LabHost host)
    {
        using GuestProcess guest = host.Guest("spin-port=29 slow=2 cpuid=31");
        using Tracer tracer = host.Trace("hist --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        Exact.Counts(host, guest.Made, answer.Rows);
        TracedRow port = answer.Rows.Single(r => r.Key == new ExitKey(host.IsSvm ? 0x7bu : 30u, 1));
        Check.AtLeast(2_000_000UL, port.AverageNs ?? 0, "average of the port in ns");
        Check.AtLeast(port.AverageNs ?? 0, port.MaxNs ?? 0, "maximum of the port in ns");
        Check.Equal(29UL, port.Timed, "timed exits of the port; the last, which stays open, is another port's");
    }

    private static void AgainstPerf(LabHost host, ulong leastNs)
    {
        if (!File.Exists("/usr/bin/perf")) throw new SuiteSkip("perf is not here");
        string folder = Path.Combine(host.Folder, "perf");
        Directory.CreateDirectory(folder);
        using GuestProcess guest = host.Guest(Plan);
        using var perf = new ChildProcess(
            "/usr/bin/perf", ["kvm", "stat", "record", "-a", "-o", "perf.data", "--", host.Suite, "latch"], folder);
        perf.WaitFor(Tracer.Attached);
        using Tracer tracer = host.Trace("hist --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        perf.WriteLine();
        perf.ReadRest();
        Check.Equal(0, perf.WaitForEnd(), $"status of perf ({perf.Errors})");
        guest.End();
        using var report = new ChildProcess("/usr/bin/perf", ["kvm", "-i", "perf.data", "stat", "report"], folder);
        report.ReadRest();
        report.WaitForEnd();
        string[] lines = report.Errors.Split('\n'); // where perf prints its tables
        Exact.Counts(host, guest.Made, answer.Rows);
        Compare(answer, [.. lines.Select(PerfLine.Parse).OfType<PerfLine>()], leastNs, string.Join(" | ", lines));
    }

    private static void Compare(TracedAnswer answer, IReadOnlyList<PerfLine> perf, ulong leastNs, string all)
    {
        int compared = 0;
        foreach (TracedRow row in answer.Rows.Where(r => r.Timed >= LeastSamples))
        {
            PerfLine theirs = perf.FirstOrDefault(p => p.Names(row.Reason)) ?? throw new SuiteFailure($"perf has no {row.Reason}: {all}");
            Check.Equal(theirs.Samples, row.Timed, $"timed {row.Reason} against perf's samples");
            double average = (row.AverageNs ?? 0) / 1000.0;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"# {row.Reason}: average {average:0.00} us, perf {theirs.Average:0.00} ({theirs.Least:0.00} to "
                + $"{theirs.Most:0.00}), {row.Timed} exits"));
            compared++;
            if (row.AverageNs < leastNs) continue;
            Check.AtLeast(theirs.Least * (1 - Slack), average, $"average of {row.Reason} in us against perf's least");
            Check.AtMost(theirs.Most, average, $"average of {row.Reason} in us against perf's most");
            double difference = Math.Abs(average - theirs.Average) / theirs.Average;
            Check.AtMost(
                Slack, difference, $"{row.Reason}: average {average:0.00} us against perf's {theirs.Average:0.00}, relative difference");
        }

        Check.AtLeast(4, compared, "reasons compared");
    }
}
