using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Charts;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Tests;

/// <summary>The examples of docs/timeline.md are made from the sample data. With KVMSCOPE_UPDATE_DOCS=1 they are rewritten.</summary>
public sealed partial class TimelineDocsTests
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

    [Fact]
    public void Widths_and_bars_are_as_the_page_says()
    {
        string page = File.ReadAllText(Path.Combine(Folder(), "timeline.md"));
        int wide = int.Parse(Narrow().Match(page).Groups[1].Value, CultureInfo.InvariantCulture);
        Timeline timeline = TimelineBuilder.Build(SampleTimeline.Title, s_intervals, TimelineBy.Reason, 3);
        int lines = Text(wide, true).Split('\n').Length;
        Assert.Equal(lines, Text(wide + 1, true).Split('\n').Length);
        Assert.True(Text(wide - 1, true).Split('\n').Length > lines);

        string bars = Bars().Match(page).Groups[1].Value;
        HashSet<char> drawn = [.. BarLine().Matches(Text(80, false)).SelectMany(m => m.Value.Replace(" ", ""))];
        Assert.Equal(bars.Trim().Order(), drawn.Order());

        string Text(int width, bool unicode)
        {
            var screen = new StringWriter();
            TimelineView.Write(screen, timeline, new ViewStyle(width, Unicode: unicode));
            return screen.ToString();
        }
    }

    [GeneratedRegex(@"narrower than (\d+) columns the two lines are one below the other")]
    private static partial Regex Narrow();

    [GeneratedRegex("Without UTF-8 the bars are `([^`]+)`")]
    private static partial Regex Bars();

    [GeneratedRegex(@"[^\w\n]{20,}")]
    private static partial Regex BarLine();

    private static void Check(string path, string text, string now)
    {
        if (Environment.GetEnvironmentVariable("KVMSCOPE_UPDATE_DOCS") == "1") File.WriteAllText(path, now);
        else Assert.Equal(now, text);
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "docs"));
}
