using Kvmscope.Core.Charts;
using Kvmscope.Core.Timelines;
using Kvmscope.Terminal;

namespace Kvmscope.Recordings;

/// <summary>Writes a timeline as text or as a picture.</summary>
internal static class TimelineOutput
{
    /// <summary>Writes it.</summary>
    /// <param name="timeline">What is shown.</param>
    /// <param name="picture">svg, png, html; null for text.</param>
    /// <param name="target">Where it goes.</param>
    public static void Write(Timeline timeline, string? picture, OutputTarget target)
    {
        switch (picture)
        {
            case "png" when target.Bytes is { } bytes:
                HeatMap.WritePng(bytes, timeline);
                break;
            case "svg":
                HeatMap.WriteSvg(target.Writer, timeline);
                break;
            case "html":
                HeatMap.WriteHtml(target.Writer, timeline);
                break;
            default:
                TimelineView.Write(target.Writer, timeline, target.Style);
                break;
        }
        target.Writer.Flush();
    }
}
