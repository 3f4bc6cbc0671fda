using Kvmscope.Core.Recordings;

namespace Kvmscope.Recordings;

/// <summary>Divides intervals into columns of a timeline.</summary>
internal static class TimelineColumns
{
    // Usual units of time; the recording's spans begin at them too, so that long ones are read quickly.
    private static readonly int[] s_steps = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60];

    /// <summary>The columns: all of the same length, except the first and the last, which may be shorter.</summary>
    /// <param name="range">The intervals.</param>
    /// <param name="recording">Where they are.</param>
    /// <param name="step">How many intervals a column has; null for as many as fit.</param>
    /// <param name="most">How many columns there is room for.</param>
    public static IEnumerable<IntervalRange> Of(IntervalRange range, RecordingSet recording, int? step, int most)
    {
        // Each gap ends a column.
        IntervalRange[] pieces = [.. recording.Pieces(range)];
        int length = step ?? StepFor(range.Count, Math.Max(most / 2, most - pieces.Length + 1));
        foreach (IntervalRange piece in pieces)
        {
            for (int first = piece.First; first < piece.End;)
            {
                // By interval number, not by index: columns begin at the same times as in the whole recording.
                int next = Math.Min(piece.End, first + length - (int)(recording.NumberOf(first) % length));
                yield return new IntervalRange(first, next - first);
                first = next;
            }
        }
    }

    private static int StepFor(int intervals, int most)
    {
        if (intervals <= most) return 1;
        // There may be one column more than the division gives, because the first and the last are cut.
        int least = (intervals + most - 2) / Math.Max(1, most - 1);
        foreach (int step in s_steps)
            if (step >= least) return step;
        int minutes = (least + 59) / 60;
        foreach (int step in s_steps)
            if (step >= minutes) return 60 * step;
        return 3600 * ((minutes + 59) / 60);
    }
}
