using System.Globalization;
using Parquet;

namespace Kvmscope.Interchange.Parquet;

/// <summary>A Parquet file that is being written, in groups of rows: one group is in memory.</summary>
public sealed class ParquetFile
{
    /// <summary>How many rows a group has, and a few more: an interval is in one group.</summary>
    public const int GroupRows = 25_000;

    private const int MostPooled = 4 << 20;

    private readonly ParquetTable _table;
    private readonly ParquetWriter _writer;

    private ParquetFile(ParquetTable table, ParquetWriter writer) => (_table, _writer) = (table, writer);

    /// <summary>How many rows it has.</summary>
    public long Rows { get; private set; }

    /// <summary>Begins a file.</summary>
    /// <param name="table">Where its rows are added.</param>
    /// <param name="to">Takes the bytes; it need not be seekable.</param>
    /// <param name="program">The version of kvmscope.</param>
    /// <param name="snappy">Whether it is compressed with Snappy and not with Zstandard.</param>
    public static ParquetFile Begin(ParquetTable table, Stream to, string program, bool snappy)
    {
        var options = new ParquetOptions
        {
            CompressionMethod = snappy ? CompressionMethod.Snappy : CompressionMethod.Zstd,
            CompressionLevel = System.IO.Compression.CompressionLevel.Fastest,
            MaximumSmallPoolFreeBytes = MostPooled,
            MaximumLargePoolFreeBytes = MostPooled,
        };
        ParquetWriter writer = Wait(ParquetWriter.CreateAsync(table.Schema, to, options));
        writer.CustomMetadata = new Dictionary<string, string>
        {
            ["kvmscope.table"] = table.Name,
            ["kvmscope.schema"] = ParquetTable.Version.ToString(CultureInfo.InvariantCulture),
            ["kvmscope.program"] = program,
        };
        return new ParquetFile(table, writer);
    }

    /// <summary>Writes the rows of the table if there are enough for a group.</summary>
    public void Flush()
    {
        if (_table.Rows >= GroupRows) WriteGroup();
    }

    /// <summary>Writes what is left, and the end.</summary>
    public void End()
    {
        if (_table.Rows > 0) WriteGroup();
        _writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private void WriteGroup()
    {
        Rows += _table.Rows;
        using ParquetRowGroupWriter group = _writer.CreateRowGroup();
        _table.WriteAsync(group).GetAwaiter().GetResult();
    }

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
