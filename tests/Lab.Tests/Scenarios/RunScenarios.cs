using System.Diagnostics;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>What starts and ends a trace.</summary>
internal static class RunScenarios
{
    internal static IEnumerable<Case> Cases =>
    [
        new("run/duration", Duration),
        new("run/interval-answers-sum-to-the-total", Interval),
        new("run/ctrl-c-prints-the-result", Interrupt),
        new("run/sigterm-prints-the-result", Terminate),
        new("run/status-of-the-command", StatusOfCommand),
        new("run/command-that-is-not-there", NoCommand),
        new("run/output-file", OutputFile),
        new("run/no-such-vm-vcpu-reason", BadFilters),
    ];

    private static void Duration(LabHost host)
    {
        long start = Stopwatch.GetTimestamp();
        (int status, string output, string errors) = host.Run("count --duration 300ms --format json");
        Check.Equal(0, status, $"status ({errors})");
        TracedAnswer answer = TracedAnswer.Parse(output);
        Check.AtLeast(0.3, answer.Seconds, "seconds");
        Check.AtMost(Stopwatch.GetElapsedTime(start).TotalSeconds, answer.Seconds, "seconds");
    }

    private static void Interval(LabHost host)
    {
        using GuestProcess guest = host.Guest("cpuid=401 hlt=89 out=31");
        using Tracer tracer = host.Trace("hist --interval 20ms --format json").WaitAttached();
        using Tracer whole = host.Trace("count --format json").WaitAttached();
        guest.Run();
        TracedAnswer total = whole.FinishAnswer();
        TracedAnswer[] answers = [.. tracer.Finish().Select(TracedAnswer.Parse)];
        guest.End();
        Check.AtLeast(2, answers.Length, "answers");
        Exact.Counts(host, guest.Made, answers.SelectMany(a => a.Rows));
        Exact.Counts(host, guest.Made, total.Rows);
        Check.Equal(total.Exits, answers.Aggregate(0UL, (sum, a) => sum + a.Exits), "sum of trust.exits");
        Check.Equal(total.Exits, TracedAnswer.Sum(answers.SelectMany(a => a.Rows)), "sum of the intervals");
    }

    private static void Interrupt(LabHost host) => EndBySignal(host, ChildProcess.SigInt);

    private static void Terminate(LabHost host) => EndBySignal(host, 15);

    private static void EndBySignal(LabHost host, int signal)
    {
        using GuestProcess guest = host.Guest("cpuid=73 hlt=29");
        // The first answer shows that it is attached.
        using var tracer = new ChildProcess(host.Kvmscope, ["count", "--interval", "20ms", "--format", "json"]);
        TracedAnswer first = TracedAnswer.Parse(tracer.ReadLine() ?? throw new SuiteFailure($"no answer: {tracer.Errors}"));
        guest.Run();
        tracer.Signal(signal);
        TracedAnswer[] answers = [first, .. tracer.ReadRest().Select(TracedAnswer.Parse)];
        Check.Equal(0, tracer.WaitForEnd(), $"status ({tracer.Errors})");
        guest.End();
        Exact.Counts(host, guest.Made, answers.SelectMany(a => a.Rows));
    }

    private static void StatusOfCommand(LabHost host)
    {
        using var tracer = new ChildProcess(host.Kvmscope, ["count", "--format", "json", "--", host.Suite, "latch", "7"]);
        tracer.WaitFor(Tracer.Attached);
        tracer.WriteLine();
        Check.Equal(1, tracer.ReadRest().Count, "answers");
        Check.Equal(7, tracer.WaitForEnd(), "status");
    }

    private static void NoCommand(LabHost host)
    {
        (int status, _, string errors) = host.Run("count -- /nowhere/at-all");
        Check.Equal(127, status, $"status ({errors})");
        Check.Contains("/nowhere/at-all", errors, "message");
    }

    private static void OutputFile(LabHost host)
    {
        string file = Path.Combine(host.Folder, "answer.json");
        using GuestProcess guest = host.Guest("cpuid=19");
        using Tracer tracer = host.Trace($"count --format json -o {file}").WaitAttached();
        guest.Run().End();
        Check.Equal(0, tracer.Finish().Count, "lines on standard output");
        Exact.Counts(host, guest.Made, TracedAnswer.Parse(File.ReadAllText(file)).Rows);
        (int status, _, string errors) = host.Run("count --duration 1s -o /nowhere/answer");
        Check.True(
            status != 0 && errors.Contains("/nowhere/answer", StringComparison.Ordinal),
            $"a file that cannot be written: status {status}, {errors}");
    }

    private static void BadFilters(LabHost host)
    {
        using GuestProcess guest = host.Guest("cpuid=3", "onlyvm");
        (string, string)[] refused = [("--vm nobody", "onlyvm"), ("--vcpu 5", "no vCPU 5"), ("--reason CPUIT", "CPUID")];
        foreach ((string words, string part) in refused)
        {
            (int status, _, string errors) = host.Run($"count --duration 1s {words}");
            Check.Equal(2, status, $"status of {words}");
            Check.Contains(part, errors, words);
        }
    }
}
