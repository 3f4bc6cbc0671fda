namespace Kvmscope.Core.Views;

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
/// <param name="Cells">One cell a column; missing ones at the end are empty.</param>
/// <param name="Tone">Its emphasis.</param>
internal readonly record struct TextRow(TextCell[] Cells, RowTone Tone);
