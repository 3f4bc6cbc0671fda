using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Tests;

public sealed class TimelineViewTests
{
    private static readonly Interval[] s_intervals = SampleTimeline.Intervals(120);

    [Theory]
    [InlineData(TimelineBy.Reason, 80)]
    [InlineData(TimelineBy.Reason, 40)]
    [InlineData(TimelineBy.Vm, 80)]
    [InlineData(TimelineBy.Vcpu, 120)]
    public void Rows_are_shown_over_time(TimelineBy by, int width)
    {
        string text = Text(TimelineBuilder.Build(SampleTimeline.Title, s_intervals, by, 6), width);
        Golden.FitsIn(width, text);
        Golden.Check($"timeline-{by}-{width}".ToLowerInvariant(), text);
    }

    [Fact]
    public void ASCII_will_do()
    {
        string text = Text(TimelineBuilder.Build(SampleTimeline.Title, s_intervals, TimelineBy.Reason, 3), 80, unicode: false);
        Assert.All(text, c => Assert.True(c < 0x80, $"U+{(int)c:x4}"));
        Golden.Check("timeline-ascii", text);
    }

    [Fact]
    public void One_column_is_shown() =>
        Golden.Check("timeline-one-column", Text(TimelineBuilder.Build(SampleTimeline.Title, s_intervals[..1], TimelineBy.Vm, 3), 80));

    [Fact]
    public void No_exits_are_said()
    {
        Interval[] empty = [.. s_intervals.Select(a => a with { Changes = [] })];
        Assert.Equal(
            "host1 (sample data), 2026-03-01T12:34:56+01:00 to 2026-03-01T12:38:56+01:00\n\nno exits were seen in 240 s\n",
            Text(TimelineBuilder.Build(SampleTimeline.Title, empty, TimelineBy.Vm, 3), 80));
        Assert.Equal("nothing was recorded\n", Text(TimelineBuilder.Build(SampleTimeline.Title, [], TimelineBy.Vm, 3), 80));
    }

    [Fact]
    public void Losses_are_said()
    {
        Interval interval = s_intervals[0] with { Accounting = new Accounting { DroppedExits = 7 } };
        Assert.EndsWith("\n7 exits were not counted: the tables were full\n",
            Text(TimelineBuilder.Build("host1", [interval], TimelineBy.Vm, 3), 80), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_are_never_longer_than_the_terminal_is_wide() =>
        Gen.Select(Gen.Int[32, 260], AnyText.Of(60), Gen.Int[1, 120], Gen.Int[1, 9], Gen.Bool).Sample(
        (width, name, columns, rows, unicode) =>
        {
            Interval[] intervals = [.. s_intervals[..columns]];
            intervals[^1] = intervals[^1] with
            {
                Changes = [.. intervals[^1].Rows,
                Sample.Row(Isa.Vmx, 0x1ffff, ExitLevel.L1, 1_000_000_000_000_000, ulong.MaxValue / 2, new VmIdentity(9, int.MaxValue, name),
                4095)]
            };
            foreach (TimelineBy by in Enum.GetValues<TimelineBy>())
            {
                string text = Text(TimelineBuilder.Build(name + " " + name, intervals, by, rows), width, unicode);
                Golden.FitsIn(width, text);
                Assert.DoesNotContain(text, c => c != '\n' && char.IsControl(c));
            }
        }, iter: 300);

    [Fact]
    public void Any_width_can_be_asked_for()
    {
        Timeline timeline = TimelineBuilder.Build(SampleTimeline.Title, s_intervals, TimelineBy.Reason, 3);
        for (int width = 1; width < 200; width++) Text(timeline, width);
    }

    [Fact]
    public void As_many_columns_as_are_asked_for_are_shown()
    {
        foreach (int width in (int[])[30, 71, 72, 80, 81, 120])
        {
            int columns = TimelineView.ColumnsFor(width);
            Interval[] intervals =
                [.. Enumerable.Range(0, columns + 1).Select(i => s_intervals[0] with { From = s_intervals[0].From.AddSeconds(2 * i) })];
            Assert.Contains(
                "1 column = 2 s", Text(TimelineBuilder.Build("", intervals[1..], TimelineBy.Vm, 1), width), StringComparison.Ordinal);
            Assert.Contains(
                "1 column = 4 s", Text(TimelineBuilder.Build("", intervals, TimelineBy.Vm, 1), width), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void As_many_columns_as_there_is_room_for_leave_room_for_their_figures()
    {
        for (int width = 24; width < 200; width++)
        {
            Interval[] intervals = [.. Enumerable.Repeat(s_intervals[0], TimelineView.ColumnsFor(width))];
            string[] lines =
                [.. Text(TimelineBuilder.Build("", intervals, TimelineBy.Vm, 1), width).Split('\n').Where(l => l.Contains('█'))];
            Assert.NotEmpty(lines);
            Assert.All(lines, line => Assert.Matches("(/s|µs)$", line));
        }
    }

    [Fact]
    public void Half_a_pair_is_not_shown()
    {
        string title = new string('a', 22) + "😀" + new string('b', 30);
        string first = Text(TimelineBuilder.Build(title, s_intervals[..1], TimelineBy.Vm, 1), 24).Split('\n')[0];
        Assert.Equal(new string('a', 22) + "…", first);
    }

    [Theory]
    [InlineData(true, " ▁▁▄██ ")]
    [InlineData(false, " ..=## ")]
    public void Bars_begin_at_0_and_what_is_there_is_seen(bool unicode, string expected)
    {
        var bars = new char[7];
        Sparkline.Write(bars, [null, 1, 1_000, 5_000, 10_000, 9_900, 0], unicode);
        Assert.Equal(expected, new string(bars));
    }

    [Theory]
    [InlineData(0, "0/s")]
    [InlineData(0.01, "<0.1/s")]
    [InlineData(0.4, "0.4/s")]
    [InlineData(9.96, "10/s")]
    [InlineData(617.2, "617/s")]
    [InlineData(99_999, "99999/s")]
    [InlineData(123_456, "123k/s")]
    [InlineData(1e19, "10.0E/s")]
    public void Rates_are_short(double rate, string expected) => Assert.Equal(expected, TimelineText.Rate(rate));

    [Theory]
    [InlineData(2.0003, "2 s")]
    [InlineData(2.5, "2.5 s")]
    [InlineData(0.1, "100 ms")]
    [InlineData(600, "600 s")]
    [InlineData(0, "0 ns")]
    public void Durations_have_no_zeros_that_say_nothing(double seconds, string expected) =>
        Assert.Equal(expected, TimelineText.Duration(seconds, unicode: true));

    private static string Text(Timeline timeline, int width, bool unicode = true)
    {
        var output = new StringWriter();
        TimelineView.Write(output, timeline, new ViewStyle(width, Unicode: unicode));
        return output.ToString();
    }
}
