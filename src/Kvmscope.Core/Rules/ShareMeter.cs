using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Reports;

namespace Kvmscope.Core.Rules;

/// <summary>Measures shares of the vCPUs' wall clock.</summary>
internal sealed class ShareMeter(Rule rule, RuleInput input, RuleScope scope, RuleLosses losses)
{
    /// <summary>Measures.</summary>
    internal RuleMeasurement Measure()
    {
        if (!input.HasSplit) return RuleMeasurement.None("the wall clock was not split (record without '--without split')");
        if (!input.HasAllExits) return RuleMeasurement.None(SplitView.NoWallClock(input.WasAllRecorded));
        ulong wall = 0;
        foreach (VcpuTime time in scope.Observed.Times) wall += time.WallNs;
        if (wall == 0) return RuleMeasurement.None("no wall clock was observed");
        if (losses.Uncounted is { } lost) return RuleMeasurement.None($"share is not known: {lost}");
        return rule.Target.Kind == RuleTargetKind.Part ? OfPart(rule.Target.Part, wall) : OfExits(wall);
    }

    // What a kernel cannot give is in another part's time, so that the other parts may be less than they look.
    private RuleMeasurement OfPart(TimePart part, ulong wall)
    {
        MissingSource[] missing = [.. scope.Observed.Missing.Where(m => m.Part is not null)];
        if (Array.Find(missing, m => m.Part == part) is { } own) return RuleMeasurement.None(own.Text);
        TimeParts parts = default;
        foreach (WallRow row in WallClockBuilder.Build(scope.Observed, byVcpu: rule.Filters.Vcpu is not null)) parts.Add(row.Parts);
        if (missing.Length > 0) return Share(parts[part], wall, RuleBound.AtMost, missing[0].Text);
        ulong missed = scope.Observed.Trust.MissedEvents;
        // Poll time of which no event told is in KVM's.
        RuleBound bound = (missed, part) switch
        {
            (0, _) => RuleBound.Exact,
            (_, TimePart.Poll) => RuleBound.AtLeast,
            (_, TimePart.Kvm) => RuleBound.AtMost,
            _ => RuleBound.Exact,
        };
        return Share(parts[part], wall, bound, bound == RuleBound.Exact ? null : Accounting.MissedEventsField.Line(missed));
    }

    // Open exits are in the parts as far as they have come, as in the table of the split.
    private RuleMeasurement OfExits(ulong wall)
    {
        ulong ns = 0;
        foreach (Row row in scope.Rows) ns += row.Parts?.Sum ?? row.TotalNs;
        string? lost = losses.Unread ?? losses.Untimed;
        return Share(Math.Min(ns, wall), wall, lost is null ? RuleBound.Exact : RuleBound.AtLeast, lost);
    }

    private static RuleMeasurement Share(ulong part, ulong wall, RuleBound bound, string? caveat) =>
        new(ExactNumber.Of(part).Over(ExactNumber.Of(wall)), bound, $"{ScaledText.Time(part)} of {ScaledText.Time(wall)}", caveat);
}
