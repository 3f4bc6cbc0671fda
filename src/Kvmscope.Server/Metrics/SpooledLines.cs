namespace Kvmscope.Server.Metrics;

/// <summary>Lines of many series that come mixed and are read by series: a block of each is in memory, the others are in a file.</summary>
/// <param name="file">Read and written; closed with this.</param>
internal sealed class SpooledLines(Stream file) : IDisposable
{
    private const int BlockBytes = 2048;

    private readonly List<Series> _series = [];

    private sealed class Series
    {
        internal readonly byte[] Block = new byte[BlockBytes];
        internal readonly List<long> Blocks = [];
        internal int Length;
    }

    /// <summary>Begins a series; its number.</summary>
    internal int Begin()
    {
        _series.Add(new Series());
        return _series.Count - 1;
    }

    /// <summary>Adds to a series.</summary>
    internal void Add(int number, ReadOnlySpan<byte> lines)
    {
        Series series = _series[number];
        while (!lines.IsEmpty)
        {
            int length = Math.Min(lines.Length, BlockBytes - series.Length);
            lines[..length].CopyTo(series.Block.AsSpan(series.Length));
            lines = lines[length..];
            series.Length += length;
            if (series.Length < BlockBytes) return;
            series.Blocks.Add(file.Position);
            file.Write(series.Block);
            series.Length = 0;
        }
    }

    /// <summary>Writes a series; nothing can be added afterwards.</summary>
    internal void CopyTo(int number, Stream to)
    {
        Series series = _series[number];
        Span<byte> block = stackalloc byte[BlockBytes];
        foreach (long at in series.Blocks)
        {
            file.Position = at;
            file.ReadExactly(block);
            to.Write(block);
        }
        to.Write(series.Block.AsSpan(0, series.Length));
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
