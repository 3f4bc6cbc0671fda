using System.Text.Json;
using Kvmscope.Core;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Live;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Tests.Live;

/// <summary>What is not known, what is written, and what drawing costs.</summary>
public sealed class FigureTests
{
    [Fact]
    public void WhatIsNotMeasuredIsADashAndNeverZero()
    {
        var missing = new MissingSource(TimePart.Runq, "the run queue is not known");
        LiveSource source = Changed(interval => interval with { Missing = [missing] });
        var user = new LiveUser(source, columns: 120);
        Assert.All(Column(user, "RunQ"), cell => Assert.Equal("-", cell));
        Assert.All(Column(user, "Lost%"), cell => Assert.Equal("-", cell));
        Assert.All(Column(user, "KVM"), cell => Assert.Contains('.', cell));
        Assert.Contains("see i", user.Line(1));
        Assert.Contains("- the run queue is not known", user.Type("i").Screen);
    }

    [Fact]
    public void WithoutTheSplitThereAreNoPartsAndTheOrderIsBusyTime()
    {
        var user = new LiveUser(LiveSamples.Source(LiveSamples.Three, detail: new TraceOptions()), columns: 120);
        Assert.DoesNotContain("RunQ", user.Line(2));
        Assert.Contains("VMs by Busy% ▾", user.Line(1));
        foreach ((string key, string text) in new[]
        {
            ("4", "the reasons' arguments are not measured: leave out --light"), ("5", "are not measured: leave out --light"),
            ("7", "slow exits are not measured: give --slower 10ms"), ("8", "start with --with page, --with rip or both"),
        })
            Assert.Contains(text, user.Type(key).Screen);
    }

    [Fact]
    public void LossesAreInTheFirstLineAndInWords()
    {
        LiveSource source = Changed(interval =>
            interval with { Accounting = interval.Accounting with { DroppedExits = 12, DroppedVcpus = 2, LostEvents = 3 } });
        var user = new LiveUser(source, columns: 120);
        Assert.Contains("lost 15", user.Line(0));
        int at = user.Line(0).IndexOf("lost 15", StringComparison.Ordinal);
        Assert.Equal(CellTone.Warning, user.Grid[0][at].Tone);
        user.Type("i");
        Assert.Contains("- 12 exits were not counted", user.Screen);
        Assert.Contains("- 3 slow exits were lost", user.Screen);
        Assert.Contains("VMs by", user.Press(LiveKey.Escape).Line(1));
    }

    [Fact]
    public void TextHasAllRowsAndNothingOfTheTerminal()
    {
        var user = new LiveUser(LiveSamples.Source(LiveSamples.Many(200), seconds: 2), columns: 80, rows: 24);
        string[] lines = user.App.Print(100).TrimEnd('\n').Split('\n');
        Assert.Equal(203, lines.Length);
        Assert.DoesNotContain(lines, line => line.Contains('▸') || line.Contains("[?]"));
        Assert.Equal(user.App.Print(80), user.App.Text());
        Assert.Equal(80, user.Grid.Columns);
        user.Press(LiveKey.PageDown);
        Assert.NotNull(user.State.Selected);
    }

    [Fact]
    public void JsonHasTheFiguresOfWhatIsShown()
    {
        var user = new LiveUser(LiveSamples.Source(LiveSamples.Twelve), columns: 120);
        using JsonDocument all = JsonDocument.Parse(user.App.Json());
        Assert.Equal("kvmscope/top/1", all.RootElement.GetProperty("schema").GetString());
        Assert.Equal("top", all.RootElement.GetProperty("command").GetString());
        ulong exits = (ulong)all.RootElement.GetProperty("rows").EnumerateArray()
            .Where(row => row.GetProperty("row").GetString() == "reason").Sum(row => row.GetProperty("count").GetInt64());
        Assert.Equal(user.App.Interval!.Accounting.Exits, exits);
        user.Press(LiveKey.Enter, LiveKey.Enter);
        using JsonDocument one = JsonDocument.Parse(user.App.Json());
        Assert.All(one.RootElement.GetProperty("rows").EnumerateArray().Where(row => row.GetProperty("row").GetString() == "reason"),
            row => Assert.Equal("build", row.GetProperty("vm").GetString()));
        user.Press(LiveKey.Escape, LiveKey.Escape).Type("7");
        string[] slow = user.App.Json().TrimEnd('\n').Split('\n');
        Assert.Equal(LiveSamples.Source(LiveSamples.Twelve).History.Slow(0, long.MaxValue, 9999).Count, slow.Length);
        foreach (LiveView view in LiveViews.All)
        {
            foreach (string keys in new[] { "", "t" }) _ = user.Type((int)view + keys).App.Json();
        }
    }

    [Fact]
    public void FiguresAreThoseOfTheInterval()
    {
        var user = new LiveUser(LiveSamples.Source(LiveSamples.Twelve), columns: 120);
        Interval interval = user.App.Interval!;
        ulong count = interval.Rows.Where(row => interval.VmOf(row.Key)!.Name == "db-1").Aggregate(0UL, (sum, row) => sum + row.Count);
        string line = user.Screen.Split('\n').Single(text => text.StartsWith(" db-1 "));
        Assert.Contains($" {count} ", line);
        ulong runq = interval.Times.Where(time => interval.VmOf(time.Key)!.Name == "db-1")
            .Aggregate(0UL, (sum, time) => sum + time.Parts[TimePart.Runq]);
        Assert.Equal(16 * 4_000_000UL, runq);
        Assert.Equal("0.4", Column(user, "RunQ")[user.Screen.Split('\n').ToList().IndexOf(line) - 3]);
    }

    [Theory]
    [InlineData("vms", "P99", "p99")]
    [InlineData("reasons", "busy", "busy")]
    [InlineData("Nested", "rounds", "rounds")]
    public void OptionsSayHowItBegins(string view, string sort, string column)
    {
        LiveState state = LiveStart.Read(view, sort, "web");
        Assert.Equal((LiveViews.Parse("--view", view), column, "web"), (state.View, state.Sort!.Column, state.Filter));
        Assert.Equal(new LiveState(), LiveStart.Read(null, null, null));
    }

    [Fact]
    public void UnknownViewsAndColumnsAreErrorsThatNameTheKnownOnes()
    {
        KvmscopeException view = Assert.Throws<KvmscopeException>(() => LiveStart.Read("cpus", null, null));
        Assert.Equal((ExitStatus.Usage, "--view 'cpus' is not known"), (view.Status, view.Message));
        Assert.Contains("vms, vcpus, reasons", view.Hint);
        KvmscopeException sort = Assert.Throws<KvmscopeException>(() => LiveStart.Read("vms", "reason", null));
        Assert.Contains("lost", sort.Hint);
    }

    [Fact]
    public void DrawingAgainMakesNoGarbagePerRow()
    {
        LiveSource source = LiveSamples.Source(LiveSamples.Many(200), seconds: 14);
        var user = new LiveUser(source, new LiveState { Pane = false }, 140, 50, unicode: false);
        // Code that is not optimized yet makes garbage of its own: it is as soon as the runtime has time for it.
        var waited = System.Diagnostics.Stopwatch.StartNew();
        (long Many, long Few) each;
        do each = (Garbage(user, 50), Garbage(user, 6));
        while (each.Many > each.Few + Some && waited.Elapsed < TimeSpan.FromSeconds(60));
        Assert.InRange(each.Many, 0, each.Few + Some);
    }

    // Less than one object for each of the 44 rows more.
    private const long Some = 500;

    private static long Garbage(LiveUser user, int rows)
    {
        const int times = 50;
        user.Rows = rows;
        user.Look();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < times; i++) user.Look();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / times;
    }

    private static LiveSource Changed(Func<Interval, Interval> change)
    {
        var history = new SampleHistory([change(LiveSamples.At(LiveSamples.Three, 0))]);
        return new LiveSource("host7", history, IsLive: true) { Detail = LiveSamples.Full };
    }

    private static string[] Column(LiveUser user, string header)
    {
        int end = user.Line(2).IndexOf(header, StringComparison.Ordinal) + header.Length;
        return
        [
            .. user.Screen.Split('\n').Skip(3).TakeWhile(line => line.Length > 0 && line[0] is ' ' or '▸')
                .Select(line => line[(end - 5)..end].Trim()),
        ];
    }
}
