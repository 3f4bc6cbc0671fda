using System.Text.Json;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;

namespace Kvmscope.Server.Tests;

/// <summary>Since when a VM loses time.</summary>
public sealed class OnsetTests
{
    private static readonly VmIdentity s_web = new(0, 4242, "web-1");

    [Theory]
    [InlineData(1200, 900, 60)]
    [InlineData(1200, 1139, 60)]
    [InlineData(90, 77, 30)]
    public void It_is_the_interval_in_which_it_became_as_much(int seconds, int began, int asked)
    {
        LiveHistory history = Of(seconds, second => second < began ? 2 : 11);
        Onset onset = Assert.Single(Find(history, asked));
        Assert.Equal((TimePart.Runq, false), (onset.Part, onset.IsBegin));
        Assert.Equal(Samples.StartNs + (began * Samples.StepNs), onset.Since);
    }

    [Fact]
    public void What_was_always_so_is_since_the_begin()
    {
        LiveHistory history = Of(300, _ => 11);
        Onset onset = Assert.Single(Find(history, 60));
        Assert.Equal((history.From, true), (onset.Since, onset.IsBegin));
        Assert.Equal(0.11, onset.Share, 6);
    }

    [Fact]
    public void A_short_pause_that_a_stretch_levels_out_is_not_an_end()
    {
        LiveHistory history = Of(600, second => second is 300 or 301 ? 0 : 20);
        Assert.True(Assert.Single(Find(history, 60)).IsBegin);
    }

    [Fact]
    public void Little_is_nothing() => Assert.Empty(Find(Of(100, _ => 0), 60));

    [Fact]
    public async Task The_answer_says_it()
    {
        using var served = new Served(history: Of(600, second => second < 500 ? 2 : 11));
        JsonElement onset = Assert.Single((await served.Json("/api/v1/explain")).GetProperty("onsets").EnumerateArray().ToArray());
        Assert.Equal("web-1 waits for a CPU 11 % of its time", onset.GetProperty("text").GetString());
        Assert.Equal(Samples.Start.AddSeconds(500), onset.GetProperty("since").GetDateTimeOffset());
        Assert.False(onset.GetProperty("since_begin").GetBoolean());
        Assert.Empty((await served.Json("/api/v1/explain?vm=web-1&from=-2s&to=-1s")).GetProperty("onsets")[0].GetProperty("vm").GetString()!
            .Replace("web-1", "", StringComparison.Ordinal));
    }

    private static IReadOnlyList<Onset> Find(LiveHistory history, int seconds) =>
        new Onsets(history, hasAllExits: true, new Answer(new ServerLimits(), default)).Of(Asked(history, seconds), _ => true, 6);

    private static Stretch Asked(LiveHistory history, int seconds) => new(history.To - (seconds * Samples.StepNs), history.To);

    // One vCPU that waits for a CPU so many percent of each second.
    private static LiveHistory Of(int seconds, Func<int, int> percent)
    {
        var history = new LiveHistory(Samples.Header.Grouping, ExitParts.Qualifier, Samples.StepNs);
        for (int second = 0; second < seconds; second++)
        {
            TimeParts parts = default;
            parts[TimePart.Runq] = (ulong)(percent(second) * Samples.StepNs / 100);
            parts[TimePart.Guest] = (ulong)Samples.StepNs - parts[TimePart.Runq];
            history.Add(Samples.At(second) with
            {
                Vms = [s_web],
                Changes = [],
                Slow = [],
                Vcpus = [GroupKey.OfVcpu(0, 0)],
                TimeChanges = [new VcpuTime(GroupKey.OfVcpu(0, 0), (ulong)Samples.StepNs, parts)],
            });
        }
        return history;
    }
}
