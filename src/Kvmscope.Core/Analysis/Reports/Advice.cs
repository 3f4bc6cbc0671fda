namespace Kvmscope.Core.Analysis.Reports;

/// <summary>
/// What a report suggests: at most <see cref="MaxLines"/> lines, each with its figures; none where nothing stands out. Lines are ordered
/// by the time that was lost, and each cause has one. They follow from the interval alone, so that a recording gives those that the trace
/// gave. The rules and their thresholds are in docs/explain.md.
/// </summary>
public static class Advice
{
    /// <summary>More would be a second report.</summary>
    public const int MaxLines = 2;

    // Fewer exits say nothing about a guest.
    private const ulong MinExits = 100;

    /// <summary>The lines that apply, the largest loss first.</summary>
    /// <param name="report">What was measured.</param>
    /// <param name="unicode">Whether µ can be shown, else <c>us</c>.</param>
    public static IReadOnlyList<string> Of(Report report, bool unicode = true) =>
        [.. Findings(report, unicode).Take(MaxLines).Select(f => f.Text)];

    /// <summary>All findings, one per cause. Shares need all exits, so there are none where some were left out.</summary>
    internal static IEnumerable<AdviceFinding> Findings(Report report, bool unicode)
    {
        if (report.Interval.Accounting.Exits < MinExits || !report.Request.HasAllExits) return [];
        var figures = new AdviceFigures(report, unicode);
        // Of findings of the same size, the one that says why comes first.
        return AdviceRules.All.SelectMany(rule => rule.Find(figures)).OrderByDescending(f => f.LostNs).DistinctBy(f => f.Cause);
    }
}

/// <summary>A cause of lost time that stands out.</summary>
/// <param name="Cause">What it is about: two findings with the same cause are about the same time.</param>
/// <param name="LostNs">How long vCPUs lost by it, in ns, all together.</param>
/// <param name="Text">The line.</param>
/// <param name="Lines">The names of the rules and means that the line is made of.</param>
internal sealed record AdviceFinding(string Cause, ulong LostNs, string Text, params IReadOnlyList<string> Lines);

/// <summary>One rule of advice.</summary>
/// <param name="Name">Its name, for tests.</param>
/// <param name="Find">What it finds: nothing where its threshold is not reached.</param>
internal sealed record AdviceRule(string Name, Func<AdviceFigures, IEnumerable<AdviceFinding>> Find);
