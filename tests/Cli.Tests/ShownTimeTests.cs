using System.Text.RegularExpressions;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>Each time that is shown selects what it was shown for, whatever the zone, and whatever was done to the clock.</summary>
public sealed partial class ShownTimeTests
{
    private static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [GeneratedRegex(@"from (?<from>\S+)\s+to\s+(?<to>\S+)")]
    private static partial Regex Shown();

    private static List<(string From, string To)> Times(string text) =>
        [.. Shown().Matches(text).Select(m => (m.Groups["from"].Value, m.Groups["to"].Value))];

    // Each answer of one second is given back, and must be that second and no other.
    private static void EachIsFound(Recorder host, int count, int twice = 0)
    {
        Outcome all = host.Run("report FOLDER count --interval 1s");
        Assert.Equal(0, all.Status);
        List<(string From, string To)> times = Times(all.Out);
        Assert.Equal(count, times.Count);
        int said = 0;
        foreach ((string from, string to) in times)
        {
            Outcome one = host.Run($"report FOLDER count --from {from} --to {to}");
            if (one.Status == 2)
            {
                Assert.Contains("that time is in the recording twice, because the host's clock was set back", one.Error);
                said++;
                continue;
            }
            Assert.Equal((from, 0), (from, one.Status));
            Assert.Equal([(from, to)], Times(one.Out));
            Assert.Contains($"{Recorder.ExitsPerSecond} exits in 1.00 s", one.Out);
        }
        Assert.Equal(twice, said);
    }

    [Theory]
    [InlineData("UTC", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z")]
    [InlineData("Europe/Berlin", "2026-10-25T00:59:57.500Z", "2026-10-25T02:59:57.500+02:00")]
    [InlineData("Europe/Berlin", "2026-03-29T00:59:57.500Z", "2026-03-29T01:59:57.500+01:00")]
    [InlineData("Asia/Kolkata", "2026-12-31T18:29:57Z", "2026-12-31T23:59:57+05:30")]
    [InlineData("America/New_York", "2026-11-01T05:59:57Z", "2026-11-01T01:59:57-04:00")]
    public void In_any_zone_and_when_summer_time_begins_and_ends(string zone, string start, string shown)
    {
        using var host = new Recorder(new FakeClock
        {
            Zone = TimeZoneInfo.FindSystemTimeZoneById(zone),
            Start = DateTimeOffset.Parse(start),
        });
        host.Record("a.kvmscope", 6);
        Assert.Contains($"from {shown} to", host.Run("report FOLDER count").Out);
        EachIsFound(host, 6);
        // Each file of a rotated recording too: they are of the same host.
        host.Record("b.kvmscope", 6, "--rotate 2s");
        EachIsFound(host, 12);
        Assert.DoesNotContain(zone == "UTC" ? "+" : "Z ", host.Run("report FOLDER count --interval 1s").Out);
    }

    [Fact]
    public void Without_an_offset_a_time_is_of_the_hosts_zone_and_the_hour_that_was_there_twice_is_asked_for()
    {
        using var host = new Recorder(new FakeClock { Zone = s_berlin, Start = new(2026, 10, 25, 0, 29, 58, TimeSpan.Zero) });
        host.Record("a.kvmscope", 3605);
        Outcome twice = host.Run("report FOLDER --from 2026-10-25T02:30");
        Assert.Equal("kvmscope: --from '2026-10-25T02:30' is in the recording twice\n"
            + "  Give 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00.\n", twice.Error);
        Assert.Equal(twice.Error.Replace("2026-10-25T02:30'", "02:30'", StringComparison.Ordinal),
            host.Run("report FOLDER --from 02:30").Error);
        Assert.Contains($"{3 * Recorder.ExitsPerSecond} exits", host.Run("report FOLDER count --from 2026-10-25T02:30:00+01:00").Out);
        // It began at 02:29:58 of summer time, and went on to 02:30:03 of winter time: 02:29:30 was there once.
        Assert.Contains($"{33 * Recorder.ExitsPerSecond} exits", host.Run("report FOLDER count --from 02:29:30").Out);
    }

    [Fact]
    public void After_the_clock_was_set_forward()
    {
        var clock = new FakeClock();
        clock.Steps.Add((3.5, TimeSpan.FromHours(2)));
        clock.Steps.Add((6.5, TimeSpan.FromMinutes(1)));
        using var host = new Recorder(clock);
        host.Record("a.kvmscope", 9);
        EachIsFound(host, 9);
        Outcome report = host.Run("report FOLDER count");
        Assert.Contains("from 2026-03-01T12:00:00Z to 2026-03-01T14:01:09Z", Regex.Replace(report.Out, @"\s+", " "));
        Assert.Equal(
            "kvmscope: the host's clock was set forward by 02:00:00 after 2026-03-01T12:00:03Z; next it showed 2026-03-01T14:00:04Z.\n"
            + "kvmscope: the host's clock was set forward by 00:01:00 after 2026-03-01T14:00:06Z; next it showed 2026-03-01T14:01:07Z.\n",
            report.Error);
    }

    [Fact]
    public void After_the_clock_was_set_back_what_was_there_twice_is_said_and_the_rest_is_found()
    {
        var clock = new FakeClock();
        // Set back by 4 s in the middle: 12:00:02 to 12:00:06 is there twice.
        clock.Steps.Add((5.5, TimeSpan.FromSeconds(-4)));
        using var host = new Recorder(clock);
        host.Record("a.kvmscope", 12);
        EachIsFound(host, 12, twice: 6);
        Outcome twice = host.Run("report FOLDER --from 12:00:03");
        Assert.Equal((2, "kvmscope: that time is in the recording twice, because the host's clock was set back\n"
            + "  Give seconds from the start: --from +3s --to +5s or --from +7s --to +12s.\n"), (twice.Status, twice.Error));
        Assert.Contains($"{2 * Recorder.ExitsPerSecond} exits", host.Run("report FOLDER count --from +3s --to +5s").Out);
        Assert.Contains($"{9 * Recorder.ExitsPerSecond} exits", host.Run("report FOLDER count --from +3s").Out);
        Assert.Contains($"{5 * Recorder.ExitsPerSecond} exits", host.Run("report FOLDER count --from +7s").Out);
        Assert.Contains("the host's clock was set back by 00:00:04 after 2026-03-01T12:00:05Z; next it showed 2026-03-01T12:00:02Z. "
            + "The times between these two were there twice.", host.Run("report FOLDER count").Error);
    }

    [Fact]
    public void An_hour_back_in_the_middle_leaves_the_rest_of_the_day_as_it_is_shown()
    {
        var clock = new FakeClock();
        clock.Steps.Add((5.5, TimeSpan.FromHours(-1)));
        using var host = new Recorder(clock);
        host.Record("a.kvmscope", 12);
        EachIsFound(host, 12);
        // From 11:00:06 on: what was before it was set is not from that time, though it comes first.
        Assert.Contains($"{6 * Recorder.ExitsPerSecond} exits in 6.00 s",
            host.Run("report FOLDER count --from 11:00:01 --to 11:00:12").Out);
        Assert.Contains($"{5 * Recorder.ExitsPerSecond} exits in 5.00 s", host.Run("report FOLDER count --from 12:00 --to 12:30").Out);
        // Also where the second file begins after it.
        host.Record("b.kvmscope", 5);
        EachIsFound(host, 17);
    }

    [Fact]
    public void A_suspend_is_called_one()
    {
        using var host = new Recorder();
        host.Record("a.kvmscope", 3);
        string file = host["b.kvmscope"];
        host.SuspendAt(5.5, 600);
        host.Record("b.kvmscope", 6);
        EachIsFound(host, 9);
        Assert.Equal("kvmscope: the host was suspended for 00:10:00 after 2026-03-01T12:00:05Z, until before 2026-03-01T12:10:06Z. "
            + "That time is not part of the recording.\n", host.Run($"report {file} count").Error);
        Assert.Contains($"{6 * Recorder.ExitsPerSecond} exits in 6.00 s", host.Run($"report {file} count").Out);
    }

    [Fact]
    public void Slow_exits_have_their_date_and_zone_and_are_found_by_them()
    {
        World world = new(new FakeClock { Zone = s_berlin });
        var vm = new Core.Model.VmIdentity(0, 4242, "web1");
        world.Host = new FakeHost(world.Clock)
        {
            Slow =
            [
                .. Enumerable.Range(1, 2).Select(i => new Core.Model.SlowExit(world.Clock.GetUtcNow().AddMilliseconds(700 * i), vm, 0, 1, 1,
                    Core.Exits.ExitLevel.L1, new Core.Exits.ExitCode(Core.Exits.Isa.Vmx, 30), 20_000_000)),
            ],
        };
        string folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;
        try
        {
            string file = Path.Combine(folder, "x.kvmscope");
            Assert.Equal(0, world.Run("record", "-o", file, "--slower", "1ms").Status);
            string[] lines = new World().Run("report", file, "slower").Out.TrimEnd().Split('\n');
            Assert.Equal(["2026-03-01T13:00:00.700000+01:00", "2026-03-01T13:00:01.400000+01:00"], lines[1..].Select(l => l.Split(' ')[0]));
            Outcome from = new World().Run("report", file, "slower", "--from", "2026-03-01T13:00:01.400000+01:00");
            Assert.Equal("", from.Error);
            Assert.Equal([lines[0], lines[2]], from.Out.TrimEnd().Split('\n'));
            Outcome to = new World().Run("report", file, "slower", "--to", "2026-03-01T13:00:01.400000+01:00");
            Assert.Equal([lines[0], lines[1]], to.Out.TrimEnd().Split('\n'));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("25:00")]
    [InlineData("2026-13-01")]
    [InlineData("+")]
    [InlineData("+x")]
    [InlineData("1999")]
    [InlineData("March 1")]
    [InlineData("yesterdays")]
    [InlineData("12:00:00 and more")]
    public void What_is_no_time_is_refused(string text)
    {
        using var host = new Recorder();
        host.Record("a.kvmscope", 3);
        Outcome outcome = new World().Run("report", host.Folder, "--from", text);
        Assert.Equal(2, outcome.Status);
        Assert.StartsWith($"kvmscope: --from '{text}' is not a time\n", outcome.Error);
    }

    [Theory]
    [InlineData("2026-3-1T12:00:02", 5)]
    [InlineData("2026-03-01T12:00:02Z", 12)]
    [InlineData("2026-3-1T12:00:02+05:00", 5)]
    [InlineData("2026-03-01 12:00:02 +05:00", 5)]
    [InlineData("2026-03-01 12:00:02", 5)]
    [InlineData("12:00:02", 5)]
    [InlineData("-2s", 5)]
    public void A_time_is_read_in_any_of_these_forms(string text, int seconds)
    {
        using var host = new Recorder(new FakeClock
        {
            Zone = TimeZoneInfo.CreateCustomTimeZone("z", TimeSpan.FromHours(5), "z", "z"),
            Start = new(2026, 3, 1, 7, 0, 0, TimeSpan.Zero),
        });
        host.Record("a.kvmscope", 4);
        Outcome outcome = new World().Run("report", host.Folder, "count", "--from", text);
        // 12:00:02Z is after its end.
        Assert.Equal(seconds == 12 ? 2 : 0, outcome.Status);
        if (outcome.Status != 0) return;
        Assert.Contains("from 2026-03-01T12:00:02+05:00 to 2026-03-01T12:00:04+05:00", Regex.Replace(outcome.Out, @"\s+", " "));
    }
}
