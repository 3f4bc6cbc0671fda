using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>
/// Handling times of busy exits by group: a row per power of two, a column per group, the group with the most busy time first. Of VMs and
/// vCPUs it leaves out the reasons that were idle for most of their time, and such reasons have no column. Uses its memory again.
/// </summary>
public sealed class LatencyMatrix
{
    private readonly Summary _summary = new();
    private readonly List<SummaryRow> _groups = [];
    private readonly List<GroupKey> _columns = [];
    private ulong[] _counts = [];
    private int _first;

    /// <summary>The groups that have any handling time in it.</summary>
    public IReadOnlyList<GroupKey> Columns => _columns;

    /// <summary>The powers of two with any exit, and those between them.</summary>
    public int Rows { get; private set; }

    /// <summary>The shortest handling time of a row, ns.</summary>
    public ulong LowNs(int row) => HistogramLayout.OctaveLowNs(_first + row);

    /// <summary>Exits of a group in a row.</summary>
    public ulong this[int row, int column] => Column(column)[_first + row];

    /// <summary>Groups the handling times of an interval.</summary>
    public void Read(Interval interval, SummaryRequest request)
    {
        _summary.Read(interval, request);
        _groups.Clear();
        foreach (SummaryRow row in _summary.Rows)
            if (!row.IsIdle && row.Timed > 0) _groups.Add(row);
        _groups.Sort(static (a, b) => Compare(b, a));
        if (_counts.Length < _groups.Count * HistogramLayout.OctaveCount)
            _counts = new ulong[_groups.Count * HistogramLayout.OctaveCount];
        _columns.Clear();
        int first = HistogramLayout.OctaveCount, last = -1;
        foreach (SummaryRow group in _groups)
        {
            Span<ulong> column = Column(_columns.Count);
            column.Clear();
            _summary.AddOctaves(group, column);
            if (column.IndexOfAnyExcept(0UL) is not (>= 0 and int low)) continue;
            (first, last) = (Math.Min(first, low), Math.Max(last, column.LastIndexOfAnyExcept(0UL)));
            _columns.Add(group.Key);
        }
        (_first, Rows) = last < 0 ? (0, 0) : (first, last - first + 1);
    }

    private Span<ulong> Column(int column) => _counts.AsSpan(column * HistogramLayout.OctaveCount, HistogramLayout.OctaveCount);

    private static int Compare(SummaryRow a, SummaryRow b)
    {
        int order = a.BusyNs.CompareTo(b.BusyNs);
        if (order == 0) order = b.Key.Vm.CompareTo(a.Key.Vm);
        if (order == 0) order = b.Key.Vcpu.CompareTo(a.Key.Vcpu);
        if (order == 0) order = b.Key.Code.Code.CompareTo(a.Key.Code.Code);
        return order != 0 ? order : b.Key.Qualifier.Raw.CompareTo(a.Key.Qualifier.Raw);
    }
}
