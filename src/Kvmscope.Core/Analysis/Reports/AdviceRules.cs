using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>The rules of advice. Each has a test with figures that raise it, and figures that do not.</summary>
internal static class AdviceRules
{
    // Shares of the wall clock that a user notices.
    private const double LargeWait = 0.05, LargePoll = 0.05, LargeVmm = 0.20, LargeSleep = 0.05, LargeRounds = 0.05;

    // The share of the busy time that stands out.
    private const double LargeReason = 0.30;

    // Exits or rounds from which on an average means something, and the share of a part's time that one reason has most of.
    private const ulong MinExits = 100;
    private const double Most = 0.50;

    // Findings about nested guests are about the same time.
    private const string Nesting = "nesting";

    /// <summary>All rules.</summary>
    internal static IReadOnlyList<AdviceRule> All { get; } =
    [
        new("runq", Runq), new("poll", Poll), new("sleep", Sleep), new("vmm", Vmm), new("rounds", Rounds), new("reason", Reasons),
    ];

    private static IEnumerable<AdviceFinding> Runq(AdviceFigures figures)
    {
        if (figures.Largest(w => w.Parts[TimePart.Runq], LargeWait) is not { } worst) yield break;
        yield return new AdviceFinding("runq", worst.Ns, $"{Lost(worst.Wall, "waited for a CPU", TimePart.Runq)}{worst.Others}: the host " +
            "is overcommitted, its vCPUs share a busy CPU, or a CPU quota stops it ('kvmscope slower 1ms --part runq --who' shows what " +
            "ran instead)", "runq");
    }

    private static IEnumerable<AdviceFinding> Poll(AdviceFigures figures)
    {
        if (figures.Largest(w => w.Parts[TimePart.Poll], LargePoll) is not { } worst) yield break;
        yield return new AdviceFinding("poll", worst.Ns,
            $"{Lost(worst.Wall, "used", TimePart.Poll)} for halt polling{worst.Others}: kvm.halt_poll_ns limits it", "poll");
    }

    private static IEnumerable<AdviceFinding> Sleep(AdviceFigures figures)
    {
        if (figures.Largest(w => w.Parts[TimePart.Sleep], LargeSleep) is not { } worst) yield break;
        yield return new AdviceFinding("sleep", worst.Ns,
            $"{Lost(worst.Wall, "slept in the kernel", TimePart.Sleep)}{worst.Others} while exits were handled: look for guest memory " +
            "that is swapped out, or comes over the network after a migration", "sleep");
    }

    private static IEnumerable<AdviceFinding> Vmm(AdviceFigures figures)
    {
        if (figures.Largest(w => OfVmm(figures, w), LargeVmm) is not { } worst) yield break;
        string text = string.Create(CultureInfo.InvariantCulture, $"{AdviceFigures.NameOf(worst.Wall)} was in its VMM ") +
            $"{AdviceFigures.Percent(OfVmm(figures, worst.Wall), worst.Wall.WallNs)} of its time{worst.Others}";
        ReasonFigures? reason = figures.Reasons.Where(r => !r.IsIdle).MaxBy(r => r.Part(TimePart.Vmm));
        if (reason is null || reason.Part(TimePart.Vmm) < Most * worst.Ns)
        {
            yield return new AdviceFinding("vmm", worst.Ns, text + ": 'kvmscope time --split' shows for which reasons", "vmm");
        }
        else if (reason.Class == "host-irq")
        {
            // KVM_RUN ends with an interrupt when the VMM sends its thread a signal.
            yield return new AdviceFinding(CauseOf(reason), Math.Max(worst.Ns, reason.CostNs),
                $"{text}, after {reason.Name}: the VMM interrupted it, as when it pauses the VM", "vmm-stopped");
        }
        else
        {
            (string details, string[] lines) = Details(reason);
            // The line says more than that of the reason alone.
            yield return new AdviceFinding(CauseOf(reason), Math.Max(worst.Ns, reason.CostNs),
                $"{text}, most of it for {reason.Name}{details}{See(reason)}", ["vmm-reason", .. lines]);
        }
    }

    private static ulong OfVmm(AdviceFigures figures, WallRow wall)
    {
        ulong idle = figures.Reasons.Where(r => r.IsIdle).SelectMany(r => r.Rows)
            .Where(r => wall.Vm is null || (r.Key.Vm == wall.Vm.Ordinal && (wall.Vcpu is null || r.Key.VcpuId == wall.Vcpu)))
            .Aggregate(0UL, (sum, r) => sum + (r.Parts?[TimePart.Vmm] ?? 0));
        return LostTime.OfVmm(wall.Parts, idle);
    }

    // An idle L2 waits in the round of its HLT: that is not lost.
    private static IEnumerable<AdviceFinding> Rounds(AdviceFigures figures)
    {
        ReasonFigures[] reasons = [.. figures.Reasons.Where(r => !r.IsIdle && r.Reflected > 0)];
        var rounds = reasons.Select(r => (Reason: r, Of: Sum(r))).Where(r => r.Of.Timed >= MinExits).OrderByDescending(r => r.Of.TotalNs)
            .ToArray();
        if (rounds is not [var (reason, worst), ..]) yield break;
        ulong ns = rounds.Aggregate(0UL, (sum, r) => sum + r.Of.TotalNs), ended = rounds.Aggregate(0UL, (sum, r) => sum + r.Of.Timed);
        if (!IsLarge(figures, reasons, ns)) yield break;
        string others = rounds.Length == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" (the most of {rounds.Length} reasons)");
        string text = string.Create(CultureInfo.InvariantCulture,
            $"each reflected {reason.Name} of L2 cost {(double)worst.L1Exits / worst.Timed:0.0} exits of L1 and ") +
            $"{figures.Time(worst.AverageNs.GetValueOrDefault())} until L2 ran again{others}";
        NestedMeans? means = AdviceMeans.Nested.FirstOrDefault(m => m.Isa == reason.Code.Isa && m.Applies(figures, ended));
        yield return new AdviceFinding(Nesting, ns, means is null ? text + " ('kvmscope time --nested')" : $"{text}: {means.Text}",
            means is null ? ["rounds"] : ["rounds", means.Name]);
    }

    // Rounds are compared with the wall clock of the VMs that had them; where that is not known, with the busy time.
    private static bool IsLarge(AdviceFigures figures, ReasonFigures[] reasons, ulong ns)
    {
        HashSet<int> vms = [.. reasons.SelectMany(r => r.Rows).Where(r => r.Rounds is not null).Select(r => r.Key.Vm)];
        ulong wall = figures.Walls.Where(w => vms.Contains(w.Vm?.Ordinal ?? GroupKey.None)).Aggregate(0UL, (sum, w) => sum + w.WallNs);
        return wall > 0 ? AdviceFigures.Share(ns, wall) >= LargeRounds : AdviceFigures.Share(ns, figures.BusyNs) >= LargeReason;
    }

    private static ReflectedRounds Sum(ReasonFigures reason)
    {
        var sum = new ReflectedRounds();
        foreach (Row row in reason.Rows)
            if (row.Rounds is { } rounds) sum.Add(rounds);
        return sum;
    }

    private static IEnumerable<AdviceFinding> Reasons(AdviceFigures figures)
    {
        bool nested = figures.Report.Request.Nested;
        ReasonFigures[] all =
            [.. figures.Reasons.Where(r => !r.IsIdle).Select(r => nested ? r.At(ExitLevel.L2) : r).Where(r => r.Count >= MinExits)];
        ulong busy = nested
            ? figures.Reasons.Where(r => !r.IsIdle).Aggregate(0UL, (sum, r) => sum + r.At(ExitLevel.L2).Ns)
            : figures.BusyNs;
        foreach (ReasonFigures reason in all.Where(r => AdviceFigures.Share(r.CostNs, busy) >= LargeReason))
        {
            (string details, string[] lines) = Details(reason);
            yield return new AdviceFinding(CauseOf(reason), reason.CostNs,
                $"{reason.Name} took {AdviceFigures.Percent(reason.Ns, busy)} of the busy time{(nested ? " of L2's exits" : "")}, " +
                $"{figures.Time(reason.AverageNs)} each{details}{See(reason)}", ["reason", .. lines]);
        }
    }

    // What L1 does in rounds, and what began them.
    private static string CauseOf(ReasonFigures reason) =>
        reason.Class == "nested" || reason.IsReflected ? Nesting : $"reason {reason.Code.Isa} {reason.Code.Code}";

    private static (string Text, string[] Lines) Details(ReasonFigures reason)
    {
        if (reason.Dominant() is not { } top) return ("", []);
        QualifierMeans? means = AdviceMeans.OfQualifier(reason.Code, top.Qualifier);
        string text = string.Create(
            CultureInfo.InvariantCulture, $", and {top.Count} of {reason.Count} were {Qualifiers.Name(reason.Code, top.Qualifier)}");
        return means is null ? (text, []) : ($"{text}: {means.Text}", [means.Name]);
    }

    private static string See(ReasonFigures reason) => $" ('kvmscope explain {reason.Name}')";

    private static string Lost(WallRow wall, string how, TimePart part) =>
        $"{AdviceFigures.NameOf(wall)} {how} {AdviceFigures.Percent(wall.Parts[part], wall.WallNs)} of its time";
}
