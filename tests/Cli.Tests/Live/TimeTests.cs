using Kvmscope.Core.Model;
using Kvmscope.Live;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Tests.Live;

/// <summary>Going through time.</summary>
public sealed class TimeTests
{
    private const long Second = LiveSamples.Second, Begin = 1_000 * Second;

    private static LiveUser User(int seconds = 200, bool isLive = true) =>
        new(LiveSamples.Source(LiveSamples.Three, seconds, isLive), columns: 120);

    [Fact]
    public void SpacePausesAndGoesOn()
    {
        LiveSource source = LiveSamples.Source(LiveSamples.Three, seconds: 10);
        var user = new LiveUser(source, columns: 120);
        Assert.Contains("14:05:10   1 s", user.Line(0));
        user.Type(" ");
        Assert.Contains("14:05:10   1 s", user.Line(0));
        Assert.Contains("PAUSED -00:00", user.Line(0));
        ((SampleHistory)source.History).Add(LiveSamples.At(LiveSamples.Three, 10));
        Assert.Contains("14:05:10", user.Look().Line(0));
        Assert.Contains("PAUSED -00:01", user.Line(0));
        user.Type(" ");
        Assert.Contains("14:05:11", user.Line(0));
        Assert.DoesNotContain("PAUSED", user.Line(0));
    }

    [Theory]
    [InlineData(nameof(LiveKey.Left), "14:08:19", "PAUSED -00:01")]
    [InlineData(nameof(LiveKey.ShiftLeft), "14:07:20", "PAUSED -01:00")]
    [InlineData(nameof(LiveKey.Home), "14:05:01", "PAUSED -03:19")]
    public void KeysGoBack(string key, string time, string place)
    {
        LiveUser user = User().Press(Enum.Parse<LiveKey>(key));
        Assert.Contains(time, user.Line(0));
        Assert.Contains(place, user.Line(0));
        user.Press(LiveKey.End);
        Assert.Contains("14:08:20", user.Line(0));
        Assert.DoesNotContain("PAUSED", user.Line(0));
    }

    [Fact]
    public void BeyondTheEndsThereIsNothing()
    {
        LiveUser user = User().Press(LiveKey.Right);
        Assert.Equal(Begin + (200 * Second), user.State.At);
        user.Press(LiveKey.Home, LiveKey.Left, LiveKey.Left, LiveKey.ShiftLeft);
        Assert.Contains("14:05:01", user.Line(0));
    }

    [Theory]
    [InlineData("14:06", "14:06:00")]
    [InlineData("14:06:07", "14:06:07")]
    [InlineData("-90s", "14:06:50")]
    [InlineData("-2m", "14:06:20")]
    [InlineData("+5s", "14:08:20")]
    public void GoesToATypedTime(string typed, string time)
    {
        LiveUser user = User().Type("g" + typed);
        Assert.StartsWith("go to: " + typed + "_", user.Line(23));
        user.Press(LiveKey.Enter);
        Assert.Null(user.State.Message);
        Assert.Contains(time, user.Line(0));
    }

    [Theory]
    [InlineData("15:00", "15:00 is not in what is kept: 14:05:00 to 14:08:20")]
    [InlineData("noon", "'noon' is no time: give 14:05, 14:05:30, -5m or +90s")]
    [InlineData("-x", "'-x' is no time: give 14:05, 14:05:30, -5m or +90s")]
    public void SaysWhyItCannotGoThere(string typed, string message)
    {
        LiveUser user = User().Type("g" + typed).Press(LiveKey.Enter);
        Assert.Equal(message, user.State.Message);
        Assert.Null(user.State.At);
    }

    [Fact]
    public void EscLeavesTheTimeAsItIs()
    {
        LiveUser user = User().Type("g14:06").Press(LiveKey.Escape);
        Assert.Equal(new LiveState(), user.State);
    }

    [Fact]
    public void LongerStepsAddUpIntervals()
    {
        LiveUser user = User(isLive: false);
        user.Type("+");
        Assert.Contains("   2 s", user.Line(0));
        user.Type("++++");
        Assert.Contains("   1 min", user.Line(0));
        Assert.Equal(60, user.App.Interval!.Intervals);
        user.Press(LiveKey.Left);
        Assert.Equal(Begin + (140 * Second), user.State.At);
        user.Press(LiveKey.Left, LiveKey.Left, LiveKey.Right);
        user.Type("-----");
        Assert.Contains("   1 s", user.Line(0));
        user.Type("-");
        Assert.Equal("there is no other step: --interval is the shortest", user.State.Message);
    }

    [Fact]
    public void NoStepIsShorterThanWhatIsMeasured()
    {
        LiveUser user = User().Type("-");
        Assert.Equal("there is no other step: --interval is the shortest", user.State.Message);
        Assert.Equal(Second, user.Type("+-").State.StepNs);
    }

    [Fact]
    public void ARecordingIsNotPausedAndSaysWhenItWas()
    {
        LiveUser user = User(isLive: false).Press(LiveKey.Left).Type(" ");
        Assert.Contains("2026-11-26T14:08:19Z", user.Line(0));
        Assert.Contains("recorded -00:01", user.Line(0));
        Assert.Equal("a recording stands still: Left and Right go through it", user.State.Message);
    }

    [Fact]
    public void AGapIsJumpedOverAndSaid()
    {
        var history = new SampleHistory(
        [
            LiveSamples.At(LiveSamples.Three, 0), LiveSamples.At(LiveSamples.Three, 1),
            LiveSamples.At(LiveSamples.Three, 60) with { IsAfterGap = true }, LiveSamples.At(LiveSamples.Three, 61),
        ]);
        var user = new LiveUser(new LiveSource("gap", history, IsLive: false) { Detail = LiveSamples.Full }, columns: 120);
        user.Press(LiveKey.Left);
        Assert.Contains("after a gap", user.Line(1));
        user.Press(LiveKey.Left);
        Assert.Contains("14:05:02Z", user.Line(0));
        user.Press(LiveKey.Right);
        Assert.Contains("14:06:01Z", user.Line(0));
        user.Press(LiveKey.ShiftLeft);
        Assert.Contains("14:05:01Z", user.Line(0));
    }

    [Fact]
    public void WhatIsKeptCoarserSaysSo()
    {
        var history = new SampleHistory([.. Enumerable.Range(0, 10).Select(second => LiveSamples.At(LiveSamples.Three, second))])
        {
            CoarseBefore = Begin + (5 * Second),
            CoarsestBefore = Begin + Second,
        };
        var user = new LiveUser(new LiveSource("coarse", history, IsLive: true) { Detail = LiveSamples.Full }, columns: 120);
        user.Press(LiveKey.Enter, LiveKey.Home).Type("3");
        Assert.Contains("VMs are kept apart only in newer times", user.Screen);
        user.Press(LiveKey.Right);
        Assert.Contains("IO_INSTRUCTION", user.Screen);
        user.Press(LiveKey.Escape).Type("2").Press(LiveKey.Home, LiveKey.Right);
        Assert.Contains("vCPUs are kept apart only in newer times", user.Screen);
        user.Type("4");
        Assert.Contains("arguments, pages and instructions are kept apart only in newer times", user.Screen);
        user.Type("1");
        Assert.Contains("slow-vmm", user.Screen);
        Assert.DoesNotContain("vCPUs", user.Line(0));
    }

    /// <summary>What a recording begins with: not the silence after all VMs have ended.</summary>
    [Fact]
    public void TheLastTimeWithExitsIsFound()
    {
        for (int count = 1; count <= 8; count++)
            for (int bits = 0; bits < 1 << count; bits++)
            {
                Interval[] intervals = [.. Enumerable.Range(0, count).Select(second => At(second, (bits >> second & 1) != 0))];
                int last = int.Log2(Math.Max(bits, 1));
                long? expected = bits == 0 || last == count - 1 ? null : intervals[last].ToNs;
                Assert.Equal(expected, LiveTime.LastWithExits(new SampleHistory(intervals), new LiveState()).At);
            }
    }

    [Fact]
    public void ALongSilenceIsNotReadIntervalByInterval()
    {
        var history = new SampleHistory([.. Enumerable.Range(0, 10_000).Select(second => At(second, second == 7))]);
        Assert.Equal(Begin + (8 * Second), LiveTime.LastWithExits(history, new LiveState()).At);
        Assert.InRange(history.Sums, 1, 40);
    }

    private static Interval At(int second, bool hasExits)
    {
        Interval interval = LiveSamples.At(LiveSamples.Three, second);
        return hasExits ? interval : interval with { Changes = [] };
    }
}
