using System.Globalization;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// A histogram as bars, one line per power of two, up to the last one with a count: <c>4096 -> 8191 : 12 |****|</c>. Durations below
/// <see cref="HistogramLayout.MinShift"/> are one line.
/// </summary>
internal static class OctaveBars
{
    private const int FullBar = 40, MinBar = 20, MinValue = 10, MinCount = 8;

    /// <summary>Writes the bars at their full width, in the layout of the drop-in histogram.</summary>
    internal static void WriteFull(TextWriter output, ReadOnlySpan<ulong> bins) => WriteLong(output, Sum(bins), FullBar);

    /// <summary>Writes the bars in the available width.</summary>
    internal static void Write(TextWriter output, ReadOnlySpan<ulong> bins, ViewStyle style)
    {
        ulong[] counts = Sum(bins);
        int fixedPart = LineLength(ValueWidth(counts.Length), CountWidth(counts), bar: 0);
        if (style.Width - fixedPart >= MinBar) WriteLong(output, counts, Math.Min(FullBar, style.Width - fixedPart));
        else WriteShort(output, counts, style);
    }

    // Up to the last octave with a count, at least one.
    private static ulong[] Sum(ReadOnlySpan<ulong> bins)
    {
        var counts = new ulong[HistogramLayout.OctaveCount];
        int used = 1;
        for (int bin = 0; bin < bins.Length; bin++)
        {
            if (bins[bin] == 0) continue;
            int octave = HistogramLayout.OctaveOf(bin);
            counts[octave] += bins[bin];
            used = octave + 1;
        }
        return counts[..used];
    }

    private static void WriteLong(TextWriter output, ulong[] counts, int bar)
    {
        int value = ValueWidth(counts.Length), count = CountWidth(counts);
        output.Write("     value".PadRight((2 * value) + " -> ".Length));
        output.Write(" : ");
        output.Write("count".PadRight(count));
        output.Write("  distribution\n");
        ulong largest = Largest(counts);
        for (int octave = 0; octave < counts.Length; octave++)
        {
            output.Write(Low(octave).PadLeft(value));
            output.Write(" -> ");
            output.Write(High(octave).PadRight(value));
            output.Write(" : ");
            output.Write(Number(counts[octave]).PadRight(count));
            output.Write(" |");
            output.Write(Stars(counts[octave], largest, bar).PadRight(bar));
            output.Write("|\n");
        }
    }

    // The lower bound, scaled, is enough to read a line.
    private static void WriteShort(TextWriter output, ulong[] counts, ViewStyle style)
    {
        int value = "1.02 µs".Length, count = CountWidth(counts);
        int bar = Math.Max(1, style.Width - value - count - "  ||".Length);
        output.Write("from".PadLeft(value));
        output.Write(' ');
        output.Write("count".PadLeft(count));
        output.Write('\n');
        ulong largest = Largest(counts);
        for (int octave = 0; octave < counts.Length; octave++)
        {
            output.Write(ScaledText.Time(HistogramLayout.OctaveLowNs(octave), style.Unicode).PadLeft(value));
            output.Write(' ');
            output.Write(Number(counts[octave]).PadLeft(count));
            output.Write(" |");
            output.Write(Stars(counts[octave], largest, bar).PadRight(bar));
            output.Write("|\n");
        }
    }

    private static string Stars(ulong count, ulong largest, int width) =>
        new('*', largest == 0 ? 0 : (int)((UInt128)count * (uint)width / largest));

    private static int LineLength(int value, int count, int bar) => (2 * value) + count + bar + " ->  :  ||".Length;

    private static int ValueWidth(int octaves) => Math.Max(MinValue, Low(octaves - 1).Length);

    private static int CountWidth(ulong[] counts) => Math.Max(MinCount, Number(Largest(counts)).Length);

    private static ulong Largest(ulong[] counts)
    {
        ulong largest = 0;
        foreach (ulong count in counts) largest = Math.Max(largest, count);
        return largest;
    }

    private static string Low(int octave) => Number(HistogramLayout.OctaveLowNs(octave));

    // The last one has no end.
    private static string High(int octave) => octave == HistogramLayout.OctaveCount - 1
        ? "more"
        : Number(HistogramLayout.OctaveLowNs(octave + 1) - 1);

    private static string Number(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
