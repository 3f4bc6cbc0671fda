using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output.Charts;

/// <summary>
/// Handling times over time as a picture: a panel for each row of a timeline, in it a column for each interval, in that a cell for each
/// range of handling times, the darker the more exits it has. All panels have the same axes and the same colours.
/// </summary>
public static class HeatMap
{
    /// <summary>Writes it as SVG, light or dark as the reader has it.</summary>
    public static void WriteSvg(TextWriter output, Timeline timeline) => WriteSvg(output, new HeatMapLayout(timeline));

    /// <summary>Writes it as one page of HTML that needs nothing else, and says the figures of what is pointed at.</summary>
    public static void WriteHtml(TextWriter output, Timeline timeline) => HeatMapPage.Write(output, new HeatMapLayout(timeline));

    /// <summary>Writes it as PNG, light.</summary>
    public static void WritePng(Stream output, Timeline timeline)
    {
        var layout = new HeatMapLayout(timeline);
        var canvas = new PngCanvas(layout.Width, layout.Height);
        new HeatMapPainter(layout, canvas).Paint();
        canvas.Write(output);
    }

    internal static void WriteSvg(TextWriter output, HeatMapLayout layout)
    {
        var canvas = new SvgCanvas(output, layout.Width, layout.Height, layout.Timeline.Title);
        new HeatMapPainter(layout, canvas).Paint();
        canvas.End();
    }
}
