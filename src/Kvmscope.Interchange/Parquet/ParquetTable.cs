using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Parquet;
using Parquet.Schema;

namespace Kvmscope.Interchange.Parquet;

/// <summary>
/// A table of what recordings hold, with the rows that are not written yet. docs/export.md describes the columns; a test compares.
/// </summary>
public abstract class ParquetTable
{
    /// <summary>
    /// The version of the columns. It grows when a column is removed, renamed or means something else; new columns do not change it.
    /// </summary>
    public const int Version = 1;

    private readonly List<Column> _columns = [];
    private readonly Column.Scratch _scratch = new();
    private ParquetSchema? _schema;

    private protected ParquetTable()
    {
    }

    /// <summary>Its name, for <c>--table</c>.</summary>
    public abstract string Name { get; }

    /// <summary>How many rows it has.</summary>
    public int Rows { get; private set; }

    /// <summary>The names of its columns, in order, each with its type in SQL.</summary>
    public IEnumerable<(string Name, string Type)> Columns => _columns.Select(c => (c.Definition.Name, TypeOf(c.Definition)));

    internal ParquetSchema Schema => _schema ??= new ParquetSchema(_columns.Select(c => c.Definition));

    /// <summary>Adds the rows of an interval.</summary>
    /// <param name="header">Of the recording that it is from.</param>
    /// <param name="interval">The interval, with what the recording keeps apart.</param>
    public virtual void Add(RecordingHeader header, Interval interval) => throw new NotSupportedException();

    /// <summary>Adds a slow exit.</summary>
    /// <param name="header">Of the recording that it is from.</param>
    /// <param name="exit">The exit.</param>
    public virtual void Add(RecordingHeader header, in SlowExit exit) => throw new NotSupportedException();

    /// <summary>Writes the rows and forgets them.</summary>
    internal async Task WriteAsync(ParquetRowGroupWriter to)
    {
        DataField[] leaves = Schema.DataFields;
        for (int i = 0; i < _columns.Count; i++) await _columns[i].WriteAsync(to, leaves[i], _scratch).ConfigureAwait(false);
        Clear();
    }

    /// <summary>Forgets the rows.</summary>
    internal void Clear()
    {
        foreach (Column column in _columns) column.Clear();
        Rows = 0;
    }

    /// <summary>Called after all columns of a row.</summary>
    private protected void EndRow() => Rows++;

    private protected TextColumn Text(string name) => Add(new TextColumn(new OptionalField(name, typeof(string))));

    private protected ValueColumn<long> Long(string name) => Add(new ValueColumn<long>(new OptionalField(name, typeof(long))));

    private protected ValueColumn<int> Int(string name) => Add(new ValueColumn<int>(new OptionalField(name, typeof(int))));

    // A code of SVM may have all bits set.
    private protected ValueColumn<ulong> Code(string name) =>
        Add(new ValueColumn<ulong>(new OptionalField(name, typeof(ulong))));

    private protected ValueColumn<bool> Flag(string name) => Add(new ValueColumn<bool>(new OptionalField(name, typeof(bool))));

    private protected ValueColumn<double> Real(string name) =>
        Add(new ValueColumn<double>(new OptionalField(name, typeof(double))));

    private protected ValueColumn<DateTime> Time(string name) => Add(new ValueColumn<DateTime>(new OptionalTimeField(name)));

    private protected ListColumn Longs(string name) =>
        Add(new ListColumn(new ListField(name, new DataField("element", typeof(long), isNullable: false))));

    private T Add<T>(T column) where T : Column
    {
        _columns.Add(column);
        return column;
    }

    private static string TypeOf(Field field) => field switch
    {
        ListField => "BIGINT[]",
        DateTimeDataField => "TIMESTAMP",
        DataField { ClrType: var type } when type == typeof(ReadOnlyMemory<char>) => "VARCHAR",
        DataField { ClrType: var type } when type == typeof(long) => "BIGINT",
        DataField { ClrType: var type } when type == typeof(int) => "INTEGER",
        DataField { ClrType: var type } when type == typeof(ulong) => "UBIGINT",
        DataField { ClrType: var type } when type == typeof(bool) => "BOOLEAN",
        _ => "DOUBLE",
    };
}
