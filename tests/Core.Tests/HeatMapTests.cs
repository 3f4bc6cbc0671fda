using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Charts;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Tests;

public sealed partial class HeatMapTests
{
    private static readonly Interval[] s_intervals = SampleTimeline.Intervals(60);
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    // Rows, columns and special cases.
    public static TheoryData<int, int, bool> Shapes => new()
    {
        { 1, 60, false }, { 12, 60, false }, { 3, 1, false }, { 5, 2, true }, { 12, 600, true }, { 1, 900, false }, { 2, 2000, true },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Texts_do_not_touch_and_nothing_is_outside(int rows, int columns, bool outliers)
    {
        var layout = new HeatMapLayout(Make(rows, columns, outliers));
        var sketch = new SketchCanvas();
        new HeatMapPainter(layout, sketch).Paint();
        Assert.NotEmpty(sketch.Texts);
        for (int i = 0; i < sketch.Texts.Count; i++)
        {
            Box box = sketch.Texts[i].Box;
            Assert.True(box.X >= 0 && box.Y >= 0 && box.X + box.Width <= layout.Width && box.Y + box.Height <= layout.Height,
                sketch.Texts[i].ToString());
            for (int other = 0; other < i; other++)
                Assert.False(Touch(box, sketch.Texts[other].Box), $"{sketch.Texts[i]} touches {sketch.Texts[other]}");
        }
        Assert.All(sketch.Boxes, b => Assert.True(
            b.Box.X >= 0 && b.Box.Y >= 0 && b.Box.X + b.Box.Width <= layout.Width
                && b.Box.Y + b.Box.Height <= layout.Height, b.ToString()));
        Box[] panels = [.. sketch.Grids.Select(g => new Box(g.X, g.Y, g.Columns * g.CellWidth, g.Rows * g.CellHeight))];
        Assert.All(sketch.Texts, t => Assert.DoesNotContain(panels, panel => Touch(t.Box, panel)));
        Assert.All(sketch.Grids, g =>
            Assert.Equal((layout.PlotWidth, layout.PanelHeight), (g.Columns * g.CellWidth, g.Rows * g.CellHeight)));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_timed_exit_is_in_a_cell(int rows, int columns, bool outliers)
    {
        var layout = new HeatMapLayout(Make(rows, columns, outliers));
        for (int row = 0; row < layout.Cells.Count; row++)
            for (int column = 0; column < layout.Timeline.Columns.Count; column++)
            {
                ulong sum = 0;
                for (int cell = 0; cell < layout.Scale!.Cells; cell++) sum += layout.Cells[row]?[column, cell] ?? 0;
                Assert.Equal(layout.Timeline.Rows[row].Cells[column].Timed, sum);
            }
    }

    // Long notes are cut at blanks, so that each line fits, and nothing of them is lost.
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Notes_are_whole_in_lines_that_fit(int rows, int columns, bool outliers)
    {
        Timeline timeline = Make(rows, columns, outliers);
        string words = string.Join(' ', Enumerable.Repeat("lost", 100)), endless = new('x', 500);
        var layout = new HeatMapLayout(timeline with { Losses = [words, .. timeline.Losses, endless] });
        int fits = (layout.Width - 32) / 8;
        string[] notes = [.. TimelineText.Notes(layout.Timeline), words, .. timeline.Losses, endless];
        string[] joined = [.. string.Join('\n', layout.Notes).Replace("\n  ", " ", StringComparison.Ordinal).Split('\n')];
        Assert.Equal(notes, joined);
        Assert.All(layout.Notes, line => Assert.True(line.Length <= fits || !line.TrimStart().Contains(' '), line));
        // As much in a line as fits: the next word would not.
        for (int i = 0; i + 1 < layout.Notes.Count; i++)
            if (layout.Notes[i + 1].StartsWith("  ", StringComparison.Ordinal))
                Assert.True(layout.Notes[i].Length + 1 + layout.Notes[i + 1].TrimStart().Split(' ')[0].Length > fits, layout.Notes[i]);
        Assert.Equal(layout.FootTop + 44, layout.NotesTop);
        Assert.Equal(layout.NotesTop + (layout.Notes.Count * 17) + 16, layout.Height);
    }

    [Fact]
    public void Without_times_there_is_no_legend_above_the_notes()
    {
        Interval[] empty = [.. s_intervals.Select(a => a with { Changes = [] })];
        var layout = new HeatMapLayout(TimelineBuilder.Build("", empty, TimelineBy.Reason, 1));
        Assert.Equal(layout.FootTop, layout.NotesTop);
    }

    [Fact]
    public void Time_goes_to_the_right_and_handling_time_up()
    {
        Interval[] intervals = [.. s_intervals[..4].Select(a => a with { Changes = [] })];
        intervals[1] = intervals[1] with { Changes = [Sample.Row(Isa.Vmx, 30, ExitLevel.L1, 5, 1_100, Sample.Web, 0)] };
        intervals[3] = intervals[3] with { Changes = [Sample.Row(Isa.Vmx, 30, ExitLevel.L1, 5_000, 1_100_000, Sample.Web, 0)] };
        var layout = new HeatMapLayout(TimelineBuilder.Build("", intervals, TimelineBy.Reason, 1));
        var sketch = new SketchCanvas();
        new HeatMapPainter(layout, sketch).Paint();
        LevelGrid grid = Assert.Single(sketch.Grids);
        (int At, byte Level)[] full = [.. grid.Levels.Index().Where(l => l.Item > 0).Select(l => (l.Index, l.Item))];
        Assert.Equal([3, 1], full.Select(f => f.At % grid.Columns));
        Assert.True(full[1].At / grid.Columns - (full[0].At / grid.Columns) >= 9, "1.1 ms is 10 octaves above 1.1 µs");
        Assert.True(full[0].Level > full[1].Level);
        // The line of 1 ms is just below the cell of 1.1 ms, and the marks are in their cells.
        int tick = sketch.Texts.Single(t => t.Text == "1 ms").Box.Y + 6, upper = grid.Y + (full[0].At / grid.Columns * grid.CellHeight);
        Assert.InRange(tick, upper + grid.CellHeight, upper + (2 * grid.CellHeight));
        foreach ((int at, _) in full)
        {
            int y = grid.Y + (at / grid.Columns * grid.CellHeight);
            (_, Box mark) = Assert.Single(sketch.Boxes, b => b.Ink == Ink.Mark && b.Box.X == grid.X + (at % grid.Columns * grid.CellWidth));
            Assert.InRange(mark.Y, y, y + grid.CellHeight);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void SVG_and_PNG_show_the_same_cells(int rows, int columns, bool outliers)
    {
        Timeline timeline = Make(rows, columns, outliers);
        var layout = new HeatMapLayout(timeline);
        var sketch = new SketchCanvas();
        new HeatMapPainter(layout, sketch).Paint();
        XElement[] groups = [.. Svg(timeline).Elements(s_svg + "g")];
        PngPicture png = Png(timeline);
        Assert.Equal((layout.Width, layout.Height), (png.Width, png.Height));
        Assert.Equal(sketch.Grids.Count, groups.Length);
        for (int panel = 0; panel < groups.Length; panel++)
        {
            LevelGrid grid = sketch.Grids[panel];
            Assert.Equal(grid.Levels, LevelsOf(groups[panel], grid));
            for (int i = 0; i < grid.Levels.Length; i++)
            {
                int x = grid.X + (i % grid.Columns * grid.CellWidth), y = grid.Y + (i / grid.Columns * grid.CellHeight);
                int[] allowed = grid.Levels[i] > 0
                    ? [Palette.Light(Ink.Level1 + grid.Levels[i] - 1), Palette.Light(Ink.Mark)]
                    : [Palette.Light(Ink.Panel), Palette.Light(Ink.Grid), Palette.Light(Ink.Mark)];
                Assert.Contains(png[x, y], allowed);
            }
        }
    }

    [Fact]
    public void SVG_is_well_formed_whatever_VMs_are_called() => Gen.Select(AnyText.Of(40), AnyText.Of(40)).Sample(SvgShows, iter: 500);

    // Names that random names seldom contain.
    [Theory]
    [InlineData("", "")]
    [InlineData(" ", "  ")]
    [InlineData("\n", "\r\n")]
    [InlineData("]]>", "<!--")]
    public void SVG_is_well_formed_for_odd_names(string name, string title) => SvgShows(name, title);

    private static void SvgShows(string name, string title)
    {
        Interval interval = s_intervals[0]
            with
        { Vms = [new VmIdentity(0, 1, name)], Changes = [Sample.Row(Isa.Vmx, 30, ExitLevel.L1, 5, 900, Sample.Web, 0)] };
        Timeline timeline = TimelineBuilder.Build(title, [interval], TimelineBy.Vm, 3);
        XElement svg = Svg(timeline);
        Assert.Contains(svg.Elements(s_svg + "text"), text => text.Value == ForeignText.Clean(name, 1000));
        Assert.Equal(ForeignText.Clean(title), svg.Element(s_svg + "title")!.Value);
        Png(timeline);
    }

    [Fact]
    public void A_name_is_text_and_no_markup()
    {
        const string evil = "<script>alert(1)</script>&\"'\e[2J\u202e\ud800\ufffe]]>";
        Interval interval = s_intervals[0]
            with
        { Vms = [new VmIdentity(0, 1, evil)], Changes = [Sample.Row(Isa.Vmx, 30, ExitLevel.L1, 5, 900, Sample.Web, 0)] };
        Timeline timeline = TimelineBuilder.Build(evil, [interval], TimelineBy.Vm, 3);
        string html = Html(timeline);
        Assert.DoesNotContain("alert(1)</", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;?[2J???]]&gt;</text>", html, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(html, "<script"));
        Assert.Equal(2, Regex.Count(html, "</script>"));
        Assert.Contains(Svg(timeline).Elements(s_svg + "text"), text => text.Value == ForeignText.Clean(evil));
    }

    [Fact]
    public void The_page_needs_nothing_else()
    {
        string html = Html(Make(3, 60, outliers: true));
        Assert.DoesNotMatch("(?i)(src|href)=|url\\(|@import|https?://(?!www\\.w3\\.org/2000/svg\")", html);
        Assert.StartsWith("<!DOCTYPE html>\n", html, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme:dark", html, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_page_has_the_numbers_of_every_cell(int rows, int columns, bool outliers)
    {
        var layout = new HeatMapLayout(Make(rows, columns, outliers));
        Timeline timeline = layout.Timeline;
        string json = Regex.Match(
            Html(timeline), "<script type=\"application/json\" id=\"data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value;
        using var data = JsonDocument.Parse(json);
        Assert.Equal(timeline.Columns.Count, data.RootElement.GetProperty("starts").GetArrayLength());
        Assert.Equal(layout.Scale!.Cells + 1, data.RootElement.GetProperty("edges").GetArrayLength());
        JsonElement[] panels = [.. data.RootElement.GetProperty("panels").EnumerateArray()];
        Assert.Equal(timeline.Rows.Count, panels.Length);
        for (int row = 0; row < panels.Length; row++)
        {
            JsonElement[] shown = [.. panels[row].GetProperty("columns").EnumerateArray()];
            Assert.Equal(timeline.Columns.Count, shown.Length);
            for (int column = 0; column < shown.Length; column++)
            {
                TimelineCell cell = timeline.Rows[row].Cells[column];
                ulong[] numbers = shown[column].ValueKind == JsonValueKind.Number
                    ? [0, 0, 0, 0, 0, 0]
                    : [.. shown[column].EnumerateArray().Select(n => n.GetUInt64())];
                Assert.Equal((cell.Count, cell.Timed, cell.P99Ns ?? 0, cell.MaxNs ?? 0), (numbers[0], numbers[1], numbers[3], numbers[4]));
                Assert.Equal(cell.Timed, numbers[6..].Aggregate(0UL, (sum, n) => sum + n));
                for (int i = 6; i < numbers.Length; i++) Assert.Equal(layout.Cells[row]![column, (int)numbers[5] + i - 6], numbers[i]);
            }
        }
    }

    [Fact]
    public void Without_exits_there_is_a_message()
    {
        Interval[] empty = [.. s_intervals.Select(a => a with { Changes = [] })];
        Assert.Contains("nothing was recorded", Texts([], TimelineBy.Reason));
        Assert.Contains("no exits were seen", Texts(empty, TimelineBy.Reason));
        empty[3] = empty[3] with { Changes = [Sample.Row(Isa.Vmx, 30, ExitLevel.L1, 5, 900, Sample.Web, 0, untimed: 5)] };
        Assert.Contains("no handling time was measured", Texts(empty, TimelineBy.Reason));
        empty[3] = empty[3] with { Changes = [Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 5, 900, Sample.Web, 0)] };
        Assert.Contains("only idle exits", Texts(empty, TimelineBy.Vm));
    }

    [Fact]
    public void Pictures_stay_small()
    {
        Timeline timeline = Make(12, 600, outliers: true);
        Assert.InRange(Html(timeline).Length, 10_000, 600_000);
        Assert.InRange(Svg(timeline).ToString().Length, 10_000, 200_000);
    }

    private static Timeline Make(int rows, int columns, bool outliers)
    {
        Interval[] intervals = [.. Enumerable.Range(0, columns)
            .Select(i => s_intervals[i % s_intervals.Length] with { From = s_intervals[0].From.AddSeconds(2 * i) })];
        // More reasons, to have enough rows.
        Row[] more = [.. Enumerable.Range(13, rows)
            .Select(code => Sample.Row(Isa.Vmx, (ulong)code, ExitLevel.L1, 3, (ulong)code * 100, Sample.Web, 0))];
        intervals[columns / 2] = intervals[columns / 2]
            with
        { Changes = [.. intervals[columns / 2].Rows, .. more], Accounting = new Accounting { DroppedExits = 7, LostEvents = 1 } };
        if (outliers)
            intervals[0] = intervals[0] with
            {
                Changes = [.. intervals[0].Rows,
                Sample.Row(Isa.Vmx, 30, ExitLevel.L1, 1, 3_000_000_000_000, Sample.Web, 0),
                Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 12345, 1, Sample.Web, 0),
                Sample.Row(Isa.Vmx, 71, ExitLevel.L1, 2, 1, Sample.Web, 0, untimed: 2)]
            };
        return TimelineBuilder.Build(SampleTimeline.Title, intervals, TimelineBy.Reason, rows);
    }

    private static XElement Svg(Timeline timeline)
    {
        var output = new StringWriter();
        HeatMap.WriteSvg(output, timeline);
        // A name of spaces only is a text too.
        return XDocument.Parse(output.ToString(), LoadOptions.PreserveWhitespace).Root!;
    }

    private static string Html(Timeline timeline)
    {
        var output = new StringWriter();
        HeatMap.WriteHtml(output, timeline);
        return output.ToString();
    }

    private static PngPicture Png(Timeline timeline)
    {
        using var output = new MemoryStream();
        HeatMap.WritePng(output, timeline);
        return new PngPicture(output.ToArray());
    }

    private static string[] Texts(Interval[] intervals, TimelineBy by)
    {
        Timeline timeline = TimelineBuilder.Build("host1", intervals, by, 3);
        Png(timeline);
        Html(timeline);
        return [.. Svg(timeline).Elements(s_svg + "text").Select(t => t.Value)];
    }

    // What a reader of SVG would draw: M, m and h in units of cells.
    private static byte[] LevelsOf(XElement group, LevelGrid grid)
    {
        double top = grid.Y + (grid.CellHeight / 2.0);
        Assert.Equal(
            FormattableString.Invariant($"translate({grid.X} {top}) scale({grid.CellWidth} {grid.CellHeight})"),
            group.Attribute("transform")!.Value);
        var levels = new byte[grid.Levels.Length];
        foreach (XElement path in group.Elements(s_svg + "path"))
        {
            byte level = byte.Parse(path.Attribute("class")!.Value[1..]);
            int x = 0, y = 0;
            foreach (Match step in Step().Matches(path.Attribute("d")!.Value))
            {
                int[] numbers = [.. Number().Matches(step.Value).Select(n => int.Parse(n.Value))];
                if (step.Value[0] == 'h')
                {
                    for (int i = 0; i < numbers[0]; i++) levels[(y * grid.Columns) + x + i] = level;
                    x += numbers[0];
                }
                else (x, y) = step.Value[0] == 'M' ? (numbers[0], numbers[1]) : (x + numbers[0], y + numbers[1]);
            }
        }
        return levels;
    }

    private static bool Touch(Box a, Box b) => a.X < b.X + b.Width && b.X < a.X + a.Width && a.Y < b.Y + b.Height && b.Y < a.Y + a.Height;

    [GeneratedRegex("[Mmh][^Mmh]*")]
    private static partial Regex Step();

    [GeneratedRegex("-?[0-9]+")]
    private static partial Regex Number();

    [Fact]
    public void A_png_that_no_memory_holds_is_an_error()
    {
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => new PngCanvas(1_200, 120_000));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.Contains("--top", error.Hint);
    }
}
