namespace Kvmscope.Core.Output.Text;

/// <summary>
/// Lays out columns in a given width: first as they are, then closer, then with scaled numbers, then without the least important columns.
/// Lines never wrap; numbers are never cut.
/// </summary>
internal sealed class TextTable(IReadOnlyList<TextColumn> columns, ViewStyle style)
{
    private const int MinText = 3;

    private static readonly TableDensity[] s_densities =
    [
        new(Gap: 2, Compact: false, Shorten: false),
        new(Gap: 1, Compact: false, Shorten: false),
        new(Gap: 1, Compact: false, Shorten: true),
        new(Gap: 1, Compact: true, Shorten: true),
    ];

    private static readonly TableDensity[] s_keptGaps =
        [new(Gap: 2, Compact: false, Shorten: false), new(Gap: 2, Compact: false, Shorten: true)];

    private readonly List<TextRow> _rows = [];
    private readonly int[] _loose = HeaderWidths(columns);
    private readonly int[] _compact = HeaderWidths(columns);
    private readonly bool[] _hidden = new bool[columns.Count];

    /// <summary>Which columns earlier tables of the same view had; null where there are none.</summary>
    internal ShownColumns? Shown { get; init; }

    /// <summary>Whether texts are shortened before columns move closer.</summary>
    internal bool KeepsGaps { get; init; }

    internal void Add(RowTone tone, params TextCell[] cells)
    {
        _rows.Add(new TextRow(cells, tone));
        for (int i = 0; i < cells.Length; i++)
        {
            _loose[i] = Math.Max(_loose[i], cells[i].Measure(compact: false));
            _compact[i] = Math.Max(_compact[i], cells[i].Measure(compact: true));
        }
    }

    /// <summary>An empty line.</summary>
    internal void AddBlank() => Add(RowTone.Plain);

    internal void Write(TextWriter output)
    {
        HideZeros();
        TableDensity density = Fit(out int[] widths);
        bool[] middle = [.. Enumerable.Range(0, widths.Length).Select(i => IsCutInMiddle(i, widths[i]))];
        var line = new TextLine();
        if (columns.Where((c, i) => c.Group is not null && widths[i] >= 0).Any()) WriteGroups(output, line, widths, density.Gap);
        WriteHeader(output, line, widths, density.Gap);
        foreach (TextRow row in _rows)
        {
            line.Clear();
            int at = 0;
            for (int i = 0; i < widths.Length; i++)
            {
                if (widths[i] < 0) continue;
                line.MoveTo(at);
                if (i < row.Cells.Length) row.Cells[i].Write(line, widths[i], density, columns[i], middle[i], style.Unicode);
                at += widths[i] + density.Gap;
            }
            Ansi.WriteLine(output, line.Text, row.Tone, style);
        }
    }

    // Columns in which everything is 0.
    private void HideZeros()
    {
        for (int i = 0; i < _hidden.Length; i++)
        {
            if (columns[i].ZeroName is not { } name) continue;
            bool hasContent = _rows.Exists(row => i < row.Cells.Length && !row.Cells[i].IsZero);
            _hidden[i] = !(Shown?.Shows(name, hasContent) ?? hasContent);
        }
    }

    private bool IsCutInMiddle(int column, int width)
    {
        if (!columns[column].Left || width < 0 || width >= _loose[column]) return false;
        string[] cut = [.. _rows.Select(row => column < row.Cells.Length ? row.Cells[column].Text : null).OfType<string>().Distinct()
            .Where(text => TextWidth.Of(text) > width)];
        return TextWidth.EndsTellApart(cut, width);
    }

    private static int[] HeaderWidths(IReadOnlyList<TextColumn> columns)
    {
        var widths = new int[columns.Count];
        for (int i = 0; i < widths.Length; i++) widths[i] = columns[i].Header.Length;
        return widths;
    }

    // A width below 0 is a column that is left out.
    private TableDensity Fit(out int[] widths)
    {
        TableDensity[] densities = KeepsGaps ? s_keptGaps : s_densities;
        int last = 0;
        foreach (TextColumn column in columns) last = Math.Max(last, column.Drop);
        for (int dropped = 0; dropped <= last; dropped++)
            foreach (TableDensity density in densities)
            {
                widths = Widths(density, dropped);
                if (density.Shorten) Shorten(widths, density.Gap, comfortable: true);
                if (LengthOf(widths, density.Gap) <= style.TableWidth) return density;
            }
        TableDensity densest = densities[^1];
        widths = Widths(densest, last);
        Shorten(widths, densest.Gap, comfortable: false);
        return densest;
    }

    private int[] Widths(TableDensity density, int dropped)
    {
        var widths = (int[])(density.Compact ? _compact : _loose).Clone();
        for (int i = 0; i < widths.Length; i++)
            if (_hidden[i] || (columns[i].Drop > 0 && columns[i].Drop <= dropped)) widths[i] = -1;
        return widths;
    }

    // Shortens the widest text first.
    private void Shorten(int[] widths, int gap, bool comfortable)
    {
        for (int excess = LengthOf(widths, gap) - style.TableWidth; excess > 0; excess--)
        {
            int widest = -1;
            for (int i = 0; i < widths.Length; i++)
            {
                if (!columns[i].Left || widths[i] <= (comfortable ? columns[i].Comfort : MinText)) continue;
                if (widest < 0 || widths[i] > widths[widest]) widest = i;
            }
            if (widest < 0) return;
            widths[widest]--;
        }
    }

    private static int LengthOf(int[] widths, int gap)
    {
        int sum = -gap;
        foreach (int width in widths)
            if (width >= 0) sum += width + gap;
        return sum;
    }

    private void WriteHeader(TextWriter output, TextLine line, int[] widths, int gap)
    {
        line.Clear();
        int at = 0;
        for (int i = 0; i < widths.Length; i++)
        {
            if (widths[i] < 0) continue;
            line.MoveTo(at);
            line.Put(columns[i].Header, widths[i], columns[i].Left, middle: false, style.Unicode);
            at += widths[i] + gap;
        }
        Ansi.WriteLine(output, line.Text, RowTone.Bold, style);
    }

    // Each group ends above the last of its columns.
    private void WriteGroups(TextWriter output, TextLine line, int[] widths, int gap)
    {
        line.Clear();
        int at = 0;
        for (int i = 0; i < widths.Length; i++)
        {
            if (widths[i] < 0) continue;
            int begin = at, end = at + widths[i];
            string? group = columns[i].Group;
            for (int next = i + 1; group is not null && next < widths.Length && (widths[next] < 0 || columns[next].Group == group); next++)
            {
                if (widths[next] < 0) continue;
                end += gap + widths[next];
                i = next;
            }
            line.MoveTo(begin);
            if (group is not null) line.Put(group, end - begin, left: false, middle: false, style.Unicode);
            at = end + gap;
        }
        Ansi.WriteLine(output, line.Text, RowTone.Bold, style);
    }
}

/// <summary>One column of a <see cref="TextTable"/>.</summary>
/// <param name="Header">Its heading.</param>
internal sealed record TextColumn(string Header)
{
    /// <summary>A heading above the headings, shared with the columns next to it that have the same one.</summary>
    internal string? Group { get; init; }

    /// <summary>Whether it is aligned to the left, and its texts may be shortened.</summary>
    internal bool Left { get; init; }

    /// <summary>Texts are not shortened below this width if another column can be left out instead.</summary>
    internal int Comfort { get; init; } = int.MaxValue;

    /// <summary>
    /// Left out where everything in it is 0, under this name in <see cref="ShownColumns"/>; null where it is shown then too.
    /// </summary>
    internal string? ZeroName { get; init; }

    /// <summary>Left out if there is no room, the lowest first and equal ones together; 0 is never left out.</summary>
    internal int Drop { get; init; }
}

/// <summary>How a line of a table is emphasized, where there is colour.</summary>
internal enum RowTone
{
    /// <summary>Not at all.</summary>
    Plain,

    /// <summary>Less: idle exits.</summary>
    Dim,

    /// <summary>What the reader should know before trusting a figure.</summary>
    Warning,

    /// <summary>More: headings and sums.</summary>
    Bold,
}

/// <summary>One line of a table.</summary>
/// <param name="Cells">One cell per column; missing ones at the end are empty.</param>
/// <param name="Tone">Its emphasis.</param>
internal readonly record struct TextRow(TextCell[] Cells, RowTone Tone);

/// <summary>How dense a table is.</summary>
/// <param name="Gap">Spaces between columns.</param>
/// <param name="Compact">Whether large numbers are scaled and times have no space before their unit.</param>
/// <param name="Shorten">Whether texts may be shortened to their column's comfortable width.</param>
internal readonly record struct TableDensity(int Gap, bool Compact, bool Shorten);
