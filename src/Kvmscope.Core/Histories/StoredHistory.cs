using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Histories;

/// <summary>
/// What a trace has in memory, and the recordings that it writes meanwhile, with earlier ones of the same host, as one. Recordings tell
/// what is older than the memory, and what memory keeps less finely; every interval is counted once. Places are CLOCK_MONOTONIC of this
/// boot, ns; those of earlier boots lie before it by the wall clock, and may be negative.
/// <para>
/// One thread adds, others may read meanwhile. Of recordings only what is asked for is read, and the latest answers are kept
/// (<see cref="RecordedHistory"/>).
/// </para>
/// </summary>
public sealed class StoredHistory : IHistory
{
    // While it is read, memory may forget what is oldest in it.
    private const int MostTries = 5;

    private readonly LiveHistory _memory;
    private readonly RunningVms _vms;
    private readonly HistoryDetail _full;
    private volatile IReadOnlyList<string> _notes = [];
    private volatile string? _error;
    private volatile Stored? _stored;

    // Recordings, and where their axis begins on this one.
    private sealed record Stored(RecordedHistory History, long Shift, bool EndsInThisBoot)
    {
        internal long From => History.From + Shift;

        internal long To => History.To + Shift;
    }

    /// <summary>Makes one without recordings.</summary>
    /// <param name="memory">The trace's memory; intervals are added through <see cref="Add"/>.</param>
    /// <param name="header">What the trace measures.</param>
    /// <param name="made">Whether this trace made a recording.</param>
    public StoredHistory(LiveHistory memory, RecordingHeader header, Func<RecordingPart, bool> made)
    {
        (_memory, _vms) = (memory, new RunningVms(header.BootId, made));
        _full = memory.DetailAt(0);
    }

    /// <summary>What belongs beside its figures: what was left out, or could not be read; foreign text.</summary>
    public IReadOnlyList<string> Notes =>
        [.. _notes.Concat(_stored?.History.Notes ?? []).Concat(_error is { } error ? [error] : []).Distinct()];

    /// <summary>Called where a recording cannot be opened any more: it was removed or cut short. It must not wait.</summary>
    public Action Broken { get; init; } = static () => { };

    /// <inheritdoc/>
    public long From => Both() is var (stored, first) ? Math.Min(stored.From, first) : _memory.From;

    /// <inheritdoc/>
    public long To => _memory.To;

    /// <inheritdoc/>
    public long StepNs => _memory.StepNs;

    /// <inheritdoc/>
    public IReadOnlyList<long> Seams =>
        Both() is not var (stored, first) ? [] : stored.To > first ? [first, stored.To] : [first];

    /// <summary>Adds the next interval of the trace.</summary>
    public void Add(Interval interval)
    {
        _vms.Add(interval.Vms);
        _memory.Add(interval);
    }

    /// <summary>Takes other recordings than before.</summary>
    /// <param name="parts">What is there; those that cannot be shown together with the trace are left out, and named.</param>
    /// <param name="open">Opens one of them.</param>
    /// <param name="trace">The header of the trace, with its begin.</param>
    /// <param name="leftOut">What was left out before, one sentence each.</param>
    public void Show(
        IReadOnlyList<RecordingPart> parts, Func<RecordingPart, Recording> open, RecordingHeader trace, IEnumerable<string> leftOut)
    {
        var notes = new List<string>(leftOut);
        List<RecordingPart> chosen = Choose(parts, trace, notes);
        (_notes, _error) = (notes, null);
        if (chosen.Count == 0)
        {
            _stored = null;
            return;
        }
        try
        {
            _stored = Join(chosen, open, trace);
        }
        catch (KvmscopeException error)
        {
            // It was removed or cut since it was looked at.
            (_stored, _error) = (null, error.Message);
        }
    }

    private Stored Join(List<RecordingPart> chosen, Func<RecordingPart, Recording> open, RecordingHeader trace)
    {
        var set = new RecordingSet(chosen, open, _vms);
        set.Choose(null, null);
        RecordingPart last = chosen[^1];
        bool isThisBoot = last.Header.BootId == trace.BootId;
        long end = isThisBoot ? last.ToNs : trace.MonotonicNs - Math.Max(0, (trace.Started - last.Clock.End).Ticks * 100);
        return new Stored(new RecordedHistory(set), end - set.Clock.EndNs, isThisBoot);
    }

    /// <inheritdoc/>
    public HistoryDetail DetailAt(long place)
    {
        HistoryDetail kept = _memory.DetailAt(place);
        if (Both() is not var (stored, first) || place > Math.Max(first, stored.To)) return kept;
        return place <= first ? _full : kept with { Grouping = _full.Grouping, Parts = _full.Parts };
    }

    /// <inheritdoc/>
    public HistoryDetail DetailOf(long from, long to)
    {
        HistoryDetail kept = _memory.DetailAt(Math.Min(to, from + 1));
        if (Both() is not var (stored, first)) return kept;
        if (from < first) kept = kept with { StepNs = _full.StepNs };
        if (Seam(stored, first, from, to, HistoryForm.Exact) is var (_, fine) && fine)
            return kept with { Grouping = _full.Grouping, Parts = _full.Parts };
        Grouping grouping = Seam(stored, first, from, to, HistoryForm.Vm).IsFine ? Grouping.Vm : Grouping.Host;
        return kept with { Grouping = grouping < _full.Grouping ? grouping : _full.Grouping, Parts = ExitParts.None };
    }

    /// <inheritdoc/>
    public long EdgeBefore(long place) => Both() is var (stored, first) && place <= first
        ? Read(stored, stored.From, history => history.EdgeBefore(place - stored.Shift) + stored.Shift) : _memory.EdgeBefore(place);

    /// <inheritdoc/>
    public long EdgeAfter(long place) => Both() is var (stored, first) && place < Math.Min(first, stored.To)
        ? Read(stored, first, history => Math.Min(first, history.EdgeAfter(place - stored.Shift) + stored.Shift))
        : _memory.EdgeAfter(place);

    /// <inheritdoc/>
    public long EdgeNear(long place, long slack) => Both() is var (stored, first) && place <= first
        ? Read(stored, stored.From, history => Math.Min(first, history.EdgeNear(place - stored.Shift, slack) + stored.Shift))
        : _memory.EdgeBefore(place);

    /// <inheritdoc/>
    public long StepFor(long from, long to) => Both() is var (stored, first) && from < first
        ? stored.History.StepFor(from - stored.Shift, Math.Min(to, first) - stored.Shift) : _memory.StepNs;

    /// <inheritdoc/>
    public Interval? Sum(long from, long to, Grouping grouping, ExitParts parts, Action? check = null)
    {
        for (int tries = 1; ; tries++)
        {
            if (Both() is not var (stored, first)) return _memory.Sum(from, to, grouping, parts);
            long seam = Seam(stored, first, from, to, _memory.FormFor(grouping, parts)).Place;
            (Grouping asGrouped, ExitParts asParted) = (grouping, parts);
            Interval? late = to > seam ? _memory.Sum(Math.Max(from, seam), to, ref asGrouped, ref asParted) : null;
            // What it forgot meanwhile is in no answer.
            if (_memory.From != first && tries < MostTries) continue;
            if (from >= seam) return late;
            Interval? early =
                Read(stored, null, h => h.Sum(from - stored.Shift, Math.Min(to, seam) - stored.Shift, asGrouped, asParted, check));
            return early is null || late is null ? early ?? late : Join(stored, early, late, asGrouped, asParted);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SlowExit> Slow(long from, long to, int most, Func<bool>? goesOn = null)
    {
        long first = _memory.SlowFrom;
        IReadOnlyList<SlowExit> late = _memory.Slow(Math.Max(from, first), to, most);
        if (late.Count >= most || from >= first || Both() is not var (stored, _)) return late;
        return [.. Read(stored, [],
            h => h.Slow(from - stored.Shift, Math.Min(to, first) - stored.Shift, most - late.Count, goesOn)), .. late];
    }

    /// <inheritdoc/>
    public DateTimeOffset TimeAt(long place)
    {
        if (Both() is not var (stored, first) || place >= first) return _memory.TimeAt(place);
        if (place <= stored.To) return stored.History.TimeAt(place - stored.Shift);
        // Nothing was recorded there: as if the clock had gone on evenly.
        (DateTimeOffset before, DateTimeOffset after) = (stored.History.TimeAt(stored.History.To), _memory.TimeAt(first));
        return before.AddTicks((long)((Int128)(after - before).Ticks * (place - stored.To) / (first - stored.To)));
    }

    /// <inheritdoc/>
    public long? PlaceOf(DateTimeOffset time)
    {
        if (_memory.PlaceOf(time) is { } place) return place;
        return Both() is var (stored, first) && stored.History.PlaceOf(time) is { } at ? Math.Min(first, at + stored.Shift) : null;
    }

    // What of a time is read from recordings, up to a place, and whether all of it is then as fine as this form.
    private (long Place, bool IsFine) Seam(Stored stored, long first, long from, long to, HistoryForm form)
    {
        long fine = _memory.FineFrom(form);
        if (from >= fine || fine == first) return (first, true);
        if (to <= first || (to <= stored.To && stored.To >= first)) return (Math.Max(to, first), true);
        return fine <= stored.To ? (fine, true) : (first, false);
    }

    // Memory knows all that is newer than recordings, and is asked first: until the first interval, nothing is known.
    private (Stored Stored, long First)? Both() =>
        _stored is { } stored && _memory.From is var first && _memory.To > first && stored.From < first ? (stored, first) : null;

    private static Interval Join(Stored stored, Interval early, Interval late, Grouping grouping, ExitParts parts)
    {
        var sum = new IntervalSum(grouping, parts);
        sum.Add(early);
        sum.Add(late with { IsAfterGap = !stored.EndsInThisBoot || early.ToNs != late.FromNs });
        return sum.ToInterval();
    }

    private T Read<T>(Stored stored, T otherwise, Func<RecordedHistory, T> read)
    {
        try
        {
            return read(stored.History);
        }
        catch (KvmscopeException error)
        {
            _error = error.Message;
            Broken();
            return otherwise;
        }
    }

    // From the newest back: those that end where the next one, or the trace, begins at the latest.
    private List<RecordingPart> Choose(IReadOnlyList<RecordingPart> parts, RecordingHeader trace, List<string> notes)
    {
        var chosen = new List<RecordingPart>();
        (string boot, long ns, DateTimeOffset at) = (trace.BootId, long.MaxValue, DateTimeOffset.MaxValue);
        foreach (RecordingPart part in RecordingSet.InOrder(parts).Reverse())
        {
            if (!_vms.Made(part) && ns > trace.MonotonicNs && boot == trace.BootId) (ns, at) = (trace.MonotonicNs, trace.Started);
            string? why = part.WhyUnlike(trace);
            bool isBefore = part.Header.BootId == boot ? part.ToNs <= ns : part.Clock.End <= at;
            if (why is null && !isBefore) why = "it overlaps with one that is newer, or the host's clock was set back";
            if (why is not null)
            {
                notes.Add($"'{part.Name}' is left out: {why}");
                continue;
            }
            chosen.Add(part);
            (boot, ns, at) = (part.Header.BootId, part.FromNs, part.Clock.Begin);
        }
        chosen.Reverse();
        return chosen;
    }
}
