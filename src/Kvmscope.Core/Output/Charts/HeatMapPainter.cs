using System.Globalization;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output.Charts;

/// <summary>Draws a heat map on any canvas.</summary>
internal sealed class HeatMapPainter(HeatMapLayout layout, ICanvas canvas)
{
    private const int TextDown = 4, TickGap = 8, TickLength = 4, AxisTextDown = 16, PanelTitleUp = 7, MarkHeight = 2;
    private const int MinTickSpace = 15, MinName = 24, AverageAt = 2;

    private readonly List<ClockTick> _clock = layout.Timeline.Columns.Count == 0 ? [] : ClockTicks.Of(
        layout.Timeline.Columns, layout.Timeline.ColumnSeconds, layout.CellWidth, HeatMapLayout.CharacterWidth);

    /// <summary>Draws all of it.</summary>
    internal void Paint()
    {
        canvas.Fill(Ink.Page, new Box(0, 0, layout.Width, layout.Height));
        PaintHeader();
        IReadOnlyList<TimelineRow> rows = layout.Timeline.Rows;
        if (rows.Count == 0) PaintMessage(0, layout.Timeline.Columns.Count == 0 ? "nothing was recorded" : "no exits were seen");
        for (int row = 0; row < rows.Count; row++) PaintPanel(row);
        PaintClock(Math.Max(0, rows.Count - 1));
        if (layout.Scale is not null) new HeatMapLegend(layout, canvas).Paint();
        for (int i = 0; i < layout.Notes.Count; i++)
            canvas.Text(HeatMapLayout.Margin, layout.NotesTop + ((i + 1) * HeatMapLayout.LineHeight) - TextDown, layout.Notes[i], Ink.Dim);
    }

    private void PaintHeader()
    {
        int y = HeatMapLayout.Margin + HeatMapLayout.LineHeight - TextDown;
        canvas.Text(HeatMapLayout.Margin, y, ForeignText.Clean(layout.Timeline.Title, layout.Characters), bold: true);
        if (layout.Timeline.Columns.Count == 0) return;
        string range = $"{TimelineText.Range(layout.Timeline)}: {TimelineText.Sum(layout.Timeline, unicode: true)}";
        canvas.Text(HeatMapLayout.Margin, y + HeatMapLayout.LineHeight, range, Ink.Dim);
    }

    private void PaintPanel(int row)
    {
        TimelineRow shown = layout.Timeline.Rows[row];
        int top = layout.PanelTop(row);
        PaintTitle(shown, top - PanelTitleUp);
        if (layout.Scale is not { } scale || layout.Cells[row] is not { } cells)
        {
            PaintMessage(row, shown.Total.IdleCount > 0 ? "only idle exits" : "no handling time was measured");
            return;
        }
        canvas.Fill(Ink.Panel, new Box(HeatMapLayout.Left, top, layout.PlotWidth, layout.PanelHeight));
        PaintGrid(top, scale);
        canvas.Cells(
            new LevelGrid(HeatMapLayout.Left, top, layout.CellWidth, scale.CellHeight, cells.Columns, cells.Levels(layout.Counts)));
        canvas.Fill(Ink.Mark, [.. Marks(shown, top, scale)]);
        PaintFrame(top);
    }

    // The name on the left; on the right as many figures as fit, without the average first.
    private void PaintTitle(TimelineRow row, int y)
    {
        string name = TimelineText.Name(row, layout.Timeline.By);
        int most = layout.PlotWidth / HeatMapLayout.CharacterWidth;
        List<string> figures = [.. TimelineText.Figures(row.Total, unicode: true)];
        while (figures.Count > 1 && Length(figures) + 2 + Math.Min(name.Length, MinName) > most)
            figures.RemoveAt(Math.Min(AverageAt, figures.Count - 1));
        canvas.Text(HeatMapLayout.Left, y, ForeignText.Clean(name, most - Length(figures) - 2), bold: true);
        canvas.Text(HeatMapLayout.Left + layout.PlotWidth, y, string.Join("  ", figures), Ink.Dim, TextAnchor.End);
    }

    private static int Length(List<string> figures) => figures.Sum(f => f.Length + 2) - 2;

    private void PaintMessage(int row, string message)
    {
        int top = layout.PanelTop(row);
        canvas.Fill(Ink.Panel, new Box(HeatMapLayout.Left, top, layout.PlotWidth, layout.PanelHeight));
        PaintFrame(top);
        canvas.Text(
            HeatMapLayout.Left + (layout.PlotWidth / 2), top + (layout.PanelHeight / 2) + TextDown, message, Ink.Dim, TextAnchor.Middle);
    }

    private void PaintFrame(int top)
    {
        int bottom = top + layout.PanelHeight;
        canvas.Fill(
            Ink.Frame, new Box(HeatMapLayout.Left - 1, top, 1, layout.PanelHeight),
            new Box(HeatMapLayout.Left - 1, bottom, layout.PlotWidth + 1, 1));
    }

    private void PaintGrid(int top, DurationScale scale)
    {
        int bottom = top + layout.PanelHeight;
        var lines = new List<Box>();
        foreach (DurationTick tick in DurationTicks.Of(scale, MinTickSpace))
        {
            int y = bottom - tick.Up;
            lines.Add(new Box(HeatMapLayout.Left, y, layout.PlotWidth, 1));
            canvas.Fill(Ink.Frame, new Box(HeatMapLayout.Left - TickLength, y, TickLength, 1));
            canvas.Text(HeatMapLayout.Left - TickGap, y + TextDown, tick.Label, Ink.Dim, TextAnchor.End);
        }
        foreach (ClockTick tick in _clock) lines.Add(new Box(HeatMapLayout.Left + tick.X, top, 1, layout.PanelHeight));
        canvas.Fill(Ink.Grid, [.. lines]);
    }

    // One mark per column and no line between them: what is between two columns was not measured.
    private IEnumerable<Box> Marks(TimelineRow row, int top, DurationScale scale)
    {
        for (int column = 0; column < row.Cells.Count; column++)
        {
            if (row.Cells[column].P99Ns is not { } p99) continue;
            int up = Math.Clamp((int)Math.Round(scale.Position(p99)), MarkHeight, layout.PanelHeight);
            yield return new Box(
                HeatMapLayout.Left + (column * layout.CellWidth), top + layout.PanelHeight - up, layout.CellWidth, MarkHeight);
        }
    }

    // Under the last panel; all panels have the same columns.
    private void PaintClock(int row)
    {
        if (layout.Timeline.Columns.Count == 0) return;
        int bottom = layout.PanelTop(row) + layout.PanelHeight, y = bottom + AxisTextDown;
        if (_clock.Count < 2)
        {
            canvas.Text(HeatMapLayout.Left, y, Clock(layout.Timeline.Columns[0].Started), Ink.Dim);
            canvas.Text(HeatMapLayout.Left + layout.PlotWidth, y, Clock(layout.Timeline.Columns[^1].Ended), Ink.Dim, TextAnchor.End);
            return;
        }
        foreach (ClockTick tick in _clock)
        {
            canvas.Fill(Ink.Frame, new Box(HeatMapLayout.Left + tick.X, bottom, 1, TickLength));
            canvas.Text(HeatMapLayout.Left + tick.X, y, tick.Label, Ink.Dim, TextAnchor.Middle);
        }
    }

    private static string Clock(DateTimeOffset time) => time.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
