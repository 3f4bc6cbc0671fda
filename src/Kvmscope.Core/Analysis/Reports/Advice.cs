using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>
/// What a report suggests: at most <see cref="MaxLines"/> lines, each with its figures; none where nothing stands out. The rules and their
/// thresholds are in docs/explain.md.
/// </summary>
public static class Advice
{
    /// <summary>More would be a second report.</summary>
    public const int MaxLines = 2;

    // Fewer exits say nothing about a guest.
    private const ulong MinExits = 100;

    // Shares of the wall clock that a user notices.
    private const double LargeWait = 0.05, LargePoll = 0.05, LargeVmm = 0.20, LargeSleep = 0.05;

    // Shares of the busy time, and of a reason's exits, that stand out.
    private const double LargeReason = 0.30, DominantShare = 0.50;

    // L1 exits per reflected exit of L2: from here on L1's own exits are what L2 pays for.
    private const double LargeAmplification = 5;

    /// <summary>The lines that apply, the most important first.</summary>
    /// <param name="report">What was measured.</param>
    /// <param name="unicode">Whether µ can be shown, else <c>us</c>.</param>
    public static IReadOnlyList<string> Of(Report report, bool unicode = true)
    {
        if (report.Interval.Accounting.Exits < MinExits) return [];
        return [.. OfWalls(report).Concat(OfRounds(report)).Concat(OfReasons(report, unicode)).Take(MaxLines)];
    }

    // One line per finding, not per VM or vCPU: with many of them both lines would say the same.
    private static IEnumerable<string> OfWalls(Report report)
    {
        if (Largest(report.Walls, TimePart.Runq, LargeWait) is { } wait)
            yield return $"{wait.Name} waited for a CPU {wait.Share} of its time{wait.Others}: the host is overcommitted, or its vCPUs " +
                $"share a busy CPU ('kvmscope slower 1ms --part runq --who' shows with whom)";
        if (Largest(report.Walls, TimePart.Poll, LargePoll) is { } poll)
            yield return $"{poll.Name}: halt polling used {poll.Share} of its time{poll.Others}: kvm.halt_poll_ns limits it";
        if (Largest(report.Walls, TimePart.Sleep, LargeSleep) is { } sleep)
            yield return $"{sleep.Name} slept in the kernel {sleep.Share} of its time{sleep.Others} while exits were handled: look for " +
                $"swapped guest memory (userfaultfd after a migration does the same)";
        if (Largest(report.Walls, TimePart.Vmm, LargeVmm) is { } vmm)
            yield return $"{vmm.Name} was in its VMM {vmm.Share} of its time{vmm.Others}: 'kvmscope time --by qualifier' shows for " +
                $"which ports and pages";
    }

    // The VM or vCPU with the largest share of a part, that share, and how many others are over the threshold.
    private static (string Name, string Share, string Others)? Largest(IReadOnlyList<WallRow> walls, TimePart part, double threshold)
    {
        WallRow[] large =
            [.. walls.Where(w => Share(w.Parts[part], w.WallNs) >= threshold).OrderByDescending(w => Share(w.Parts[part], w.WallNs))];
        if (large is not [var wall, ..]) return null;
        string name =
            string.Create(CultureInfo.InvariantCulture, $"{wall.Vm?.Name ?? "the VMs"}{(wall.Vcpu is { } vcpu ? $" vCPU {vcpu}" : "")}");
        return (name, Percent(wall.Parts[part], wall.WallNs),
            large.Length == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" (the worst of {large.Length})"));
    }

    // By reason, whatever rows the report has.
    private static IEnumerable<string> OfRounds(Report report)
    {
        var reasons = report.Interval.Rows.Where(r => r.Rounds is not null).GroupBy(r => r.Key.Code)
            .Select(g =>
                (Code: g.Key, Ns: Sum(g, r => r.Rounds!.TotalNs), Ended: Sum(g, r => r.Rounds!.Timed),
                L1Exits: Sum(g, r => r.Rounds!.L1Exits)));
        foreach (var (code, _, ended, l1Exits) in reasons.Where(r => r.Ended >= MinExits).OrderByDescending(r => r.Ns))
            if ((double)l1Exits / ended is var exits and >= LargeAmplification)
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"each reflected {ExitReasons.Name(code)} of L2 cost {exits:0.0} exits of L1: " +
                    $"{CheaperRounds(code.Isa)} make rounds cheaper");
    }

    private static IEnumerable<string> OfReasons(Report report, bool unicode)
    {
        // With a filter on reasons, each would take most of the time.
        if (!report.Request.HasAllExits) yield break;
        bool nested = report.Request.Nested;
        Row[] all = [.. report.Interval.Rows.Where(r => !ExitReasons.IsIdle(r.Key.Code) && (!nested || r.Key.Level == ExitLevel.L2))];
        ulong busy = Sum(all, r => r.TotalNs);
        var reasons = all.GroupBy(r => r.Key.Code)
            .Select(g => (Code: g.Key, Rows: g.ToArray(), Ns: Sum(g, r => r.TotalNs), Count: Sum(g, r => r.Count)));
        foreach (var (code, rows, ns, count) in reasons.OrderByDescending(r => r.Ns))
        {
            if (count < MinExits || Share(ns, busy) < LargeReason) yield break;
            string line = $"{ExitReasons.Name(code)} took {Percent(ns, busy)} of the busy time{(nested ? " of L2's exits" : "")}, " +
                $"{Output.Text.ScaledText.Time(ns / Math.Max(1, Sum(rows, r => r.Timed)), unicode)} each";
            var top = rows.Where(r => r.Key.Qualifier.State == QualifierState.Known).GroupBy(r => r.Key.Qualifier)
                .Select(g => (Qualifier: g.Key, Count: Sum(g, r => r.Count))).OrderByDescending(q => q.Count).FirstOrDefault();
            if (Share(top.Count, count) >= DominantShare)
                line += string.Create(CultureInfo.InvariantCulture,
                    $", and {top.Count} of {count} were {Qualifiers.Name(code, top.Qualifier)}{Hint(code, top.Qualifier)}");
            yield return line + $" ('kvmscope explain {ExitReasons.Name(code)}')";
        }
    }

    // Only what is certain for this argument.
    private static string Hint(ExitCode code, Qualifier qualifier) => (Qualifiers.KindOf(code), qualifier.Raw & 0xffff_ffff) switch
    {
        (QualifierKind.Port, 0x608) => ": the guest's clocksource is the ACPI PM timer; kvm-clock, the TSC or Hyper-V's does not exit",
        (QualifierKind.Port, >= 0x40 and <= 0x43) =>
            ": the guest's timer is the PIT; an APIC timer or Hyper-V's enlightenments are cheaper",
        (QualifierKind.Port, >= 0x3f8 and <= 0x3ff) => ": the guest writes to a serial console",
        (QualifierKind.Msr, 0x6e0) => ": the guest arms its timer; fewer timers, or a tick that stops when idle (nohz), make it rarer",
        (QualifierKind.Msr, 0x830) => ": the guest sends interrupts between its vCPUs; "
            + (code.Isa == Isa.Svm ? "x2AVIC" : "IPI virtualization") + " avoids the exits",
        _ => "",
    };

    // Each vendor has its own means.
    private static string CheaperRounds(Isa isa) => isa == Isa.Svm
        ? "virtual VMLOAD/VMSAVE and virtual GIF in this host's KVM (kvm_amd.vls, kvm_amd.vgif)"
        : "shadow VMCS or enlightened VMCS in this host's KVM, and fewer VMREADs in L1,";

    private static ulong Sum(IEnumerable<Row> rows, Func<Row, ulong> of) => rows.Aggregate(0UL, (sum, row) => sum + of(row));

    private static double Share(ulong part, ulong whole) => whole == 0 ? 0 : (double)part / whole;

    private static string Percent(ulong part, ulong whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * Share(part, whole):0.0} %");
}
