using System.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Recordings;

namespace Kvmscope.CommandLine;

/// <summary>The options that select a part of a recording.</summary>
internal sealed class WindowOptions
{
    private readonly Option<string> _from = OptionFactory.Value("--from", "TIME",
        "Only what is after TIME: 14:05, yesterday, 2026-03-01T14:05:30, +90s (from the start), -5m (from the end).");
    private readonly Option<string> _to = OptionFactory.Value("--to", "TIME", "Only what is before TIME, given as for --from.");

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> Options => [_from, _to];

    /// <summary>Whether any of them is on the command line.</summary>
    public bool IsGiven(ParseResult result) => result.Text(_from) is not null || result.Text(_to) is not null;

    /// <summary>The times as typed.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="isOfExits">Whether single exits are chosen.</param>
    public TimeWindow Read(ParseResult result, bool isOfExits = false) =>
        new(result.Text(_from), result.Text(_to)) { IsOfExits = isOfExits };
}

/// <summary>A part of a recording as it was typed.</summary>
/// <param name="From">Its start; null for the recording's.</param>
/// <param name="To">Its end; null for the recording's.</param>
/// <param name="Option">The option that gives both; null for --from and --to.</param>
/// <param name="IsOfExits">Whether single exits are chosen, so that less than an interval is enough.</param>
internal sealed record TimeWindow(string? From, string? To, string? Option = null, bool IsOfExits = false)
{
    /// <summary>The part of a recording, of which the recordings with something of it are chosen.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <param name="now">What time it is.</param>
    /// <exception cref="Core.KvmscopeException">
    /// It is not a time, or was there more than once; nothing was recorded then; or the recordings of that time do not fit together
    /// (status 2).
    /// </exception>
    public RecordedWindow In(RecordingSet recording, string path, DateTimeOffset now)
    {
        if (From is null && To is null)
        {
            recording.Choose(null, null);
            return new RecordedWindow(recording.All, null, null);
        }
        (long from, long to) = Places(recording, path, now);
        // An end that was not typed is that of what was recorded, also where its last intervals are lost.
        long? first = From is null ? null : from, last = To is null ? null : to;
        recording.Choose(first, last);
        IntervalRange range = recording.Range(first, last);
        if (range.Count > 0) return new RecordedWindow(range, first, last);
        if (recording.Touching(first, last).Count == 0) throw Nothing(recording, path);
        if (IsOfExits) return new RecordedWindow(range, first, last);
        throw UsageError.Absent(
            $"no interval lies in that time: '{path}' has intervals of {ScaledText.Time((ulong)recording.Header.IntervalNs)}",
            "Give a longer time, with more than half of an interval in it.");
    }

    private (long From, long To) Places(RecordingSet recording, string path, DateTimeOffset now)
    {
        RecordedClock clock = recording.Clock;
        (long? fromPlace, DateTimeOffset? from) = Bound(recording, Option ?? "--from", From, now);
        (long? toPlace, DateTimeOffset? to) = Bound(recording, Option ?? "--to", To, now);
        if (to <= from)
            return clock.PlaceOfStep(from.Value, to.Value) ?? throw NotAfter();
        (long From, long To)[] pieces =
        [
            .. clock.PlacesBetween(from, to)
                .Select(p => (From: Math.Max(p.From, fromPlace ?? long.MinValue), To: Math.Min(p.To, toPlace ?? long.MaxValue)))
                .Where(p => p.From < p.To),
        ];
        // What is less than half an interval is the edge of another piece.
        (long From, long To)[] whole = [.. pieces.Where(p => recording.EdgeAt(p.From) < recording.EdgeAt(p.To))];
        if (whole.Length > 1) throw RecordedTime.SetBack(this, clock, whole);
        if (whole.Length == 1) return whole[0];
        if (toPlace <= fromPlace) throw NotAfter();
        return pieces.Length > 0 ? pieces[0] : throw Nothing(recording, path);
    }

    private KvmscopeException NotAfter() => Option is null
        ? UsageError.Of("--to is not after --from", "Give a later --to, or an earlier --from.")
        : UsageError.Of($"{Option} does not end after its start", "Give a later end, or an earlier start.");

    private static KvmscopeException Nothing(RecordingSet recording, string path) => UsageError.Absent("nothing was recorded in that time",
        $"'{path}' is from {WallTime.Of(recording.Clock.Begin)} to {WallTime.Of(recording.Clock.End)}.");

    // Two times between the same intervals are one.
    private static (long? Place, DateTimeOffset? Time) Bound(RecordingSet recording, string option, string? text, DateTimeOffset now)
    {
        if (text is null) return (null, null);
        (long? place, IReadOnlyList<DateTimeOffset> times) = RecordedTime.Read(option, text, recording.Clock, now);
        if (place is not null) return (place, null);
        DateTimeOffset[] apart = [.. times.DistinctBy(time => recording.EdgeAt(recording.Clock.PlacesOf(time)[0]))];
        return apart.Length == 1 ? (null, times[0]) : throw RecordedTime.Ambiguous(option, text, apart);
    }
}

/// <summary>A part of a recording.</summary>
/// <param name="Range">The intervals that are mostly in it.</param>
/// <param name="From">Its start on the recording's axis; null for the recording's.</param>
/// <param name="To">Its end; null for the recording's.</param>
internal sealed record RecordedWindow(IntervalRange Range, long? From, long? To);
