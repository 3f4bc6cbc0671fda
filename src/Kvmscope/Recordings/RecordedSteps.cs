using System.Globalization;
using Kvmscope.CommandLine;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Recordings;

/// <summary>Reads an interval that is a multiple of a recording's.</summary>
internal static class RecordedSteps
{
    /// <summary>How many of the recording's intervals it is.</summary>
    /// <exception cref="Core.KvmscopeException">It is not a time, or not a multiple (status 2).</exception>
    public static int Parse(string text, RecordingSet recording)
    {
        double steps = Durations.Parse("--interval", text) / recording.Header.IntervalNs;
        return steps >= 0.999 && Math.Abs(steps - Math.Round(steps)) < 0.001
            ? (int)Math.Min(Math.Round(steps), int.MaxValue / 2)
            : throw UsageError.Of($"--interval {text} is not a multiple of the recording's intervals",
                $"They are {ScaledText.Time((ulong)recording.Header.IntervalNs)}: give a multiple of that.");
    }

    /// <summary>The parts of a range, each of some intervals; none goes over a time in which nothing was recorded.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="range">The intervals.</param>
    /// <param name="step">How many intervals a part has; the last before a gap may have fewer.</param>
    public static IEnumerable<IntervalRange> Of(RecordingSet recording, IntervalRange range, int step)
    {
        foreach (IntervalRange piece in recording.Pieces(range))
            for (int first = piece.First; first < piece.End; first += step)
                yield return new IntervalRange(first, Math.Min(step, piece.End - first));
    }

    /// <summary>Throws if there are more steps than fit in memory at once.</summary>
    /// <exception cref="Core.KvmscopeException">There are too many; the hint names an interval that gives fewer (status 2).</exception>
    public static void CheckCount(IntervalRange range, int step, int most, string what, RecordingSet recording)
    {
        int count = (range.Count + step - 1) / step;
        if (count <= most) return;
        long ns = recording.Header.IntervalNs * ((range.Count + most - 1) / most);
        (long each, string unit) = ns % 1_000_000_000 == 0 ? (1_000_000_000, "s") : ns % 1_000_000 == 0 ? (1_000_000, "ms") : (1L, "ns");
        throw UsageError.Of(string.Create(CultureInfo.InvariantCulture, $"that makes {count} {what}, and at most {most} are possible"),
            string.Create(CultureInfo.InvariantCulture,
                $"Give a longer interval, --interval {ns / each}{unit} or more, or a part: --from, --to (diff: --a, --b)."));
    }
}
