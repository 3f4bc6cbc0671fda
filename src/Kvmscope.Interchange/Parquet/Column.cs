using Parquet;
using Parquet.Schema;

namespace Kvmscope.Interchange.Parquet;

/// <summary>One column of a table: the values of the rows that are not written yet.</summary>
/// <param name="definition">Its name and type.</param>
internal abstract class Column(Field definition)
{
    /// <summary>Where values are unpacked to be written: all columns use the same memory, one after the other.</summary>
    internal sealed class Scratch
    {
        private int[] _definitions = [], _repetitions = [];

        internal ReadOnlyMemory<char>[] Texts { get; private set; } = [];

        internal int[] Definitions(int count) => Grown(ref _definitions, count);

        internal int[] Repetitions(int count) => Grown(ref _repetitions, count);

        internal ReadOnlyMemory<char>[] TextsOf(int count)
        {
            if (Texts.Length < count) Texts = new ReadOnlyMemory<char>[count];
            return Texts;
        }

        private static int[] Grown(ref int[] array, int count)
        {
            if (array.Length < count) array = new int[count];
            return array;
        }
    }

    /// <summary>Its name and type.</summary>
    internal Field Definition => definition;

    /// <summary>Writes its values as the next column.</summary>
    internal abstract Task WriteAsync(ParquetRowGroupWriter to, DataField leaf, Scratch scratch);

    /// <summary>Forgets them.</summary>
    internal abstract void Clear();

    /// <summary>An array with room for one more.</summary>
    protected static void Grow<T>(ref T[] array, int count)
    {
        if (count == array.Length) Array.Resize(ref array, Math.Max(1024, count * 2));
    }
}

/// <summary>Numbers, flags or times; some may be null.</summary>
/// <param name="field">Its name and type.</param>
internal sealed class ValueColumn<T>(DataField field) : Column(field) where T : struct
{
    private T[] _values = [];
    private bool[] _has = [];
    private int _count, _rows;

    /// <summary>The next row's value.</summary>
    internal void Add(T? value)
    {
        if (value is { } known)
        {
            Grow(ref _values, _count);
            _values[_count++] = known;
        }
        Grow(ref _has, _rows);
        _has[_rows++] = value.HasValue;
    }

    internal override Task WriteAsync(ParquetRowGroupWriter to, DataField leaf, Scratch scratch)
    {
        int[] definitions = scratch.Definitions(_rows);
        for (int i = 0; i < _rows; i++) definitions[i] = _has[i] ? 1 : 0;
        ReadOnlyMemory<int>? levels = leaf.MaxDefinitionLevel == 0 ? null : definitions.AsMemory(0, _rows);
        return to.WriteAllPartsAsync<T>(leaf, _values.AsMemory(0, _count), levels, null, CancellationToken.None);
    }

    internal override void Clear() => _count = _rows = 0;
}

/// <summary>Text; null where there is none.</summary>
/// <param name="field">Its name and type.</param>
internal sealed class TextColumn(DataField field) : Column(field)
{
    private string?[] _values = [];
    private int _rows;

    /// <summary>The next row's text.</summary>
    internal void Add(string? value)
    {
        Grow(ref _values, _rows);
        _values[_rows++] = value;
    }

    internal override Task WriteAsync(ParquetRowGroupWriter to, DataField leaf, Scratch scratch)
    {
        int[] definitions = scratch.Definitions(_rows);
        ReadOnlyMemory<char>[] texts = scratch.TextsOf(_rows);
        int count = 0;
        for (int i = 0; i < _rows; i++)
        {
            definitions[i] = _values[i] is null ? 0 : 1;
            if (_values[i] is { } text) texts[count++] = text.AsMemory();
        }
        return to.WriteAllPartsAsync<ReadOnlyMemory<char>>(
            leaf, texts.AsMemory(0, count), definitions.AsMemory(0, _rows), null, CancellationToken.None);
    }

    internal override void Clear()
    {
        Array.Clear(_values, 0, _rows);
        _rows = 0;
    }
}

/// <summary>A list of numbers in each row; null where there is none.</summary>
/// <param name="field">Its name and type.</param>
internal sealed class ListColumn(ListField field) : Column(field)
{
    // Of a list in Parquet: none, an empty one, a value.
    private const int NoList = 0, NoValue = 1, Value = 2;

    private long[] _values = [];
    private int[] _lengths = [];
    private int _count, _rows;

    /// <summary>Adds a number to the list of the next row.</summary>
    internal void Add(long value)
    {
        Grow(ref _values, _count);
        _values[_count++] = value;
    }

    /// <summary>Ends the list of the next row.</summary>
    /// <param name="length">How many numbers were added to it; -1 for no list.</param>
    internal void End(int length)
    {
        Grow(ref _lengths, _rows);
        _lengths[_rows++] = length;
    }

    internal override Task WriteAsync(ParquetRowGroupWriter to, DataField leaf, Scratch scratch)
    {
        int most = _count + _rows, at = 0;
        int[] definitions = scratch.Definitions(most), repetitions = scratch.Repetitions(most);
        for (int row = 0; row < _rows; row++)
        {
            int length = _lengths[row];
            for (int i = 0; i < Math.Max(1, length); i++, at++)
                (definitions[at], repetitions[at]) = (length < 0 ? NoList : length == 0 ? NoValue : Value, i == 0 ? 0 : 1);
        }
        return to.WriteAllPartsAsync<long>(
            leaf, _values.AsMemory(0, _count), definitions.AsMemory(0, at), repetitions.AsMemory(0, at), CancellationToken.None);
    }

    internal override void Clear() => _count = _rows = 0;
}
