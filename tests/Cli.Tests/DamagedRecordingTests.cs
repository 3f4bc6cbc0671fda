using Kvmscope.Core.Recordings;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>A recording of more than two minutes in which one second is damaged, with every command.</summary>
public sealed class DamagedRecordingTests : IDisposable
{
    private const int Gone = 65;

    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Without its index too, and with the interval cut out or its head changed.
    private string Damaged(bool ended, bool isCut)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(130) };
        string path = Path.Combine(_folder, "x.kvmscope");
        Assert.Equal(0, world.Run("record", "-o", path).Status);
        byte[] bytes = File.ReadAllBytes(path);
        var kept = new MemoryStream();
        for (int at = 0; at < bytes.Length;)
        {
            Assert.True(MemberHead.TryRead(bytes.AsSpan(at), out MemberHead head));
            bool isGone = head.Kind == MemberKind.Interval && head.First == Gone;
            if (isGone && !isCut) bytes[at + 20] ^= 0x10;
            // The minute's span would replace it for a whole minute.
            if (!(isGone && isCut) && head.Kind != MemberKind.Span && (ended || head.Kind != MemberKind.End))
                kept.Write(bytes, at, head.Length);
            at += head.Length;
        }
        File.WriteAllBytes(path, kept.ToArray());
        return path;
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void What_needs_it_is_an_error_and_everything_else_is_shown(bool ended, bool isCut)
    {
        string path = Damaged(ended, isCut);
        foreach (string command in new[]
        {
            "report FILE count", "report FILE count --interval 1s", "report FILE count --interval 5s --format json",
            "report FILE --timeline", "report FILE --timeline --interval 13s",
            "report FILE count --from +1m --to +66s", "report FILE count --from +65s --to +100s", "report FILE count --from +65s --to +66s",
            "diff FILE FILE", "diff FILE --a ..+70s --b +70s..",
        })
        {
            Outcome outcome = new World().Run(command.Replace("FILE", path).Split(' '));
            Assert.Equal((command, 1), (command, outcome.Status));
            Assert.Contains("is damaged at 2026-03-01T12:01:05Z", outcome.Error);
            Assert.Contains("--to 2026-03-01T12:01:05Z for what is before, --from 2026-03-01T12:01:06Z for what is after",
                outcome.Error);
            Assert.DoesNotContain("exits", outcome.Out);
        }
        (string, int)[] windows =
        [
            ("--to +65s", 65), ("--from +66s", 64), ("--to 2026-03-01T12:01:05.000", 65), ("--from 2026-03-01T12:01:06Z", 64),
            ("--from +66s --to +70s", 4),
        ];
        foreach ((string window, int seconds) in windows)
        {
            Outcome outcome = new World().Run(["report", path, "count", "--format", "json", .. window.Split(' ')]);
            Assert.Equal((window, 0), (window, outcome.Status));
            Assert.Contains($"\"exits\":{147 * seconds},", outcome.Out);
        }
        Assert.Equal(0, new World().Run("diff", path, "--a", "..+65s", "--b", "+66s..").Status);
    }

    [Fact]
    public void Rules_are_not_measured_on_damaged_intervals()
    {
        string path = Damaged(ended: false, isCut: false);
        Outcome outcome = new World().Run("assert", "max(exit)<50us", "max(exit)<1ns", path);
        Assert.Equal(5, outcome.Status);
        Assert.Contains("2 not measured", outcome.Out);
        Assert.Contains("The rest can be shown", outcome.Error);
        Assert.Equal(1, new World().Run("assert", "max(exit)<1ns", path, "--to", "+1m").Status);
        File.WriteAllBytes(path, [.. File.ReadAllBytes(path)[..80], 0, .. File.ReadAllBytes(path)[81..]]);
        Assert.Equal(5, new World().Run("assert", "max(exit)<50us", path).Status);
    }

    [Fact]
    public void Too_many_columns_or_samples_are_refused()
    {
        var bytes = new MemoryStream();
        var header = new RecordingHeader { Started = DateTimeOffset.UnixEpoch, IntervalNs = 500_000_000 };
        new RecordingWriter(header, part => bytes.Write(part.Span)).Begin();
        Recording one = Recording.Open(bytes, "x");
        var recording = new RecordingSet([RecordingPart.Of(one)], _ => one);
        Kvmscope.Recordings.RecordedSteps.CheckCount(new IntervalRange(0, 4000), 2, 2000, "columns", recording);
        Core.KvmscopeException error = Assert.Throws<Core.KvmscopeException>(() =>
            Kvmscope.Recordings.RecordedSteps.CheckCount(new IntervalRange(0, 86_400), 2, 2000, "columns", recording));
        Assert.Contains("43200 columns, and at most 2000 are possible", error.Message);
        Assert.Contains("--interval 22s", error.Hint);
    }
}
