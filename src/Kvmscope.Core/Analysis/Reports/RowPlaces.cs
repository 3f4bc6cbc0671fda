using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>
/// Where rows are in reports that follow one another: each stays where it was, also after intervals without it, so that the eye finds it.
/// A new row comes below the last one that the report's order puts before it.
/// </summary>
/// <param name="idleApart">Whether idle rows stay behind all others.</param>
internal sealed class RowPlaces(bool idleApart)
{
    /// <summary>A row that was in none of so many reports has no place any more: VMs come and go.</summary>
    internal const int KeptIntervals = 60;

    private readonly record struct Place((GroupKey Key, bool Idle) Row, int Seen);

    private List<Place> _busy = [], _idle = [];
    private int _reports;

    /// <summary>How many rows have a place.</summary>
    internal int Known => _busy.Count + _idle.Count;

    /// <summary>The rows of the next report in their places.</summary>
    /// <param name="rows">Its rows in the report's order.</param>
    internal List<ReportRow> Arrange(IReadOnlyList<ReportRow> rows)
    {
        _reports++;
        var arranged = new List<ReportRow>(rows.Count);
        if (idleApart)
        {
            _busy = Arrange(_busy, rows.Where(row => row.Idle != true), arranged);
            _idle = Arrange(_idle, rows.Where(row => row.Idle == true), arranged);
        }
        else _busy = Arrange(_busy, rows, arranged);
        return arranged;
    }

    private List<Place> Arrange(List<Place> places, IEnumerable<ReportRow> rows, List<ReportRow> arranged)
    {
        var known = new Dictionary<(GroupKey Key, bool Idle), int>(places.Count);
        for (int i = 0; i < places.Count; i++) known.Add(places[i].Row, i);
        var present = new ReportRow?[places.Count];
        // New rows by the place that they come after; -1 is before all.
        var added = new List<(int After, ReportRow Row)>();
        int last = -1;
        foreach (ReportRow row in rows)
        {
            if (known.TryGetValue(row.Group, out int at))
            {
                present[at] = row;
                last = Math.Max(last, at);
            }
            else added.Add((last, row));
        }
        var now = new List<Place>(places.Count + added.Count);
        int next = 0;
        for (int i = -1; i < places.Count; i++)
        {
            if (i >= 0) Keep(places[i], present[i]);
            // In the order of the report, so that the places they come after only grow.
            for (; next < added.Count && added[next].After == i; next++) Keep(new Place(added[next].Row.Group, _reports), added[next].Row);
        }
        return now;

        void Keep(Place place, ReportRow? row)
        {
            if (row is not null) arranged.Add(row);
            int seen = row is null ? place.Seen : _reports;
            if (_reports - seen < KeptIntervals) now.Add(place with { Seen = seen });
        }
    }
}
