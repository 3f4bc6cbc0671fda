using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;
using Kvmscope.Live.Screen;

namespace Kvmscope.Live.Views;

/// <summary>A distribution of times as bars, a line per power of two.</summary>
internal static class LatencyBars
{
    /// <summary>The least width in which bars say something.</summary>
    public const int Least = 28;

    private const int Value = 9, Count = 8, MostOctaves = 64, MostBar = 60;

    /// <summary>The counts of some exits by power of two.</summary>
    /// <param name="matrix">Their times by reason.</param>
    /// <param name="counts">Takes the counts; as many as the matrix has rows.</param>
    public static int Sum(LatencyMatrix matrix, Span<ulong> counts)
    {
        int rows = Math.Min(matrix.Rows, counts.Length);
        for (int row = 0; row < rows; row++)
        {
            counts[row] = 0;
            for (int column = 0; column < matrix.Columns.Count; column++) counts[row] += matrix[row, column];
        }
        return rows;
    }

    /// <summary>The counts of a histogram by power of two, from the first to the last that has any.</summary>
    /// <returns>How many there are, and the first one's lower bound, ns.</returns>
    public static (int Rows, ulong LowNs) Sum(Histogram bins, Span<ulong> counts)
    {
        if (bins.Counts.IsEmpty) return (0, 0);
        int first = HistogramLayout.OctaveOf(bins.Low), rows = Math.Min(HistogramLayout.OctaveOf(bins.End - 1) - first + 1, counts.Length);
        counts[..rows].Clear();
        for (int bin = bins.Low; bin < bins.End; bin++) counts[Math.Min(HistogramLayout.OctaveOf(bin) - first, rows - 1)] += bins[bin];
        return (rows, HistogramLayout.OctaveLowNs(first));
    }

    /// <summary>Draws the bars of all exits of a matrix.</summary>
    public static void Draw(LiveFrame frame, LivePlace place, int height, LatencyMatrix matrix, string title)
    {
        Span<ulong> counts = stackalloc ulong[MostOctaves];
        int rows = Sum(matrix, counts);
        Draw(frame, place, height, counts[..rows], rows == 0 ? 0 : matrix.LowNs(0), title);
    }

    /// <summary>Draws bars. Where there are more than lines, a line has two powers of two, or three, and so on.</summary>
    public static void Draw(LiveFrame frame, LivePlace place, int height, ReadOnlySpan<ulong> counts, ulong lowNs, string title)
    {
        LiveText.Left(place.Grid, place.Row, place.Column, place.Width, title, CellTone.Heading, frame.Look);
        int lines = height - 1;
        if (counts.IsEmpty || lines <= 0 || place.Width < Least) return;
        int each = (counts.Length + lines - 1) / lines;
        lines = (counts.Length + each - 1) / each;
        ulong most = 0;
        for (int i = 0; i < lines; i++) most = Math.Max(most, SumOf(counts, i * each, each));
        if (most == 0) return;
        int bar = Math.Min(MostBar, place.Width - Value - Count - 2);
        Span<char> to = stackalloc char[LiveText.MostFigure];
        for (int i = 0; i < lines; i++)
        {
            int line = place.Row + 1 + i;
            ulong count = SumOf(counts, i * each, each);
            LiveText.Right(place.Grid, line, place.Column, Value, to[..LiveText.Time(to, Edge(lowNs, i * each), frame.Look)], CellTone.Dim);
            LiveBars.Bar(place.Grid, line, place.Column + Value + 1, bar, (double)count / most, CellTone.Kvm, frame.Look);
            LiveText.Right(place.Grid, line, place.Column + Value + 1 + bar, Count, to[..LiveText.Number(to, count, 7)], CellTone.Plain);
        }
    }

    private static ulong SumOf(ReadOnlySpan<ulong> counts, int first, int number)
    {
        ulong sum = 0;
        foreach (ulong count in counts.Slice(first, Math.Min(number, counts.Length - first))) sum += count;
        return sum;
    }

    /// <summary>The lower bound of the line so many after the first, ns.</summary>
    public static ulong Edge(ulong lowNs, int after) => after == 0 ? lowNs
        : lowNs == 0 ? 1UL << (HistogramLayout.MinShift + after - 1) : lowNs << after;

}

/// <summary>A matrix that is made again only where its interval or request is another.</summary>
internal sealed class LiveMatrix
{
    private Interval? _interval;
    private SummaryRequest _request;

    /// <summary>The matrix.</summary>
    public LatencyMatrix Matrix { get; } = new();

    /// <summary>Reads an interval.</summary>
    public void Read(Interval interval, SummaryRequest request)
    {
        if (ReferenceEquals(interval, _interval) && request == _request) return;
        (_interval, _request) = (interval, request);
        Matrix.Read(interval, request);
    }
}
