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
/// Sums of half a minute each, made when they are first asked for: whoever looks at a quarter of an hour asks for nearly the same 900
/// intervals every few seconds. What nobody asked for during a minute is forgotten. For several threads at once.
/// </summary>
/// <param name="most">How many bytes they may take; where there are more, intervals are added up one by one.</param>
internal sealed class BlockSums(long most)
{
    private const long BlockNs = 30_000_000_000, KeptNs = 60_000_000_000;

    // Fewer are added up as fast as their sum is.
    private const int LeastPieces = 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<BlockKey, Block> _blocks = [];
    private readonly IntervalPacker _packer = new(new ChunkPool());
    private readonly IntervalUnpacker _unpacker = new();
    private long _bytes;

    // Of a time in which VMs are not kept apart everywhere, no piece has any: then the sum must have none either.
    private readonly record struct BlockKey(long Number, HistoryForm Form, bool HasVms);

    // Without a sum where there was no room for it: it is not made again each time.
    private sealed record Block(HistoryPiece? Sum, long FromNs, long ToNs, long Bytes)
    {
        /// <summary>How far the history was when it was last asked for.</summary>
        internal long UsedAt { get; set; }
    }

    /// <summary>What they take in memory.</summary>
    internal long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The same in fewer pieces.</summary>
    /// <param name="pieces">Consecutive entries.</param>
    /// <param name="form">Their form.</param>
    /// <param name="now">How far the history is.</param>
    internal List<HistoryPiece> Fold(ReadOnlySpan<HistoryPiece> pieces, HistoryForm form, long now)
    {
        List<HistoryPiece> folded = new(pieces.Length);
        lock (_lock)
        {
            for (int first = 0, end; first < pieces.Length; first = end)
            {
                long block = BlockOf(pieces[first]);
                end = first + 1;
                while (end < pieces.Length && BlockOf(pieces[end]) == block) end++;
                // Of the first and the last block there may be more entries than these; and what was open at the edges matters.
                bool isWhole = first > 0 && end < pieces.Length && !HasGap(pieces[first..(end + 1)]);
                ReadOnlySpan<HistoryPiece> own = pieces[first..end];
                if (isWhole && own.Length >= LeastPieces && Of(new(block, form, HasVms(own)), own, now) is { } sum) folded.Add(sum);
                else folded.AddRange(own);
            }
        }
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

    private static long BlockOf(in HistoryPiece piece) =>
        (piece.Head.FromNs + ((piece.Head.ToNs - piece.Head.FromNs) / 2)) / BlockNs;

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

    private HistoryPiece? Of(BlockKey key, ReadOnlySpan<HistoryPiece> pieces, long now)
    {
        (long from, long to) = (pieces[0].Head.FromNs, pieces[^1].Head.ToNs);
        if (_blocks.TryGetValue(key, out Block? block) && (block.FromNs, block.ToNs) == (from, to))
        {
            block.UsedAt = now;
            return block.Sum;
        }
        if (block is not null) Remove(key, block);
        (HistoryPiece sum, long bytes) = SumOf(pieces);
        bool hasRoom = _bytes + bytes <= most;
        block = new Block(hasRoom ? sum : null, from, to, hasRoom ? bytes : 0) { UsedAt = now };
        _blocks.Add(key, block);
        Interlocked.Add(ref _bytes, block.Bytes);
        return sum;
    }

    private (HistoryPiece Sum, long Bytes) SumOf(ReadOnlySpan<HistoryPiece> pieces)
    {
        // With all that the pieces have.
        var sum = new IntervalSum(Grouping.Vcpu);
        foreach (HistoryPiece piece in pieces) _unpacker.AddTo(sum, piece.Head, piece.Vms, piece.Counters, null);
        Interval interval = sum.ToInterval();
        PackedBytes counters = _packer.Pack(interval).Counters;
        return (new HistoryPiece(PackedInterval.HeadOf(interval), [.. interval.Vms], counters, null),
            counters.Bytes + HistoryEntry.BytesOfHead(interval.Vms.Count));
    }

    private void Remove(BlockKey key, Block block)
    {
        _blocks.Remove(key);
        Interlocked.Add(ref _bytes, -block.Bytes);
    }
}
