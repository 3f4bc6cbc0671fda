using System.Globalization;
using System.Text.RegularExpressions;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Counts by qualifier against <c>perf kvm stat</c>'s own events (ioport, mmio, msr), which traces the same run.</summary>
internal static partial class PerfEventScenarios
{
    private const string Perf = "/usr/bin/perf";

    internal static IEnumerable<Case> Cases => [new("perf-events/ioport-mmio-msr", Agree, OnlyByName: true)];

    private static void Agree(LabHost host)
    {
        if (!File.Exists(Perf)) throw new SuiteSkip("perf is not here");
        string folder = Path.Combine(host.Folder, "perf-events");
        Directory.CreateDirectory(folder);
        using GuestProcess guest = host.Guest("out:0x608=101 in:0x60c=97 mmio-write=89 mmio-read=83 rdmsr=79 rdmsr:0x8b=73 wrmsr=71");
        using var perf = new ChildProcess(Perf, ["kvm", "stat", "record", "-a", "-o", "perf.data", "--", host.Suite, "latch"], folder);
        perf.WaitFor(Tracer.Attached);
        using Tracer tracer = host.Trace("count --by qualifier --top 1000 --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        perf.WriteLine();
        perf.ReadRest();
        Check.Equal(0, perf.WaitForEnd(), $"status of perf ({perf.Errors})");
        guest.End();
        int compared = 0;
        foreach (string kind in (string[])["ioport", "mmio", "msr"])
        {
            IReadOnlyList<(ulong Number, string Way, ulong Samples)> theirs = Report(kind, folder);
            if (theirs.Count == 0) Console.WriteLine($"# this perf has no {kind} event");
            foreach ((ulong number, string way, ulong samples) in theirs)
                compared += Compare(host, answer, kind, number, way, samples) ? 1 : 0;
        }
        Check.AtLeast(4, compared, "keys of perf that were compared");
    }

    private static bool Compare(LabHost host, TracedAnswer answer, string kind, ulong number, string way, ulong samples)
    {
        bool isFirst = way is "PIN" or "R";
        (uint code, string name) = kind switch
        {
            "ioport" => (host.IsSvm ? 0x7bu : 30u, isFirst ? " in" : " out"),
            "mmio" => (host.IsSvm ? 0x400u : 49u, ""),
            _ => (host.IsSvm ? 0x7cu : isFirst ? 31u : 32u, host.IsSvm ? isFirst ? " read" : " write" : ""),
        };
        string raw = number.ToString(CultureInfo.InvariantCulture);
        // perf keeps reads and writes of an MMIO page apart, kvmscope does not.
        if (kind == "mmio")
        {
            Check.Equal(89UL + 83, TracedAnswer.Sum(answer.Rows.Where(r => r.Key == new ExitKey(code, 1) && r.Raw == raw)), "MMIO");
            Check.Equal(isFirst ? 83UL : 89UL, samples, $"perf's MMIO {way}");
            return true;
        }
        ulong ours = TracedAnswer.Sum(answer.Rows.Where(r => r.Key == new ExitKey(code, 1) && r.Raw == raw
            && r.Qualifier!.Contains(name, StringComparison.Ordinal)));
        if (number is 0x500 or < 0x80 && kind == "ioport") return false; // the guest's last exit, which stays open
        Check.Equal(samples, ours, $"{kind} 0x{number:x} {way} against perf's samples");
        return true;
    }

    private static IReadOnlyList<(ulong Number, string Way, ulong Samples)> Report(string kind, string folder)
    {
        using var report = new ChildProcess(Perf, ["kvm", "-i", "perf.data", "stat", "report", "--event", kind], folder);
        string output = string.Join('\n', report.ReadRest());
        report.WaitForEnd();
        return [.. KeyLine().Matches(output + "\n" + report.Errors).Select(m => (
            ulong.Parse(m.Groups[1].Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), m.Groups[2].Value,
            ulong.Parse(m.Groups[3].Value, CultureInfo.InvariantCulture)))];
    }

    // 0x608:POUT  101  12.3%  …
    [GeneratedRegex(@"0x([0-9a-f]+):(POUT|PIN|R|W)\s+(\d+)\s")]
    private static partial Regex KeyLine();
}
