using System.Runtime.CompilerServices;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Charts;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Tests;

/// <summary>The examples of docs/timeline.md are made from the sample data. With KVMSCOPE_UPDATE_DOCS=1 they are rewritten.</summary>
public sealed class TimelineDocsTests
{
    private const string Open = "```text\n", Close = "```\n";

    private static readonly Interval[] s_intervals = SampleTimeline.Intervals(120);

    [Fact]
    public void The_screen_is_real()
    {
        string path = Path.Combine(Folder(), "timeline.md"), text = File.ReadAllText(path);
        var screen = new StringWriter();
        TimelineView.Write(screen, TimelineBuilder.Build(SampleTimeline.Title, s_intervals, TimelineBy.Reason, 7), new ViewStyle());
        int begin = text.IndexOf(Open, StringComparison.Ordinal) + Open.Length, end = text.IndexOf(Close, begin, StringComparison.Ordinal);
        Check(path, text, text[..begin] + screen + text[end..]);
    }

    [Fact]
    public void The_picture_is_real()
    {
        string path = Path.Combine(Folder(), "timeline.svg");
        var picture = new StringWriter();
        HeatMap.WriteSvg(picture, TimelineBuilder.Build(SampleTimeline.Title, s_intervals, TimelineBy.Reason, 4));
        Check(path, File.Exists(path) ? File.ReadAllText(path) : "", picture.ToString());
    }

    private static void Check(string path, string text, string now)
    {
        if (Environment.GetEnvironmentVariable("KVMSCOPE_UPDATE_DOCS") == "1") File.WriteAllText(path, now);
        else Assert.Equal(now, text);
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "docs"));
}
