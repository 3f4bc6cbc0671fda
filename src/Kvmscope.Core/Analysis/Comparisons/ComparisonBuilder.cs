using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>Compares two sides.</summary>
public static class ComparisonBuilder
{
    /// <summary>Compares both sides group by group, and marks what changed by more than noise.</summary>
    /// <param name="a">The first side.</param>
    /// <param name="b">The second side.</param>
    /// <param name="request">What to show.</param>
    public static Comparison Build(ComparisonSide a, ComparisonSide b, ComparisonRequest request)
    {
        ComparedSide sideA = ComparedSide.Of(a), sideB = ComparedSide.Of(b);
        var groups = new ComparisonGroups(a, b, request);
        var tests = new FigureTests();
        foreach (ComparisonGroup group in groups.Groups) tests.Add(group, group.Keys.Idle == false ? groups.Busy : null);
        tests.Add(groups.Busy, busy: null);
        tests.Add(groups.Total, busy: null);
        Dictionary<ComparisonGroup, ChangedFigures> marks = tests.Marks(FiguresOf);

        List<ComparisonRow> rows = [.. groups.Groups.Select(RowOf)];
        var keys = new ReportOrder(SortKey.Code);
        rows.Sort((x, y) => Compare(x, y, keys));
        int shown = Math.Clamp(request.Most ?? rows.Count, 0, rows.Count);
        return new Comparison(
            request, sideA, sideB, rows[..shown], RowOf(groups.Total), RowOf(groups.Busy), tests.Count, tests.Undecidable,
            [.. ComparisonNotes.Of(a, b, sideA, sideB, groups, tests), .. ComparisonNotes.OfRest(rows, shown)]);

        ComparisonRow RowOf(ComparisonGroup group)
        {
            (ComparisonFigures first, ComparisonFigures second) = FiguresOf(group);
            double change = PerSecond(group.B, sideB.Sum) - PerSecond(group.A, sideA.Sum);
            return new ComparisonRow(group.Keys, first, second, (long)Math.Round(change), marks.GetValueOrDefault(group));
        }

        (ComparisonFigures A, ComparisonFigures B) FiguresOf(ComparisonGroup group)
        {
            bool busy = group.Keys.Idle == false;
            return (group.A.Figures(sideA.Sum.Seconds, busy ? groups.Busy.A.Total.TotalNs : null),
                group.B.Figures(sideB.Sum.Seconds, busy ? groups.Busy.B.Total.TotalNs : null));
        }
    }

    private static double PerSecond(GroupSide side, Interval whole) => whole.Seconds > 0 ? side.Total.TotalNs / whole.Seconds : 0;

    private static int Compare(ComparisonRow x, ComparisonRow y, ReportOrder keys)
    {
        int order = (x.Keys.Idle ?? false).CompareTo(y.Keys.Idle ?? false);
        if (order == 0) order = Math.Abs((double)y.Change).CompareTo(Math.Abs((double)x.Change));
        if (order == 0) order = Math.Abs(y.B.Rate - y.A.Rate).CompareTo(Math.Abs(x.B.Rate - x.A.Rate));
        return order != 0 ? order : keys.Compare(x.Keys, y.Keys);
    }
}
