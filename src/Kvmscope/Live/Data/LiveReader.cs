using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Data;

/// <summary>Reads the shown time of a history, once for all that is drawn of it.</summary>
/// <param name="source">What it is about.</param>
internal sealed class LiveReader(LiveSource source)
{
    private (long From, long To, long Newest) _read = (long.MinValue, long.MinValue, 0);

    /// <summary>The names.</summary>
    public LiveNames Names { get; } = new();

    /// <summary>What happened in the shown time; null where nothing was recorded.</summary>
    public Interval? Interval { get; private set; }

    /// <summary>The begin of the shown time.</summary>
    public long From => _read.From;

    /// <summary>The end of the shown time.</summary>
    public long To => _read.To;

    /// <summary>How finely the history is kept there.</summary>
    public HistoryDetail Detail { get; private set; }

    /// <summary>Parts of the wall clock that are not measured on this kernel.</summary>
    public int MissingParts { get; private set; }

    /// <summary>Reads what a state shows.</summary>
    public void Read(LiveState state)
    {
        IHistory history = source.History;
        (long from, long to) = LiveTime.Window(history, state);
        if (_read == (from, to, history.To)) return;
        bool isSame = _read.From == from && _read.To == to && Interval is not null;
        _read = (from, to, history.To);
        Detail = history.DetailAt(to);
        // What is past does not change.
        if (isSame) return;
        Interval = history.Sum(from, to, source.Grouping, source.Detail.Parts);
        Names.Read(Interval);
        MissingParts = 0;
        foreach (MissingSource missing in Interval?.Missing ?? [])
            if (missing.Part is { } part) MissingParts |= 1 << (int)part;
    }
}

/// <summary>A summary of the shown time that is made again only where that or the request is another.</summary>
internal sealed class LiveSummary
{
    private readonly Summary _summary = new();
    private Interval? _interval;
    private SummaryRequest _request;

    /// <summary>The groups, in no order.</summary>
    public IReadOnlyList<SummaryRow> Rows => _interval is null ? [] : _summary.Rows;

    /// <summary>The sum of all; only where there is an interval.</summary>
    public SummaryRow Total => _summary.Total;

    /// <summary>The summary; null where there is no interval.</summary>
    public Summary? Of => _interval is null ? null : _summary;

    /// <summary>Whether there is anything.</summary>
    public bool HasAny => _interval is not null;

    /// <summary>Reads an interval.</summary>
    /// <returns>Whether rows are others now.</returns>
    public bool Read(Interval? interval, SummaryRequest request)
    {
        if (ReferenceEquals(interval, _interval) && request == _request) return false;
        (_interval, _request) = (interval, request);
        if (interval is not null) _summary.Read(interval, request);
        return true;
    }

    /// <summary>The interval with the exits of a row only (<see cref="Summary.Only"/>).</summary>
    public Interval Only(SummaryRow row) => _summary.Only(row);

    /// <summary>Makes what only some rows need.</summary>
    public void AddDetail(IReadOnlyList<SummaryRow> rows) => _summary.AddDetail(rows);
}
