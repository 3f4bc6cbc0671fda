using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output.Charts;

/// <summary>
/// Handling times over time as a picture: one panel per row of a timeline, in it one column per interval, in that one cell per range of
/// handling times; the more exits, the darker. All panels have the same axes and colours.
/// </summary>
public static class HeatMap
{
    /// <summary>Writes it as SVG, light or dark like the reader's desktop.</summary>
    public static void WriteSvg(TextWriter output, Timeline timeline) => WriteSvg(output, new HeatMapLayout(timeline));

    /// <summary>Writes it as one self-contained page of HTML that shows the figures under the pointer.</summary>
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
