using System.Text;
using Kvmscope.Live;
using Kvmscope.Live.Keys;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Tests.Live;

/// <summary>What keys and the mouse do.</summary>
public sealed class KeyTests
{
    private static LiveUser Twelve(int columns = 120, int rows = 40) =>
        new(LiveSamples.Source(LiveSamples.Twelve), columns: columns, rows: rows);

    [Fact]
    public void EnterGoesFromVmToVcpuToReasonToQualifierAndEscComesBack()
    {
        LiveUser user = Twelve();
        LiveState start = user.State;
        user.Press(LiveKey.Down, LiveKey.Enter);
        Assert.Equal(LiveView.Vcpus, user.State.View);
        Assert.StartsWith("web-1 ▸ vCPUs by Lost% ▾", user.Line(1));
        user.Press(LiveKey.Enter);
        Assert.StartsWith("web-1 ▸ vCPU ", user.Line(1));
        Assert.Contains("▸ reasons by Busy% ▾", user.Line(1));
        user.Press(LiveKey.Enter);
        Assert.Equal(LiveView.Qualifiers, user.State.View);
        Assert.Contains("IO_INSTRUCTION ▸ qualifiers", user.Line(1));
        Assert.Contains("0x608 in (ACPI PM timer)", user.Screen);
        user.Press(LiveKey.Enter);
        Assert.Equal("there is nothing below this row", user.State.Message);
        user.Press(LiveKey.Escape, LiveKey.Escape, LiveKey.Escape);
        // The row through which it went is selected.
        Assert.Equal(start with { Selected = user.State.Selected }, user.State);
        Assert.StartsWith("▸web-1", user.Line(4));
        user.Press(LiveKey.Escape);
        Assert.Equal(start, user.State);
        user.Press(LiveKey.Escape);
        Assert.Equal("this is the beginning: q leaves", user.State.Message);
    }

    [Fact]
    public void TheSelectedRowStaysSelectedWhenItMoves()
    {
        LiveUser user = Twelve().Press(LiveKey.Down, LiveKey.Down);
        string name = Selected(user);
        user.Type("r");
        Assert.Equal(name, Selected(user));
        user.Type("s").Press(LiveKey.Left, LiveKey.Left);
        Assert.Equal(name, Selected(user));
    }

    [Fact]
    public void WithoutASelectionTheFirstRowIsMeantWhicheverThatIs()
    {
        LiveUser user = Twelve();
        string first = Selected(user);
        user.Type("r");
        Assert.NotEqual(first, Selected(user));
        Assert.StartsWith("▸", user.Line(3));
    }

    [Fact]
    public void WhatIsTypedIntoTheFilterTriggersNothing()
    {
        LiveUser user = Twelve();
        LiveState before = user.State;
        user.Type("/q1wtsr? g");
        Assert.Equal(before with { Mode = LiveMode.Filter, Filter = "q1wtsr? g", Scroll = 0 }, user.State);
        Assert.StartsWith("filter: q1wtsr? g_", user.Line(39));
        Assert.Contains("nothing has what is typed in its name", user.Screen);
        user.Press(LiveKey.Left, LiveKey.Tab, LiveKey.Home, LiveKey.Up, LiveKey.Help);
        Assert.Equal(before with { Mode = LiveMode.Filter, Filter = "q1wtsr? g", Scroll = 0 }, user.State);
        user.Press(LiveKey.Escape);
        Assert.Equal(before, user.State);
    }

    [Fact]
    public void TheFilterIsAPartOfANameInAnyCaseAndEnterKeepsIt()
    {
        LiveUser user = Twelve().Type("/WEB").Press(LiveKey.Enter);
        Assert.Equal(["web-1", "web-2"], Names(user).Order());
        Assert.Contains("/WEB: 2 of 12", user.Line(1));
        Assert.Equal(LiveMode.Table, user.State.Mode);
        user.Type("/").Press(LiveKey.Backspace, LiveKey.Backspace, LiveKey.Backspace, LiveKey.Enter);
        Assert.Equal(12, Names(user).Length);
    }

    [Fact]
    public void AClickOnAHeadingOrdersByItAndAnotherOneTurnsTheOrder()
    {
        LiveUser user = Twelve();
        int column = user.Line(2).IndexOf("exits/s", StringComparison.Ordinal) + 3;
        user.Do(new LiveInput(LiveKey.Click, Column: column, Row: 2));
        Assert.Equal(new LiveSort("exits"), user.State.Sort);
        Assert.Equal("db-1", Names(user)[0]);
        user.Do(new LiveInput(LiveKey.Click, Column: column, Row: 2));
        Assert.Equal(new LiveSort("exits", IsTurned: true), user.State.Sort);
        Assert.Equal("backup", Names(user)[0]);
        Assert.Contains("by exits/s ▴", user.Line(1));
    }

    [Fact]
    public void AClickSelectsAndADoubleClickGoesIn()
    {
        LiveUser user = Twelve();
        string name = Names(user)[4];
        user.Do(new LiveInput(LiveKey.Click, Column: 20, Row: 3 + 4));
        Assert.Equal(name, Selected(user));
        Assert.Equal(LiveEffect.None, user.Do(new LiveInput(LiveKey.Click, Column: 20, Row: 0)));
        user.Do(new LiveInput(LiveKey.DoubleClick, Column: 20, Row: 3 + 4));
        Assert.StartsWith(name + " ▸ vCPUs", user.Line(1));
    }

    [Fact]
    public void OrdersGoThroughAllColumnsAndBack()
    {
        LiveUser user = Twelve();
        List<string> seen = [];
        for (int i = 0; i < 40 && (seen.Count == 0 || user.State.Sort!.Column != "lost"); i++)
        {
            user.Type("s");
            seen.Add(user.State.Sort!.Column);
        }
        Assert.Equal(seen.Distinct(), seen);
        Assert.Contains("p99", seen);
        user.Type("<");
        Assert.Equal(seen[^2], user.State.Sort!.Column);
    }

    [Fact]
    public void UnknownFiguresAreLastEitherWay()
    {
        LiveSource source = LiveSamples.Source([.. LiveSamples.Three, new("paused", 1, 9, 0)]);
        var user = new LiveUser(source, new LiveState { Sort = new("p99") }, 120, 40);
        Assert.Equal("-", Cell(user, "p99", ^1));
        user.Type("r");
        Assert.Equal("-", Cell(user, "p99", ^1));
    }

    [Fact]
    public void WithoutAnIntervalThereIsNoTimeAndNothingIsSaidToBeZero()
    {
        LiveUser user = new(SampleOf("empty"), columns: 100);
        Assert.Equal("kvmscope top   host7   1 s   lost 0", user.Line(0));
        Assert.Equal(" waiting for the first interval", user.Line(3));
        user.Type(" ");
        Assert.Equal("there is no interval yet", user.State.Message);
    }

    [Fact]
    public void NumbersAndVShowAllViews()
    {
        LiveUser user = Twelve();
        foreach (LiveView view in LiveViews.All)
        {
            user.Type(((int)view).ToString());
            Assert.Equal(view, user.State.View);
        }
        user.Type("v");
        Assert.Equal(LiveView.Vms, user.State.View);
        user.Type("V");
        Assert.Equal(LiveView.Places, user.State.View);
    }

    [Fact]
    public void AViewAboveTheWayTakesItBackAsFarAsItHasTo()
    {
        LiveUser user = Twelve().Press(LiveKey.Enter, LiveKey.Enter, LiveKey.Enter);
        Assert.NotNull(user.State.Scope.Code);
        user.Type("6");
        Assert.NotNull(user.State.Scope.Code);
        user.Type("3");
        Assert.Null(user.State.Scope.Code);
        Assert.NotNull(user.State.Scope.Vcpu);
        user.Type("2");
        Assert.Equal((true, false), (user.State.Scope.Vm is not null, user.State.Scope.Vcpu is not null));
        user.Type("1");
        Assert.Null(user.State.Path);
    }

    [Fact]
    public void WhatThereIsToSayIsGoneWithTheNextKey()
    {
        LiveUser user = Twelve();
        user.App.Say("written to x.txt");
        Assert.StartsWith("written to x.txt", user.Look().Line(39));
        user.Press(LiveKey.Down);
        Assert.Null(user.State.Message);
        Assert.StartsWith("[v] view", user.Line(39));
    }

    [Fact]
    public void KeysThatCameTogetherAreEachAboutWhatWouldBeSeen()
    {
        var app = new LiveApp(LiveSamples.Source(LiveSamples.Twelve), new LiveState(), unicode: true);
        // Nothing was drawn yet.
        foreach (LiveKey key in new[] { LiveKey.Down, LiveKey.Enter, LiveKey.Enter, LiveKey.Enter }) app.Handle(new LiveInput(key));
        Assert.Equal(LiveView.Qualifiers, app.State.View);
        Assert.Equal(LiveEffect.Quit, app.Handle(LiveInput.Of('q')));
        Assert.Equal(LiveEffect.Quit, app.Handle(new LiveInput(LiveKey.Closed)));
        Assert.Equal(LiveEffect.Write, app.Handle(LiveInput.Of('w')));
        Assert.Equal(LiveEffect.Draw, app.Handle(new LiveInput(LiveKey.Resize)));
        Assert.Equal(LiveEffect.None, app.Handle(LiveInput.Of('%')));
    }

    [Fact]
    public void EveryActionIsReachedByEachOfItsKeys()
    {
        foreach (LiveAction action in LiveActions.All)
        {
            Assert.NotEmpty(action.Bindings);
            Assert.NotEmpty(action.What);
            foreach (LiveBinding binding in action.Bindings)
                Assert.Same(action, LiveActions.Of(action.Mode, new LiveInput(binding.Key, binding.Character ?? new Rune('x'))));
        }
    }

    [Fact]
    public void HelpNamesEveryKey()
    {
        LiveUser user = Twelve(100, 60).Type("?");
        foreach (LiveAction action in LiveActions.Listed)
        {
            Assert.Contains(action.Keys.Split(',')[0], user.Screen);
            foreach (LiveBinding binding in action.Bindings)
                if (binding.Character is { } key && key.Value is not (' ' or '=' or '_' or (>= '2' and <= '7')))
                    Assert.Contains(key.ToString(), action.Keys);
        }
    }

    [Theory]
    [InlineData("one", 101)]
    [InlineData("twelve", 102)]
    [InlineData("odd", 103)]
    [InlineData("nested", 104)]
    [InlineData("empty", 105)]
    [InlineData("recorded", 106)]
    public void AnyKeysAtAnySizeKeepTheScreenWholeAndEscLeadsBack(string sample, int seed)
    {
        var random = new Random(seed);
        LiveUser user = new(SampleOf(sample), unicode: seed % 2 == 0);
        LiveKey[] keys = Enum.GetValues<LiveKey>();
        const string typed = "12345678vVtcskjr<>/ {}g+-=_wi?q:5xé数";
        for (int i = 0; i < 1500; i++)
        {
            if (random.Next(40) == 0) (user.Columns, user.Rows) = (random.Next(1, 220), random.Next(1, 70));
            LiveKey key = random.Next(2) == 0 ? LiveKey.Character : keys[random.Next(keys.Length)];
            user.Do(new LiveInput(key, new Rune(typed[random.Next(typed.Length)]), random.Next(-1, 230), random.Next(-1, 75)));
            Assert.Equal((user.Columns, user.Rows), (user.Grid.Columns, user.Grid.Rows));
            if (i % 100 != 99) continue;
            for (int back = 0; back < 60; back++) user.Press(LiveKey.Escape);
            Assert.Equal(new LiveState { At = user.State.At, StepNs = user.State.StepNs, Message = user.State.Message }, user.State);
        }
    }

    private static LiveSource SampleOf(string sample) => sample switch
    {
        "one" => LiveSamples.Source([LiveSamples.Twelve[0]], seconds: 5),
        "odd" => LiveSamples.Source(LiveSamples.Odd, seconds: 5),
        "nested" => LiveSamples.Source(LiveSamples.Nested, seconds: 5),
        "empty" => LiveSamples.Source([], seconds: 0),
        "recorded" => LiveSamples.Source(LiveSamples.Three, seconds: 130, isLive: false),
        _ => LiveSamples.Source(LiveSamples.Twelve, seconds: 4),
    };

    private static string[] Names(LiveUser user) =>
        [.. Rows(user).Select(line => line[1..].Split(' ')[0])];

    private static string[] Rows(LiveUser user) =>
        [.. user.Screen.Split('\n').Skip(3).TakeWhile(line => line.Length > 0 && line[0] is ' ' or '▸')];

    private static string Selected(LiveUser user) =>
        user.Screen.Split('\n').Skip(3).Single(line => line.StartsWith('▸'))[1..].Split(' ')[0];

    private static string Cell(LiveUser user, string header, Index row)
    {
        int end = user.Line(2).IndexOf(header, StringComparison.Ordinal) + header.Length;
        return Rows(user)[row][(end - 7)..end].Trim();
    }
}
