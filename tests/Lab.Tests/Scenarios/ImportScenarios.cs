using System.Globalization;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>
/// One run captured by perf, trace-cmd, tracefs and kvmscope itself at once, as far as the machine has them: the imports of the first three
/// are what kvmscope recorded, what the guest did, and what perf says of its own file.
/// </summary>
internal static class ImportScenarios
{
    private const string Perf = "/usr/bin/perf", TraceCmd = "/usr/bin/trace-cmd";

    /// <summary>Of each CPU. A kernel keeps 7 KB until somebody asks for more, which a busy host does not empty in time.</summary>
    private const string BufferKb = "4096";

    /// <summary>How much averages of long exits may differ: a tracer's times have what the others add to an exit.</summary>
    private const double Slack = 0.10;

    private const ulong LongNs = 2_000_000;

    internal static IEnumerable<Case> Cases =>
    [
        new("import/captured-four-ways", CapturedNested),
        new("arm64/captured-twice", host => Compare(host, "vcpus=2 hvc=311 smc=211 mmio-write=97 wfi=23", 2), OnlyByName: true),
    ];

    private static void CapturedNested(LabHost host)
    {
        host.WantNested();
        Compare(host, "vcpus=2 cpuid=211 rdmsr=97 hlt=41 mmio-write=31 spin-port=53 slow=2 l2.cpuid=67 l2.hlt=29", 2);
    }

    private static void Compare(LabHost host, string plan, int vcpus)
    {
        string folder = Directory.CreateTempSubdirectory("captures-").FullName, own = Path.Combine(folder, "own.kvmscope");
        using GuestProcess guest = host.Guest(plan);
        using Tracefs tracefs = new();
        using ChildProcess? perf = Start(host, folder, Perf, "kvm", "stat", "record", "-a", "-o", "perf.data", "--");
        using ChildProcess? traceCmd = Start(host, folder, TraceCmd, "record", "-q", "-b", BufferKb, "-e", "kvm", "-o", "trace.dat");
        using Tracer recorder = host.Trace($"record -o {own}").WaitAttached();
        guest.Run();
        recorder.Finish();
        string text = tracefs.Finish();
        foreach (ChildProcess tracer in new[] { traceCmd, perf }.OfType<ChildProcess>()) End(tracer);
        guest.End();

        TracedAnswer recorded = Report(host, own);
        Exact.Counts(host, guest.Made, recorded.Rows);
        File.WriteAllText(Path.Combine(folder, "trace.txt"), text);
        AreSame(recorded, Import(host, folder, "trace.txt", vcpus), "tracefs");
        Check.Equal(
            (ulong)text.Split(" kvm_nested_vmexit: ").Length - 1, TracedAnswer.Sum(recorded.Rows.Where(row => row.Key.Level == 2)),
            "exits of L2 against kvm_nested_vmexit");
        if (traceCmd is not null) AreSame(recorded, Import(host, folder, "trace.dat", vcpus), "trace-cmd");
        if (perf is null) return;
        TracedAnswer imported = Import(host, folder, "perf.data", vcpus);
        // It has no kvm_nested_vmexit: all exits are of L1.
        AreSame(recorded with { Rows = [.. recorded.Rows.Select(row => row with { Key = row.Key with { Level = 1 } })] }, imported, "perf");
        IsWhatPerfSays(imported, folder);
        (_, string difference, _) = host.Run($"diff {own} {folder}/perf.data.kvmscope --format json");
        Check.Contains("B: the capture has no kvm_nested_vmexit", difference, "what is said beside a difference");
        Directory.Delete(folder, recursive: true);
    }

    private static ChildProcess? Start(LabHost host, string folder, string program, params string[] arguments)
    {
        // The arm64 lab has the programs of this host, which are not its own.
        if (host.IsArm || !File.Exists(program)) return null;
        var tracer = new ChildProcess(program, [.. arguments, host.Suite, "latch"], folder);
        tracer.WaitFor(Tracer.Attached);
        return tracer;
    }

    private static void End(ChildProcess tracer)
    {
        tracer.WriteLine();
        tracer.ReadRest();
        Check.Equal(0, tracer.WaitForEnd(), $"status of a tracer ({tracer.Errors})");
    }

    private static TracedAnswer Import(LabHost host, string folder, string name, int vcpus)
    {
        string path = Path.Combine(folder, name);
        (int status, string output, string errors) = host.Run($"import {path} -o {path}.kvmscope");
        Check.Equal((0, "", ""), (status, output, errors), $"import of {name}");
        TracedAnswer answer = Report(host, path + ".kvmscope");
        Exact.Accounting(host, answer, vcpus);
        return answer;
    }

    private static TracedAnswer Report(LabHost host, string path)
    {
        (int status, string output, string errors) = host.Run($"report {path} hist --format json");
        Check.Equal(0, status, $"status of report ({errors})");
        return TracedAnswer.Parse(output);
    }

    private static void AreSame(TracedAnswer own, TracedAnswer imported, string what)
    {
        var theirs = imported.Rows.GroupBy(row => row.Key).ToDictionary(rows => rows.Key, rows => new Sum([.. rows]));
        var ours = own.Rows.GroupBy(row => row.Key).ToDictionary(rows => rows.Key, rows => new Sum([.. rows]));
        Check.Equal(Names(ours), Names(theirs), $"{what}: reasons");
        foreach ((ExitKey key, Sum sum) in ours)
        {
            Sum other = theirs[key];
            Check.Equal((sum.Count, sum.Timed), (other.Count, other.Timed), $"{what}: exits and timed exits {key}");
            // The VMM is busy for that long at each access to a port. Of others, a few that run cold make the average.
            if (sum.AverageNs < LongNs || own.Rows.First(row => row.Key == key).Reason is not ("IOIO" or "IO_INSTRUCTION")) continue;
            double difference = Math.Abs((double)other.AverageNs - sum.AverageNs) / sum.AverageNs;
            Check.AtMost(Slack, difference, $"{what}: average {other.AverageNs} ns of {key} against {sum.AverageNs}, relative difference");
        }
    }

    private static string Names(Dictionary<ExitKey, Sum> rows) => string.Join(", ", rows.Keys.Select(key => $"{key}").Order());

    // perf prints hundredths of a microsecond.
    private static void IsWhatPerfSays(TracedAnswer imported, string folder)
    {
        using var report = new ChildProcess(Perf, ["kvm", "-i", "perf.data", "stat", "report"], folder);
        report.ReadRest();
        report.WaitForEnd();
        string[] lines = report.Errors.Split('\n'); // where perf prints its tables
        PerfLine[] rows = [.. lines.Select(PerfLine.Parse).OfType<PerfLine>()];
        foreach (TracedRow row in imported.Rows.Where(row => row.Timed > 0))
        {
            ulong samples = rows.FirstOrDefault(line => line.Names(row.Reason))?.Samples ?? 0;
            Check.Equal(samples, row.Timed, $"timed {row.Reason} against perf's samples in {report.Errors}");
        }
        string last = lines.Single(line => line.StartsWith("Total Samples:", StringComparison.Ordinal));
        Check.Contains($"Total Samples:{imported.Rows.Sum(row => (long)row.Timed)},", last, "perf's samples");
        double us = double.Parse(last[(last.LastIndexOf(':') + 1)..].TrimEnd('.', 's', 'u'), CultureInfo.InvariantCulture);
        double total = imported.Rows.Sum(row => (double)row.TotalNs) / 1000;
        Check.AtMost(0.01, Math.Abs(total - us), $"difference of the imported times, {total} us, to perf's {us}");
    }

    /// <summary>Rows that are one.</summary>
    private readonly record struct Sum(ulong Count, ulong Timed, ulong TotalNs)
    {
        internal Sum(TracedRow[] rows)
            : this(TracedAnswer.Sum(rows), (ulong)rows.Sum(row => (long)row.Timed), (ulong)rows.Sum(row => (long)row.TotalNs))
        {
        }

        internal ulong AverageNs => Timed == 0 ? 0 : TotalNs / Timed;
    }

    /// <summary>An instance of the kernel's own trace with the events of KVM.</summary>
    private sealed class Tracefs : IDisposable
    {
        private readonly string _instance = Directory.CreateDirectory("/sys/kernel/tracing/instances/suite").FullName;

        internal Tracefs()
        {
            Write("buffer_size_kb", BufferKb);
            Write("events/kvm/enable", "1");
        }

        internal string Finish()
        {
            Write("tracing_on", "0");
            return File.ReadAllText(Path.Combine(_instance, "trace"));
        }

        public void Dispose() => Directory.Delete(_instance);

        private void Write(string name, string text) => File.WriteAllText(Path.Combine(_instance, name), text);
    }
}
