using System.Globalization;
using System.Text.RegularExpressions;
using Kvmscope.Core.Exits;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>
/// Debian under QEMU with KVM on arm64: all exits have a VM and a reason, and the kernel's own histogram of kvm_exit has the same counts.
/// </summary>
internal static partial class ArmLinuxScenarios
{
    private const string Event = "/sys/kernel/tracing/events/kvm/kvm_exit", Histogram = "hist:keys=ret,esr_ec:size=4096";
    private const ulong Trap = 2, TrapEc = 0x3f;

    internal static IEnumerable<Case> Cases => [new("arm64-linux/exits-are-the-kernels", Exits, OnlyByName: true)];

    private static void Exits(LabHost host)
    {
        string l1 = Environment.GetEnvironmentVariable("LAB_L1") is { Length: > 0 } path
            ? path
            : throw new SuiteSkip("the lab was not asked for a Linux guest (--l1)");
        // 5.10 has no histograms of events (CONFIG_HIST_TRIGGERS).
        bool hasHistogram = File.Exists($"{Event}/hist");
        Check.True(hasHistogram || host.Kernel < new Version(5, 11), "no histogram of kvm_exit");
        string answers = Path.Combine(host.Folder, "answer");
        if (hasHistogram) File.WriteAllText($"{Event}/trigger", Histogram);
        (int status, string output, string errors) = LabHost.Run(
            host.Kvmscope, "count", "--by", "vm,reason", "--format", "json", "-o", answers, "--", "/bin/sh", l1);
        string histogram = hasHistogram ? File.ReadAllText($"{Event}/hist") : "";
        if (hasHistogram) File.WriteAllText($"{Event}/trigger", $"!{Histogram}");
        Check.Equal(0, status, $"status of L1 ({errors})");
        Check.Contains("all done", output, "what L1 says");

        TracedAnswer answer = TracedAnswer.Parse(File.ReadAllText(answers));
        foreach (TracedRow row in answer.Rows) Check.Equal("lab-l1", row.Vm, $"VM of {row.Reason}");
        foreach (string name in (string[])["lost_events", "dropped_cells", "dropped_vcpus", "dropped_exits", "unknown_reasons"])
            Check.Equal(0UL, answer.Accounting[name], $"trust.{name}");
        Check.AtLeast(500UL, answer.Exits, "exits");
        if (!hasHistogram) return;
        Dictionary<ulong, ulong> kernels = Parse(histogram);
        foreach ((ulong code, ulong hits) in kernels)
            Check.Equal(hits, answer.CountOf(new ExitKey(code, 1)), $"exits {ExitReasons.Name(new ExitCode(Isa.Arm64, code))}");
        Check.Equal(kernels.Values.Aggregate(0UL, (a, b) => a + b), answer.Exits, "all exits");
        Check.AtLeast(4, kernels.Count, "reasons compared");
    }

    // The event has ret without its SError bit, and class 0 if it is not a trap: { ret: 2, esr_ec: 36 } hitcount: 1135
    private static Dictionary<ulong, ulong> Parse(string histogram)
    {
        var counts = new Dictionary<ulong, ulong>();
        foreach (Match match in Entry().Matches(histogram))
        {
            ulong ret = Number(match, "ret"), code = (ret << 8) | (ret == Trap ? Number(match, "ec") & TrapEc : 0);
            counts[code] = counts.GetValueOrDefault(code) + Number(match, "hits");
        }
        return counts;
    }

    private static ulong Number(Match match, string group) => ulong.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\{ ret:\s*(?<ret>\d+), esr_ec:\s*(?<ec>\d+) \} hitcount:\s*(?<hits>\d+)")]
    private static partial Regex Entry();
}
