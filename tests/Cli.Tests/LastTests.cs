using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary><c>last</c>: what it asks for, when it prints, and its formats.</summary>
public sealed class LastTests
{
    private static readonly DateTimeOffset s_at = new(2026, 3, 1, 12, 0, 1, TimeSpan.Zero);
    private static readonly VmIdentity s_web = new(0, 4242, "web1"), s_db = new(1, 4711, "db1");

    private static LastExit Exit(ulong number, double us, uint code, ulong? handling, int? reason = null, uint returns = 1) => new(
        number, s_at.AddMicroseconds(us), number == 7 ? null : 40_000, ExitLevel.L1, new ExitCode(Isa.Vmx, code))
    {
        Rip = 0xffff_ffff_8100_0000 + number,
        HandlingNs = handling,
        Return = reason is { } raw ? new VmmReason(raw) : null,
        Returns = reason is null ? 0 : returns,
    };

    private static VcpuHistory Dead => new(s_web, 2, 4250, s_at.AddMilliseconds(3), HasEnded: true)
    {
        Place = VcpuPlace.Vmm,
        Seen = 9,
        LastReturn = new VmmReturn(new VmmReason(9), s_at.AddMilliseconds(1), 0x8000_0021, 2_000_000),
        Exits = [Exit(7, 0, 30, 22_000, 2), Exit(8, 40, 48, 35_000, 6, 2), Exit(9, 80, 0x8000_0021, null, 9)],
    };

    private static VcpuHistory Alive => new(s_db, 0, 4712, s_at.AddSeconds(1), HasEnded: false)
    {
        Place = VcpuPlace.KvmRun,
        Seen = 1,
        LastReturn = new VmmReturn(VmmReason.Interrupted, s_at, null, 1_000_000_000),
        Exits = [Exit(7, 0, 12, null)],
    };

    private static World World()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, Histories = [Alive, Dead] };
        return world;
    }

    [Theory]
    [InlineData("last", 32)]
    [InlineData("last -n 1", 1)]
    [InlineData("last --exits 256 --abnormal", 256)]
    public void Asks_for_so_many_exits_and_for_nothing_else(string line, int count)
    {
        World world = World();
        Assert.Equal(0, world.Run(line.Split(' ')).Status);
        Assert.Equal((count, false, false, true), (
            world.Asked.LastExits, world.Asked.WantTime, world.Asked.WantQualifiers, world.Asked.FollowsRuns));
    }

    [Fact]
    public void A_vcpu_that_ended_is_printed_then_and_the_others_at_the_end()
    {
        string[] lines = World().Run("last").Out.Split('\n');
        Assert.Equal("web1 (4242) vCPU 2 ended at 12:00:01.003000: KVM_RUN returned FAIL_ENTRY", lines[0]);
        Assert.Equal("  (hardware_entry_failure_reason 0x80000021) 2.00 ms before", lines[1]);
        Assert.Equal(
            ["Time", "Since", "Reason", "RIP", "Handling", "Returned"], lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            ["12:00:01.000000", "-", "IO_INSTRUCTION", "0xffffffff81000007", "22.0", "µs", "IO"],
            lines[3].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("db1 (4711) vCPU 0 at 12:00:02.000000: in KVM_RUN; KVM_RUN returned INTR 1.00 s", lines[8]);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void Abnormal_leaves_out_those_that_can_go_on()
    {
        string text = World().Run("last", "--abnormal").Out;
        Assert.Contains("web1 (4242) vCPU 2 ended at", text, StringComparison.Ordinal);
        Assert.DoesNotContain("db1", text, StringComparison.Ordinal);
        Assert.Contains("the last 3 of 9 exits", text, StringComparison.Ordinal);
        Assert.Contains("MMIO x2", text, StringComparison.Ordinal);
        World world = World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, Histories = [Alive, Dead with { Place = VcpuPlace.KvmRun }] };
        Assert.Equal(
            "no vCPU ended with SHUTDOWN, FAIL_ENTRY, INTERNAL_ERROR or an error of KVM_RUN\n", world.Run("last", "--abnormal").Out);
    }

    [Fact]
    public void Json_has_one_vcpu_per_line()
    {
        string[] lines = World().Run("last", "--format", "json").Out.TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith(
            "{\"schema\":\"kvmscope/last/1\",\"command\":\"last\",\"vm\":\"web1\",\"vm_pid\":4242,\"vcpu\":2,\"tid\":4250,"
            + "\"time\":\"2026-03-01T12:00:01.0030000Z\",\"ended\":true,\"abnormal\":true,\"place\":\"vmm\",\"last_return\":{"
            + "\"vmm_reason\":\"FAIL_ENTRY\",\"vmm_reason_raw\":9,\"time\":\"2026-03-01T12:00:01.0010000Z\",\"before_ns\":2000000,"
            + "\"detail_raw\":2147483681,\"detail\":\"hardware_entry_failure_reason 0x80000021\"},\"exits_seen\":9,\"exits_unread\":0,"
            + "\"exits\":[{\"number\":7,\"time\":\"2026-03-01T12:00:01.0000000Z\",\"since_ns\":null,\"level\":1,"
            + "\"isa\":\"vmx\",\"code\":30,",
            lines[0], StringComparison.Ordinal);
        Assert.EndsWith(
            """
            "rip":"0xffffffff81000007","handling_ns":null,"vmm_reason":null,"vmm_reason_raw":null,"vmm_returns":0}]}
            """.TrimEnd(), lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_has_one_exit_per_line_and_a_vcpu_without_exits_one()
    {
        World world = World();
        VcpuHistory none = Alive with { Exits = [], Seen = 0, LastReturn = null };
        world.Host = new FakeHost(world.Clock) { Log = world.Log, Histories = [Dead, none] };
        string[][] lines = [.. world.Run("last", "--format", "csv").Out.TrimEnd().Split('\n').Select(l => l.Split(','))];
        Assert.Equal(5, lines.Length);
        Assert.All(lines, line => Assert.Equal(lines[0].Length, line.Length));
        int reason = Array.IndexOf(lines[0], "vmm_reason_raw"), number = Array.IndexOf(lines[0], "number");
        Assert.Equal([("7", "2"), ("8", "6"), ("9", "9"), ("", "")], lines[1..].Select(l => (l[number], l[reason])));
    }

    [Fact]
    public void A_host_without_vms_is_said() =>
        Assert.StartsWith("no vCPU was seen: ", new World().Run("last").Out, StringComparison.Ordinal);

    [Theory]
    [InlineData("last -n 0")]
    [InlineData("last -n 257")]
    [InlineData("last -n many")]
    [InlineData("last --interval 1s")]
    [InlineData("last --by vm")]
    [InlineData("last --format svg")]
    public void What_makes_no_sense_is_refused(string line)
    {
        World world = World();
        Assert.Equal(2, world.Run(line.Split(' ')).Status);
        Assert.Null(world.Host.Asked);
    }
}
