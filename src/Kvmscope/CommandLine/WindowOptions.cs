using System.CommandLine;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Recordings;

namespace Kvmscope.CommandLine;

/// <summary>The options that select a part of a recording.</summary>
internal sealed class WindowOptions
{
    private readonly Option<string> _from = OptionFactory.Value("--from", "TIME",
        "Only what is after TIME: 14:05, 2026-03-01T14:05:30, +90s (from the start), -5m (from the end).");
    private readonly Option<string> _to = OptionFactory.Value("--to", "TIME", "Only what is before TIME, given as for --from.");

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> Options => [_from, _to];

    /// <summary>Whether any of them is on the command line.</summary>
    public bool IsGiven(ParseResult result) => result.Text(_from) is not null || result.Text(_to) is not null;

    /// <summary>The selected intervals.</summary>
    /// <exception cref="Core.KvmscopeException">It is not a time, or nothing was recorded then (status 2).</exception>
    public IntervalRange Read(ParseResult result, Recording recording, string path) =>
        Read(recording, path, result.Text(_from), result.Text(_to));

    /// <summary>The intervals of a window.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <param name="from">Its start as typed; null for the recording's.</param>
    /// <param name="to">Its end as typed; null for the recording's.</param>
    /// <param name="option">The option that gives both; null for --from and --to.</param>
    /// <exception cref="Core.KvmscopeException">It is not a time, or nothing was recorded then (status 2).</exception>
    public static IntervalRange Read(Recording recording, string path, string? from, string? to, string? option = null)
    {
        if (recording.Intervals == 0)
            throw UsageError.Of($"'{path}' holds no interval yet",
                "It was just started, or its recorder was killed within its first interval.");
        DateTimeOffset begin = recording.BeginOf(0), end = recording.EndOf(recording.Intervals - 1);
        DateTimeOffset? first = from is null ? null : RecordedTime.Parse(option ?? "--from", from, begin, end);
        DateTimeOffset? last = to is null ? null : RecordedTime.Parse(option ?? "--to", to, begin, end);
        if (last <= first)
        {
            throw option is null
                ? UsageError.Of("--to is not after --from", "Give a later --to, or an earlier --from.")
                : UsageError.Of($"{option} does not end after its start", "Give a later end, or an earlier start.");
        }
        IntervalRange range = recording.Range(first, last);
        if (range.Count > 0) return range;
        bool isShort = (first ?? begin) < end && (last ?? end) > begin;
        throw isShort
            ? UsageError.Of(
                $"no interval lies in that time: '{path}' has intervals of {ScaledText.Time((ulong)recording.Header.IntervalNs)}",
                "Give a longer time, with more than half of an interval in it.")
            : UsageError.Of("nothing was recorded in that time",
                $"'{path}' is from {begin:yyyy-MM-ddTHH:mm:ss} to {end:yyyy-MM-ddTHH:mm:ss}.");
    }
}
