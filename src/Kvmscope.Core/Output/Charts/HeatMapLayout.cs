using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output.Charts;

/// <summary>The layout of a heat map, in dots, for any canvas.</summary>
internal sealed class HeatMapLayout
{
    /// <summary>The assumed width of a character: readers' fonts are a little wider than <see cref="BitmapFont"/>.</summary>
    internal const int CharacterWidth = 8;

    /// <summary>From a line of text to the next.</summary>
    internal const int LineHeight = 17;

    /// <summary>Where panels begin.</summary>
    internal const int Left = 72;

    /// <summary>Where the title and the foot begin.</summary>
    internal const int Margin = 16;

    private const int Right = 40, WidestPlot = 960, EmptyPlot = 640;
    private const int AllPanels = 1200, HighestPanel = 320, LowestPanel = 72, EmptyPanel = 40;
    private const int HeaderLines = 3, PanelTitle = 22, PanelGap = 12, AxisHeight = 26, LegendHeight = 44;

    /// <summary>Lays out a timeline, with fewer columns where there is no room for all.</summary>
    internal HeatMapLayout(Timeline timeline)
    {
        Timeline = timeline = timeline.Merge(WidestPlot);
        CellWidth = timeline.Columns.Count == 0 ? EmptyPlot : Math.Max(1, WidestPlot / timeline.Columns.Count);
        PlotWidth = CellWidth * Math.Max(1, timeline.Columns.Count);
        if (RangeOf(timeline) is var (lowest, highest))
        {
            int height = Math.Clamp(AllPanels / timeline.Rows.Count, LowestPanel, HighestPanel);
            Scale = DurationScale.Of(lowest, highest, height);
            Cells = [.. timeline.Rows.Select(row => row.Total.Timed == 0 ? null : new HeatMapCells(row, Scale))];
        }
        Counts = new CountScale(Cells.Max(c => c?.Largest) ?? 0);
        PanelHeight = Scale?.Height ?? EmptyPanel;
        FootTop = PanelTop(Math.Max(1, timeline.Rows.Count)) - PanelTitle + AxisHeight;
        NotesTop = FootTop + (Scale is null ? 0 : LegendHeight);
        Notes = [.. TimelineText.Notes(timeline).Concat(timeline.Losses).SelectMany(Wrap)];
        Height = NotesTop + (Notes.Count * LineHeight) + Margin;
    }

    /// <summary>What is shown.</summary>
    internal Timeline Timeline { get; }

    /// <summary>The cells of each row; null where no handling time of it was measured.</summary>
    internal IReadOnlyList<HeatMapCells?> Cells { get; } = [];

    /// <summary>The axis of handling times; null where no time was measured at all.</summary>
    internal DurationScale? Scale { get; }

    /// <summary>The colours of cells.</summary>
    internal CountScale Counts { get; }

    /// <summary>How wide a column is.</summary>
    internal int CellWidth { get; }

    /// <summary>How wide a panel is.</summary>
    internal int PlotWidth { get; }

    /// <summary>How high a panel is, without its title.</summary>
    internal int PanelHeight { get; }

    /// <summary>Where the legend begins.</summary>
    internal int FootTop { get; }

    /// <summary>Where the notes begin.</summary>
    internal int NotesTop { get; }

    /// <summary>How to read the picture, and what is missing in it, in lines that fit.</summary>
    internal IReadOnlyList<string> Notes { get; }

    /// <summary>How wide the picture is.</summary>
    internal int Width => Left + PlotWidth + Right;

    /// <summary>How high the picture is.</summary>
    internal int Height { get; }

    /// <summary>How many characters fit between the margins.</summary>
    internal int Characters => (Width - (2 * Margin)) / CharacterWidth;

    /// <summary>Where a panel begins, below its title.</summary>
    internal int PanelTop(int row) => Margin + (HeaderLines * LineHeight) + PanelTitle + (row * (PanelHeight + PanelTitle + PanelGap));

    private static (int Lowest, int Highest)? RangeOf(Timeline timeline)
    {
        int lowest = int.MaxValue, highest = -1;
        foreach (TimelineRow row in timeline.Rows)
        {
            Histogram bins = row.Total.Bins;
            if (bins.Counts.IsEmpty) continue;
            lowest = Math.Min(lowest, bins.Low);
            highest = Math.Max(highest, bins.End - 1);
        }
        return highest < 0 ? null : (lowest, highest);
    }

    private IEnumerable<string> Wrap(string text)
    {
        string rest = text;
        while (rest.Length > Characters)
        {
            int cut = rest.LastIndexOf(' ', Characters);
            if (cut <= 0) break;
            yield return rest[..cut];
            rest = "  " + rest[(cut + 1)..];
        }
        yield return rest;
    }
}
