using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Analysis.Rules;

/// <summary>Measures what one rule asks for.</summary>
internal sealed class RuleMeter(Rule rule, RuleInput input)
{
    private readonly RuleScope _scope = new(rule, input);
    private readonly RuleMetrics.Info _metric = RuleMetrics.Of(rule.Metric);

    /// <summary>Measures.</summary>
    internal RuleMeasurement Measure()
    {
        if (_scope.WhyUnseen is { } unseen) return RuleMeasurement.None(unseen);
        var losses = new RuleLosses(_scope);
        if (rule.Metric == RuleMetric.Share) return new ShareMeter(rule, input, _scope, losses).Measure();
        var sum = new Tally();
        foreach (Row row in _scope.Rows) sum.Add(row);
        if (rule.Metric is RuleMetric.Count or RuleMetric.Rate) return Count(sum, losses);
        if (!input.HasTime) return RuleMeasurement.None("handling times were not measured");
        if (rule.Metric == RuleMetric.Max && LongestOpen(sum.MaxNs) is { } open)
            return RuleMeasurement.Lowest(
                ExactNumber.Of(open.Ns), RuleText.Owner(input.Interval, open.Key), losses.OfTimes ?? "it has not ended");
        // The total time of no exits is 0, but they have no average and no longest.
        if (sum.Timed == 0 && (sum.Count > 0 || rule.Metric != RuleMetric.Total)) return NoneTimed(sum, losses);
        return rule.Metric switch
        {
            RuleMetric.Total => RuleMeasurement.Lowest(ExactNumber.Of(sum.TotalNs), Most(r => r.TotalNs), losses.OfTimes, losses.Open),
            RuleMetric.Max => RuleMeasurement.Lowest(
                ExactNumber.Of(sum.MaxNs), Longest(), losses.OfTimes ?? UnknownAges(losses), losses.Open),
            _ when losses.OfTimes is { } lost => RuleMeasurement.None($"{_metric.Name} is not known: {lost}"),
            RuleMetric.Average =>
                new(ExactNumber.Of(sum.TotalNs).Over(ExactNumber.Of(sum.Timed)), RuleBound.Exact,
                $"of {Plural.Of(sum.Timed, "exit", "exits")}", losses.Open),
            _ => Quantile(sum, losses),
        };
    }

    private RuleMeasurement Count(Tally sum, RuleLosses losses)
    {
        ExactNumber count = ExactNumber.Of(sum.Count);
        if (rule.Metric == RuleMetric.Count) return RuleMeasurement.Lowest(count, Most(r => r.Count), losses.OfCounts);
        string note = $"{Plural.Of(sum.Count, "exit", "exits")} in {ScaledText.Time((ulong)Math.Round(input.Interval.Seconds * 1e9))}";
        return RuleMeasurement.Lowest(count.Over(ExactNumber.Of((decimal)input.Interval.Seconds)), note, losses.OfCounts);
    }

    private RuleMeasurement NoneTimed(Tally sum, RuleLosses losses)
    {
        string text = sum.Count == 0 ? $"no {rule.Target.Exits} was seen" : $"no {rule.Target.Exits} was timed";
        return RuleMeasurement.None(
            (sum.Count == 0 ? losses.OfCounts : losses.OfTimes ?? losses.Open) is { } more ? $"{text}; {more}" : text);
    }

    private RuleMeasurement Quantile(Tally sum, RuleLosses losses)
    {
        ulong? quantile = sum.Quantile(_metric.Quantile.GetValueOrDefault());
        if (quantile is not { } ns) return RuleMeasurement.None("the distribution of the handling times was not measured");
        int bin = HistogramLayout.BinOf(ns);
        ulong low = HistogramLayout.LowNs(bin), high = HistogramLayout.HighNs(bin);
        string note = Most(r => r.HasBins ? r.Bins.CountFrom(bin) : 0, "most of the slowest");
        // The maximum is exact; other quantiles are as exact as their bin.
        bool isRough = ns != sum.LongestNs && rule.Value.Exact.CompareTo(ExactNumber.Of(low)) >= 0
            && rule.Value.Exact.CompareTo(ExactNumber.Of(high)) < 0;
        string? rough = isRough ? $"an estimate within the bin {ShortTime(low)}..{ShortTime(Math.Min(high, sum.LongestNs ?? high))}" : null;
        return new(ExactNumber.Of(ns), RuleBound.Exact, note,
            rough is null ? losses.Open : losses.Open is null ? rough : $"{rough}; {losses.Open}");
    }

    // The open exit that is older than the longest that ended.
    private OpenAge? LongestOpen(ulong longestNs) =>
        _scope.Open is [_, ..] open && open.MaxBy(o => o.Ns) is var oldest && oldest.Ns > longestNs ? oldest : null;

    // An open exit of unknown age may be the longest.
    private string? UnknownAges(RuleLosses losses) =>
        _scope.Open is null && losses.Open is { } open ? $"{open}, and this recording does not say for how long" : null;

    private static string ShortTime(ulong ns) => ScaledText.Time(ns, tight: true);

    private string Longest()
    {
        Row? longest = _scope.Rows.Where(r => r.Timed > 0).MaxBy(r => r.MaxNs);
        return longest is null ? "" : RuleText.Owner(input.Interval, longest.Key);
    }

    // The row that most of it belongs to.
    private string Most(Func<Row, ulong> of, string what = "most")
    {
        Row? most = _scope.Rows.MaxBy(of);
        if (most is null || of(most) == 0) return "";
        return _scope.Rows.Count(r => of(r) > 0) == 1
            ? RuleText.Owner(input.Interval, most.Key)
            : string.Create(CultureInfo.InvariantCulture, $"{what}: {RuleText.Owner(input.Interval, most.Key)}");
    }
}

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

    // What a kernel does not measure is in another part's time, so the other parts may be smaller than they look.
    private RuleMeasurement OfPart(TimePart part, ulong wall)
    {
        MissingSource[] missing = [.. scope.Observed.Missing.Where(m => m.Part is not null)];
        if (Array.Find(missing, m => m.Part == part) is { } own) return RuleMeasurement.None(own.Text);
        TimeParts parts = default;
        foreach (WallRow row in WallClockBuilder.Build(scope.Observed, rule.NamesVcpu ? Grouping.Vcpu : Grouping.Vm)) parts.Add(row.Parts);
        if (missing.Length > 0) return Share(parts[part], wall, RuleBound.AtMost, missing[0].Text);
        string? missed = Accounting.MissedEventsField.Line(scope.Observed.Accounting);
        // Poll time without an event is part of KVM's time.
        RuleBound bound = (missed, part) switch
        {
            (null, _) => RuleBound.Exact,
            (_, TimePart.Poll) => RuleBound.AtLeast,
            (_, TimePart.Kvm) => RuleBound.AtMost,
            _ => RuleBound.Exact,
        };
        return Share(parts[part], wall, bound, bound == RuleBound.Exact ? null : missed);
    }

    // Open exits are in the parts with their time so far, as in the table of the split.
    private RuleMeasurement OfExits(ulong wall)
    {
        ulong ns = 0;
        foreach (Row row in scope.OfLevel) ns += Of(row);
        string? lost = losses.Unread ?? losses.Untimed;
        return Share(Math.Min(ns, wall), wall, lost is null ? RuleBound.Exact : RuleBound.AtLeast, lost);
    }

    // Of a halt only what was halted is idle, and the rest is what it cost.
    private ulong Of(Row row)
    {
        ulong whole = row.Parts?.Sum ?? row.TotalNs;
        if (rule.Target.Kind is not (RuleTargetKind.Exit or RuleTargetKind.Idle) || row.Key.Code.Isa == Isa.None)
            return scope.Rows.Contains(row) ? whole : 0;
        ulong idle = Idleness.IdleNs(row.Key, row, Idleness.KnowsHalts(scope.Observed)) ?? (Idleness.IsIdle(row.Key) ? whole : 0);
        return rule.Target.Kind == RuleTargetKind.Idle ? idle : whole - Math.Min(whole, idle);
    }

    private static RuleMeasurement Share(ulong part, ulong wall, RuleBound bound, string? caveat) =>
        new(ExactNumber.Of(part).Over(ExactNumber.Of(wall)), bound, $"{ScaledText.Time(part)} of {ScaledText.Time(wall)}", caveat);
}

/// <summary>What was measured for a rule.</summary>
/// <param name="Value">The value in the base unit; null where there is none.</param>
/// <param name="Bound">How it relates to the true value.</param>
/// <param name="Note">What it belongs to; empty where there is nothing to say.</param>
/// <param name="Caveat">What limits it, or why there is no value; null where nothing does.</param>
internal readonly record struct RuleMeasurement(ExactNumber? Value, RuleBound Bound, string Note, string? Caveat)
{
    /// <summary>Nothing was measured.</summary>
    internal static RuleMeasurement None(string why) => new(null, RuleBound.Exact, "", why);

    /// <summary>A value that may be too low where something was lost.</summary>
    internal static RuleMeasurement Lowest(ExactNumber value, string note, string? loss, string? caveat = null) =>
        new(value, loss is null ? RuleBound.Exact : RuleBound.AtLeast, note, loss ?? caveat);
}
