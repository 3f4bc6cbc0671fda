using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories.Packing;

/// <summary>
/// Packs the counters of a group exactly. A single exit takes 5 to 6 bytes; one with a histogram of 12 bins about 16, of which half is the
/// histogram.
/// </summary>
internal static class TallyCodec
{
    // In the flags of a row: bits 0 to 3 are of its key.
    private const int AllTimed = 1 << 4, Extra = 1 << 5, PartsShift = 6;

    // How parts are written. Mostly they are the handling time, divided: the last one is what is left.
    private const int NoParts = 0, ZeroParts = 1, AllParts = 2, LastPartFollows = 3;

    // Instead of the first bin of a histogram.
    private const byte Nothing = 253, Single = 254, NoBins = 255;

    private const int HasFinal = 1, HasRounds = 2, BytesOfNumber = 10, BytesOfBin = 11;

    private static readonly ulong[] s_lowNs = [.. Enumerable.Range(0, HistogramLayout.BinCount).Select(HistogramLayout.LowNs)];

    /// <summary>How many bytes a tally takes at most.</summary>
    internal static int MostBytes(Tally tally)
    {
        int bins = tally.HasBins ? tally.Bins.Counts.Length : 0;
        if (tally.Rounds is { HasBins: true } rounds) bins += rounds.Bins.Counts.Length;
        return (BytesOfNumber * (16 + TimeParts.Count)) + (BytesOfBin * bins);
    }

    /// <summary>The bits that say what is written of it.</summary>
    internal static int FlagsOf(Tally tally)
    {
        int flags = tally.Timed == tally.Count ? AllTimed : 0;
        if (tally.Final != 0 || tally.Rounds is not null) flags |= Extra;
        if (tally.Parts is not { } parts) return flags;
        int how = parts.IsZero ? ZeroParts : parts.Sum == tally.TotalNs ? LastPartFollows : AllParts;
        return flags | how << PartsShift;
    }

    internal static void Write(PackWriter to, Tally tally, int flags)
    {
        to.Number(tally.Count);
        if ((flags & AllTimed) == 0) to.Signed((long)(tally.Count - tally.Timed));
        WriteDurations(to, tally);
        int how = flags >> PartsShift & 3;
        if (how >= AllParts) WriteParts(to, tally.Parts!.Value, how == LastPartFollows);
        if ((flags & Extra) != 0) WriteExtra(to, tally);
    }

    /// <summary>Reads into an empty one.</summary>
    internal static void Read(ref PackReader from, Tally tally, int flags, Span<ulong> scratch)
    {
        tally.Count = from.Number();
        tally.Timed = (flags & AllTimed) != 0 ? tally.Count : tally.Count - (ulong)from.Signed();
        ReadDurations(ref from, tally, scratch);
        int how = flags >> PartsShift & 3;
        if (how == ZeroParts) tally.Parts = default(TimeParts);
        else if (how != NoParts) tally.Parts = ReadParts(ref from, how == LastPartFollows ? tally.TotalNs : null);
        if ((flags & Extra) != 0) ReadExtra(ref from, tally, scratch);
    }

    /// <summary>Parts as they are: which are not 0, and those.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="parts">The parts; differences may be negative.</param>
    /// <param name="isLastImplied">Whether the last one follows from the sum.</param>
    internal static void WriteParts(PackWriter to, in TimeParts parts, bool isLastImplied)
    {
        int mask = 0, last = -1;
        for (int i = 0; i < TimeParts.Count; i++)
        {
            if (parts[(TimePart)i] == 0) continue;
            mask |= 1 << i;
            last = i;
        }
        to.Byte((byte)mask);
        for (int i = 0; i < TimeParts.Count; i++)
            if ((mask & 1 << i) != 0 && !(isLastImplied && i == last)) to.Signed((long)parts[(TimePart)i]);
    }

    /// <summary>Reads parts; the last one is what is left of the sum, where that is known.</summary>
    internal static TimeParts ReadParts(ref PackReader from, ulong? sum)
    {
        TimeParts parts = default;
        int mask = from.Byte();
        ulong left = sum ?? 0;
        for (int i = 0; mask != 0; i++, mask >>= 1)
        {
            if ((mask & 1) == 0) continue;
            ulong part = mask == 1 && sum is not null ? left : (ulong)from.Signed();
            parts[(TimePart)i] = part;
            left -= part;
        }
        return parts;
    }

    private static void WriteDurations(PackWriter to, Durations durations)
    {
        if (!durations.HasBins)
        {
            bool hasAny = durations.TotalNs != 0 || durations.MaxNs != 0;
            to.Byte(hasAny ? NoBins : Nothing);
            if (!hasAny) return;
            to.Number(durations.TotalNs);
            to.Number(durations.MaxNs);
            return;
        }
        Histogram bins = durations.Bins;
        ReadOnlySpan<ulong> counts = bins.Counts;
        if (IsSingle(durations, bins.Low, counts))
        {
            to.Byte(Single);
            to.Number(durations.MaxNs);
            return;
        }
        to.Byte((byte)bins.Low);
        to.Number((ulong)counts.Length);
        to.Number(durations.TotalNs);
        // The longest is in the last bin, as good as always.
        to.Signed((long)(durations.MaxNs - s_lowNs[bins.Low + counts.Length - 1]));
        to.Nibbles(counts);
    }

    private static bool IsSingle(Durations durations, int low, ReadOnlySpan<ulong> counts) =>
        counts.Length == 1 && counts[0] == 1 && durations.Timed == 1 && durations.TotalNs == durations.MaxNs
        && HistogramLayout.BinOf(durations.MaxNs) == low;

    private static void ReadDurations(ref PackReader from, Durations durations, Span<ulong> scratch)
    {
        byte low = from.Byte();
        if (low == Nothing) return;
        if (low == Single)
        {
            durations.TotalNs = durations.MaxNs = from.Number();
            durations.Bins.Add(HistogramLayout.BinOf(durations.MaxNs), 1);
            return;
        }
        if (low == NoBins)
        {
            durations.TotalNs = from.Number();
            durations.MaxNs = from.Number();
            return;
        }
        Span<ulong> counts = scratch[..(int)from.Number()];
        durations.TotalNs = from.Number();
        durations.MaxNs = s_lowNs[low + counts.Length - 1] + (ulong)from.Signed();
        from.Nibbles(counts);
        durations.Bins.Add(low, counts);
    }

    private static void WriteExtra(PackWriter to, Tally tally)
    {
        to.Byte((byte)((tally.Final != 0 ? HasFinal : 0) | (tally.Rounds is not null ? HasRounds : 0)));
        if (tally.Final != 0) to.Number(tally.Final);
        if (tally.Rounds is not { } rounds) return;
        to.Number(rounds.Reflected);
        to.Number(rounds.HandlingNs);
        to.Number(rounds.L1Exits);
        to.Number(rounds.Timed);
        WriteDurations(to, rounds);
    }

    private static void ReadExtra(ref PackReader from, Tally tally, Span<ulong> scratch)
    {
        int what = from.Byte();
        if ((what & HasFinal) != 0) tally.Final = from.Number();
        if ((what & HasRounds) == 0) return;
        ReflectedRounds rounds = tally.Rounds = new ReflectedRounds
        {
            Reflected = from.Number(),
            HandlingNs = from.Number(),
            L1Exits = from.Number(),
            Timed = from.Number(),
        };
        ReadDurations(ref from, rounds, scratch);
    }
}
