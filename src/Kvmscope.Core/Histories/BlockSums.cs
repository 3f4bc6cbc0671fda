using Kvmscope.Core.Histories.Packing;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories;

/// <summary>What is read of an entry, or of the sum of some, after the history may have changed.</summary>
/// <param name="Head">It without all that grows with VMs and rows.</param>
/// <param name="Vms">Its VMs.</param>
/// <param name="Counters">What was counted.</param>
/// <param name="States">What was so at its begin and its end; null where that does not matter.</param>
internal readonly record struct HistoryPiece(Interval Head, VmIdentity[] Vms, PackedBytes Counters, PackedBytes? States);

/// <summary>
/// Sums of a few seconds up to a few minutes, made when they are first asked for: whoever looks at a quarter of an hour asks for nearly the
/// same 900 intervals every few seconds. What nobody asked for during a minute is forgotten. For several threads at once.
/// </summary>
/// <param name="most">How many bytes they may take; where there are more, intervals are added up one by one.</param>
internal sealed class BlockSums(long most)
{
    private const long Second = 1_000_000_000, KeptNs = 60 * Second;

    // Each sum is made of so many of the next length in s_lengths.
    private const int Children = 6;

    // Fewer are added up as fast as their sum is.
    private const int LeastPieces = 4;

    // The shortest only of what is small and asked for every few seconds: by VM, or of the host.
    private static readonly long[] s_lengths = [180 * Second, 30 * Second, 5 * Second];

    private readonly Lock _lock = new();
    private readonly Dictionary<BlockKey, Block> _blocks = [];
    private readonly IntervalPacker _packer = new(new ChunkPool());
    private readonly IntervalUnpacker _unpacker = new();
    private long _bytes;

    // Of a time in which VMs are not kept apart everywhere, no piece has any: then the sum must have none either.
    private readonly record struct BlockKey(int Length, long Number, HistoryForm Form, bool HasVms);

    // Without a sum where there was no room for it: it is not made again each time.
    private sealed record Block(HistoryPiece? Sum, long FromNs, long ToNs, long Bytes)
    {
        /// <summary>How far the history was when it was last asked for.</summary>
        internal long UsedAt { get; set; }
    }

    // All that was asked for, and where the fewer pieces go.
    private readonly ref struct Folding(ReadOnlySpan<HistoryPiece> all, HistoryForm form, long now, List<HistoryPiece> to)
    {
        internal readonly ReadOnlySpan<HistoryPiece> All = all;
        internal readonly HistoryForm Form = form;
        internal readonly long Now = now;
        internal readonly List<HistoryPiece> To = to;
    }

    /// <summary>What they take in memory.</summary>
    internal long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The same in fewer pieces.</summary>
    /// <param name="pieces">Consecutive entries.</param>
    /// <param name="form">Their form.</param>
    /// <param name="now">How far the history is.</param>
    internal List<HistoryPiece> Fold(ReadOnlySpan<HistoryPiece> pieces, HistoryForm form, long now)
    {
        List<HistoryPiece> folded = [];
        lock (_lock) Fold(new Folding(pieces, form, now, folded), 0, pieces.Length, 0);
        return folded;
    }

    /// <summary>Forgets what was not asked for lately; later, where somebody reads them now.</summary>
    /// <param name="now">How far the history is.</param>
    internal void Forget(long now)
    {
        if (!_lock.TryEnter()) return;
        try
        {
            foreach ((BlockKey key, Block block) in _blocks)
                if (block.UsedAt < now - KeptNs) Remove(key, block);
        }
        finally
        {
            _lock.Exit();
        }
    }

    private void Fold(scoped in Folding fold, int from, int to, int length)
    {
        if (length == LengthsOf(fold.Form) || to - from < LeastPieces)
        {
            fold.To.AddRange(fold.All[from..to]);
            return;
        }
        for (int first = from, end; first < to; first = end)
        {
            long block = BlockOf(fold.All[first], length);
            end = first + 1;
            while (end < to && BlockOf(fold.All[end], length) == block) end++;
            // Of the first and the last block there may be more entries than these; and what was open at the edges matters.
            bool isWhole = first > 0 && end < fold.All.Length && !HasGap(fold.All[first..(end + 1)]);
            if (isWhole && end - first >= LeastPieces && Of(fold, first, end, length, block) is { } sum) fold.To.Add(sum);
            else Fold(fold, first, end, length + 1);
        }
    }

    private static int LengthsOf(HistoryForm form) => form == HistoryForm.Exact ? s_lengths.Length - 1 : s_lengths.Length;

    private static long BlockOf(in HistoryPiece piece, int length) =>
        (piece.Head.FromNs + ((piece.Head.ToNs - piece.Head.FromNs) / 2)) / s_lengths[length];

    // With the piece after it: at both sides of a gap, what was open matters.
    private static bool HasGap(ReadOnlySpan<HistoryPiece> pieces)
    {
        foreach (HistoryPiece piece in pieces)
            if (piece.Head.IsAfterGap) return true;
        return false;
    }

    private static bool HasVms(ReadOnlySpan<HistoryPiece> pieces)
    {
        foreach (HistoryPiece piece in pieces)
            if (piece.Vms.Length > 0) return true;
        return false;
    }

    private HistoryPiece? Of(scoped in Folding fold, int first, int end, int length, long number)
    {
        ReadOnlySpan<HistoryPiece> pieces = fold.All[first..end];
        (long from, long to) = (pieces[0].Head.FromNs, pieces[^1].Head.ToNs);
        var key = new BlockKey(length, number, fold.Form, HasVms(pieces));
        if (_blocks.TryGetValue(key, out Block? block) && (block.FromNs, block.ToNs) == (from, to))
        {
            block.UsedAt = fold.Now;
            return block.Sum;
        }
        if (block is not null) Remove(key, block);
        List<HistoryPiece> parts = [];
        Fold(new Folding(fold.All, fold.Form, fold.Now, parts), first, end, length + 1);
        (HistoryPiece sum, long bytes) = SumOf(parts);
        bool hasRoom = _bytes + bytes <= most;
        if (hasRoom) RemoveChildren(key);
        block = new Block(hasRoom ? sum : null, from, to, hasRoom ? bytes : 0) { UsedAt = fold.Now };
        _blocks.Add(key, block);
        Interlocked.Add(ref _bytes, block.Bytes);
        return sum;
    }

    private (HistoryPiece Sum, long Bytes) SumOf(List<HistoryPiece> pieces)
    {
        // With all that the pieces have.
        var sum = new IntervalSum(Grouping.Vcpu);
        foreach (HistoryPiece piece in pieces) _unpacker.AddTo(sum, piece.Head, piece.Vms, piece.Counters, null);
        Interval interval = sum.ToInterval();
        PackedBytes counters = _packer.Pack(interval).Counters;
        return (new HistoryPiece(PackedInterval.HeadOf(interval), [.. interval.Vms], counters, null),
            counters.Bytes + HistoryEntry.BytesOfHead(interval.Vms.Count));
    }

    // Nobody asks for them while it is there, until it is at the edge of what is asked for.
    private void RemoveChildren(BlockKey key)
    {
        for (int child = 0; child < Children; child++)
        {
            var of = new BlockKey(key.Length + 1, (key.Number * Children) + child, key.Form, HasVms: false);
            if (_blocks.TryGetValue(of, out Block? without)) Remove(of, without);
            of = of with { HasVms = true };
            if (_blocks.TryGetValue(of, out Block? with)) Remove(of, with);
        }
    }

    private void Remove(BlockKey key, Block block)
    {
        _blocks.Remove(key);
        Interlocked.Add(ref _bytes, -block.Bytes);
    }
}
