using Kvmscope.Core.Recordings;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>Recordings of many files: which stay, their names, and their headers.</summary>
public sealed class RotationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string File_(string name = "x.kvmscope") => Path.Combine(_folder, name);

    private string[] Names() => [.. Directory.GetFiles(_folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private void Make(params string[] times)
    {
        foreach (string time in times) File.WriteAllBytes(File_($"x-{time}.kvmscope"), [.. MemberHead.Magic, .. "a recording"u8]);
    }

    private static World Growing(double seconds)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(seconds) };
        return world;
    }

    [Fact]
    public void A_clock_that_was_set_back_removes_no_file_that_is_written()
    {
        Make("20270301T120000Z", "20270301T130000Z", "20270301T140000Z");
        Assert.Equal(0, Growing(5.5).Run("record", "-o", File_(), "--rotate", "2s", "--keep", "3").Status);
        Assert.Equal(["x-20260301T120000Z.kvmscope", "x-20260301T120002Z.kvmscope", "x-20260301T120004Z.kvmscope"], Names());
    }

    [Fact]
    public void A_recorder_that_is_started_again_and_again_pushes_no_history_out()
    {
        Make("20260301T080000Z", "20260301T090000Z", "20260301T100000Z", "20260301T070000Z");
        // All at the same second: a name that is taken is not an error.
        for (int i = 0; i < 5; i++) Assert.Equal(0, Growing(2.5).Run("record", "-o", File_(), "--rotate", "1h", "--keep", "3").Status);
        string[] history = ["x-20260301T080000Z.kvmscope", "x-20260301T090000Z.kvmscope", "x-20260301T100000Z.kvmscope"];
        Assert.Equal([.. history, .. Enumerable.Range(0, 5).Select(i => $"x-20260301T12000{i}Z.kvmscope")], Names());
    }

    [Fact]
    public void Files_of_another_user_or_kind_are_neither_removed_nor_counted()
    {
        Make("20260301T070000Z", "20260301T080000Z", "20260301T090000Z");
        File.WriteAllText(File_("x-20260301T100000Z.kvmscope"), "something else");
        File.WriteAllBytes(File_("target"), [.. MemberHead.Magic]);
        File.CreateSymbolicLink(File_("x-20260301T060000Z.kvmscope"), File_("target"));
        var system = new FakeSystem { Owners = { ["x-20260301T070000Z.kvmscope"] = new(4711, 4711) } };
        World world = Growing(2.5);
        world.System = system;
        Assert.Equal(0, world.Run("record", "-o", File_(), "--rotate", "1h", "--keep", "1").Status);
        Assert.Equal(
            ["target", "x-20260301T060000Z.kvmscope", "x-20260301T070000Z.kvmscope", "x-20260301T090000Z.kvmscope",
                "x-20260301T100000Z.kvmscope", "x-20260301T120000Z.kvmscope"], Names());
    }

    [Fact]
    public void A_name_that_is_taken_when_files_rotate_is_no_error()
    {
        Make("20260301T120002Z", "20260301T120003Z");
        Assert.Equal(0, Growing(4.5).Run("record", "-o", File_(), "--rotate", "2s").Status);
        Assert.Equal(["00", "02", "03", "04", "05"], Names().Select(n => n.Substring(15, 2)));
        Assert.EndsWith("a recording", File.ReadAllText(File_("x-20260301T120002Z.kvmscope")), StringComparison.Ordinal);
    }

    [Fact]
    public void Later_files_get_the_owner_of_the_first_and_all_names_are_synced()
    {
        var system = new FakeSystem();
        World world = Growing(5.5);
        world.System = system;
        Assert.Equal(0, world.Run("record", "-o", File_(), "--rotate", "2s").Status);
        Assert.Equal(3, Names().Length);
        Assert.Equal([system.Owner, system.Owner], system.Given);
        Assert.Equal([_folder, _folder, _folder], system.Synced);
        Assert.Equal(["attach", "drop, and make files", "listen"], world.Log.Take(3));
    }

    [Fact]
    public void A_service_manager_hears_when_it_is_ready_and_at_each_interval()
    {
        World world = Growing(3.5);
        world.System = new FakeSystem { Manager = new FakeManager(world.Log, TimeSpan.FromSeconds(2)) };
        Assert.Equal(0, world.Run("record", "-o", File_(), "--rotate", "2s").Status);
        Assert.Equal(
            ["ready", "alive", "alive", "alive", "alive", "stopping"], world.Log.Where(l => l is "ready" or "alive" or "stopping"));
        Assert.InRange(world.Log.IndexOf("ready"), world.Log.IndexOf("listen"), world.Log.Count);
    }

    [Fact]
    public void A_watchdog_that_would_end_a_recorder_that_works_is_refused()
    {
        World world = Growing(3.5);
        world.System = new FakeSystem { Manager = new FakeManager(world.Log, TimeSpan.FromSeconds(1.9)) };
        Outcome outcome = world.Run("record", "-o", File_(), "--rotate", "2s");
        Assert.Equal(2, outcome.Status);
        Assert.Contains("WatchdogSec=", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Names());
    }

    [Fact]
    public void The_last_line_names_the_last_file()
    {
        World world = Growing(5.5);
        world.ErrorIsTerminal = true;
        Outcome outcome = world.Run("record", "-o", File_(), "--rotate", "2s", "--keep", "1");
        Assert.EndsWith($"kvmscope report {File_("x-20260301T120004Z.kvmscope")}\n", outcome.Error);
    }

    [Fact]
    public void Recordings_are_readable_only_for_their_owner()
    {
        Assert.Equal(0, Growing(3.5).Run("record", "-o", File_(), "--rotate", "2s").Status);
        Assert.Equal(2, Names().Length);
        Assert.All(Names(), n => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(File_(n))));
    }

    // db1 has no exits: if it was traced there were none, and if it was not, that is not known.
    [Theory]
    [InlineData("", 0)]
    [InlineData("--vm db1", 0)]
    [InlineData("--vm web1", 5)]
    [InlineData("--vcpu 0", 0)]
    [InlineData("--vcpu 3", 5)]
    public void What_was_not_traced_is_not_measured(string filter, int status)
    {
        string[] options = filter.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string path = File_();
        Assert.Equal(0, Growing(2.5).Run(["record", "-o", path, .. options]).Status);
        Assert.Equal(status, new World().Run("assert", "count(any, vm=db1)==0", path).Status);
        Assert.Equal(status, Growing(2.5).Run(["assert", "count(any, vm=db1)==0", .. options]).Status);
        Outcome report = new World().Run("report", path, "count", "--vm", "db1");
        Assert.Equal(status == 5 ? 2 : 0, report.Status);
    }

    [Fact]
    public void Vcpus_that_were_not_traced_are_not_measured()
    {
        Assert.Equal(0, Growing(2.5).Run("assert", "count(any, vcpu=1)==0").Status);
        Outcome outcome = Growing(2.5).Run("assert", "count(any, vcpu=1)==0", "--vcpu", "0");
        Assert.Equal(5, outcome.Status);
        Assert.Contains("no vCPU 1", outcome.Out);
    }

    [Fact]
    public void A_later_file_knows_only_the_vms_that_were_seen_last()
    {
        Assert.Equal(0, Growing(3.5).Run("record", "-o", File_(), "--rotate", "2s").Status);
        foreach ((string name, string vm, int status) in new[] { ("00", "web1", 0), ("00", "db1", 0), ("02", "web1", 0), ("02", "db1", 5) })
        {
            string path = File_($"x-20260301T1200{name}Z.kvmscope");
            Assert.Equal((name, vm, status), (name, vm, new World().Run("assert", $"count(EPT_VIOLATION, vm={vm})==0", path).Status));
            using var source = Kvmscope.Recordings.RecordingSource.Open([path], new World().Context());
            Assert.Equal(name != "00", source.Recording.Header.IsContinued);
        }
    }

    [Fact]
    public void A_level_that_was_not_recorded_may_have_had_more()
    {
        Assert.Equal(0, Growing(2.5).Run("record", "-o", File_(), "--level", "l1").Status);
        Assert.Equal(5, new World().Run("assert", "count(CPUID)<205", File_()).Status);
        Assert.Equal(0, new World().Run("assert", "count(CPUID, level=l1)<205", File_()).Status);
    }
}
