using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>What a VM's name, a further VM's name and a number mean: the same live, in a report, in a comparison and in a rule.</summary>
public sealed class VmSelectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    private const string Uuid = "77046f18-e107-48e7-939c-57eba163c478";

    private static readonly VmLabels s_labels = new() { Uuid = Uuid, Vmid = "112" };

    // Two VMs of one process, another process of the same name, one whose own name looks like that of a further VM, and a number as a name.
    private static readonly VmIdentity s_web = new(0, 4242, "web"), s_web2 = new(1, 4242, "web#2"), s_otherWeb = new(2, 5000, "web"),
        s_db = new(3, 4711, "db") { Labels = s_labels }, s_literal = new(4, 6000, "mail#2"), s_number = new(5, 7000, "1000");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Path_ => Path.Combine(_folder, "x.kvmscope");

    private static World World(params VirtualMachine[] more)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock)
        {
            Log = world.Log,
            Identities = [s_web, s_web2, s_otherWeb, s_db, s_literal, s_number],
            Vms =
            [
                new(4242, "web", "qemu", 2, [0, 1]), new(4711, "db", "qemu", 1, [0]) { Labels = s_labels },
                new(5000, "web", "qemu", 1, [0]),
                new(6000, "mail#2", "qemu", 1, [0]), new(7000, "1000", "qemu", 1, [0]), .. more,
            ],
            Rows =
            [
                Row(s_web, 1, 1_000), Row(s_web2, 10, 60_000), Row(s_otherWeb, 100, 1_000), Row(s_db, 1000, 1_000),
                Row(s_literal, 10_000, 1_000),
                Row(s_number, 100_000, 1_000),
            ],
            Slow = [Slow(s_web), Slow(s_web2), Slow(s_otherWeb), Slow(s_db)],
        };
        return world;
    }

    private static Row Row(VmIdentity vm, ulong count, ulong ns)
    {
        var row = new Row(new GroupKey(vm.Ordinal, 0, new ExitCode(Isa.Vmx, 10), ExitLevel.L1))
        {
            Count = count,
            Timed = count,
            TotalNs = count * ns,
            MaxNs = ns,
        };
        row.Bins.Add(HistogramLayout.BinOf(ns), count);
        return row;
    }

    private static SlowExit Slow(VmIdentity vm) =>
        new(new DateTimeOffset(2026, 3, 1, 12, 0, 1, TimeSpan.Zero), vm, 0, vm.Pid, 1, ExitLevel.L1, new ExitCode(Isa.Vmx, 10), 20_000_000);

    public static TheoryData<string, ulong> Selectors => new()
    {
        { "web", 111 }, { "web#2", 10 }, { "4242", 11 }, { "5000", 100 }, { "db", 1000 }, { "4711", 1000 }, { "mail#2", 10_000 },
        { "1000", 100_000 },
        { Uuid, 1000 }, { Uuid.ToUpperInvariant(), 1000 }, { "112", 1000 },
        { "web*", 111 }, { "*#2", 10_010 }, { "w[e]b", 111 }, { "1[0-9]*", 100_000 }, { "?b", 1000 }, { "db (4711)", 1000 },
    };

    [Theory]
    [MemberData(nameof(Selectors))]
    public void Live_and_in_a_report_the_same_VMs_are_meant(string vm, ulong exits)
    {
        foreach (string command in new[] { "count", "count --by vm", "time --by vcpu" })
        {
            string[] words = [.. command.Split(' '), "--vm", vm, "--format", "json"];
            Outcome live = World().Run(words);
            Assert.Equal((0, "", exits), (live.Status, live.Error, Exits(live)));
            Assert.Equal(exits, Json(live).GetProperty("trust").GetProperty("exits").GetUInt64());
            Record();
            Assert.Equal(live, new World().Run(["report", Path_, .. words]));
        }
    }

    [Theory]
    [MemberData(nameof(Selectors))]
    public void In_a_comparison_too(string vm, ulong exits)
    {
        Record();
        JsonElement diff = Json(new World().Run("diff", Path_, Path_, "--vm", vm, "--format", "json"));
        JsonElement side = diff.GetProperty("rows").EnumerateArray().Single().GetProperty("a");
        Assert.Equal(exits / diff.GetProperty("a").GetProperty("seconds").GetDouble(), side.GetProperty("rate_per_s").GetDouble(), 3);
    }

    [Theory]
    [MemberData(nameof(Selectors))]
    public void In_a_rule_and_around_it_too(string vm, ulong exits)
    {
        Record();
        foreach (string[] words in new string[][] { [$"count(any, vm=\"{vm}\")=={exits}"], [$"count(any)=={exits}", "--vm", vm] })
        {
            Outcome live = World().Run(["assert", .. words]), recorded = new World().Run(["assert", words[0], Path_, .. words[1..]]);
            Assert.Equal((0, "", live.Out), (live.Status, live.Error, recorded.Out));
            Assert.Equal((0, ""), (recorded.Status, recorded.Error));
        }
    }

    [Fact]
    public void A_rule_on_a_name_fails_when_the_second_VM_breaks_it()
    {
        Record();
        Outcome live = World().Run("assert", "max(exit, vm=web)<50us");
        Outcome recorded = new World().Run("assert", "max(exit, vm=web)<50us", Path_);
        Assert.Equal(1, live.Status);
        Assert.Contains("web#2 vCPU 0", live.Out);
        Assert.Equal((1, live.Out), (recorded.Status, recorded.Out));
    }

    [Theory]
    [InlineData("web", 3)]
    [InlineData("web#2", 1)]
    [InlineData("4242", 2)]
    public void Slow_exits_are_those_of_the_same_VMs(string vm, int lines)
    {
        Outcome live = World().Run("slower", "1ms", "--vm", vm, "--format", "json");
        Assert.Equal((0, "", lines), (live.Status, live.Error, Exits(live).Length));
        Record("--slower", "1ms");
        Outcome report = new World().Run("report", Path_, "slower", "--vm", vm, "--format", "json");
        Assert.Equal(0, report.Status);
        Assert.Equal(Exits(live), Exits(report));

        static string[] Exits(Outcome outcome) => [.. outcome.Out.Split('\n').Where(line => line.Contains("kvmscope/slower/1"))];
    }

    [Fact]
    public void A_recording_of_a_second_VM_holds_that_one()
    {
        Record("--vm", "web#2");
        Assert.Equal(10UL, Exits(new World().Run("report", Path_, "count", "--format", "json")));
        Assert.Equal(0, new World().Run("assert", "count(any, vm=web)==10", Path_).Status);
        // The first was not traced, and so is not measured as one without exits.
        Assert.Equal(5, new World().Run("assert", "count(any, vm=db)==0", Path_).Status);
        Assert.Equal(5, World().Run("assert", "count(any, vm=web#3)==0", "--vm", "web#2").Status);

        File.Delete(Path_);
        Outcome host = World().Run("record", "-o", Path_, "--vm", "web#2", "--by", "host");
        const string says = "kvmscope: --vm asks for one of several VMs of a process, and --by host keeps none apart\n"
            + "  Record with --by vm, or all VMs of the process: --vm PID\n";
        Assert.Equal((2, says), (host.Status, host.Error));
        Assert.False(File.Exists(Path_));
    }

    [Theory]
    [InlineData("web#3")]
    [InlineData("db#2")]
    [InlineData("web#")]
    [InlineData("web#1")]
    [InlineData("WEB")]
    public void A_VM_that_is_not_there_is_an_error(string vm)
    {
        Record();
        Assert.StartsWith($"kvmscope: no VM has the name, pid, UUID or VMID '{vm}'\n  Running: web (4242), ",
            World().Run("count", "--vm", vm).Error);
        Assert.StartsWith($"kvmscope: no VM in the recording has the name, pid, UUID or VMID '{vm}'\n  There are: web (4242), web#2 (4242)",
            new World().Run("report", Path_, "--vm", vm).Error);
        Assert.Equal(5, new World().Run("assert", $"count(any, vm={vm})==0", Path_).Status);
    }

    [Fact]
    public void A_number_that_is_a_name_and_a_pid_of_two_VMs_is_an_error_that_says_how_to_choose()
    {
        const string says = "kvmscope: '1000' is the name of one VM and the pid of another\n"
            + "  Give 7000, the pid of the VM of that name, or 'clash', the name of the other.\n";
        VirtualMachine clash = new(1000, "clash", "qemu", 1, [0]);
        string[][] live =
        [
            ["count", "--vm", "1000"], ["slower", "--vm", "1000"], ["assert", "count(any, vm=1000)>0"],
            ["record", "-o", Path_, "--vm", "1000"],
        ];
        foreach (string[] words in live)
        {
            Assert.Equal(new Outcome(2, "", says), World(clash).Run(words));
            Assert.False(File.Exists(Path_));
        }
        Assert.Equal(0, World(clash).Run("count", "--vm", "7000").Status);
        Assert.Equal(0, World(clash).Run("count", "--vm", "clash").Status);

        World recorder = World(clash);
        Assert.Equal(0, recorder.Run("record", "-o", Path_).Status);
        string[][] recorded =
        [
            ["report", Path_, "--vm", "1000"], ["diff", Path_, Path_, "--vm", "1000"], ["assert", "count(any, vm=1000)>0", Path_],
            ["assert", "count(any)>0", Path_, "--vm", "1000"],
        ];
        foreach (string[] words in recorded)
            Assert.Equal(new Outcome(2, "", says), new World().Run(words));
        Assert.Equal(100_000UL, Exits(new World().Run("report", Path_, "--vm", "7000", "--format", "json")));
    }

    [Fact]
    public void A_recording_says_what_is_known_of_a_VM_and_a_process_with_other_numbers_is_found_by_it()
    {
        Record("--vm", "112");
        Assert.Equal(1000UL, Exits(new World().Run("report", Path_, "count", "--vm", Uuid, "--format", "json")));
        Outcome clash = World(new VirtualMachine(112, "clash", "qemu", 1, [0])).Run("count", "--vm", "112");
        Assert.Equal(
            new Outcome(2, "", """
                kvmscope: '112' is the pid of one VM and the VMID of another
                  Give 'clash', the name of the VM of that pid, or 'db', the name of the other.

                """), clash);
    }

    private void Record(params string[] options)
    {
        File.Delete(Path_);
        Outcome outcome = World().Run(["record", "-o", Path_, .. options]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
    }

    private static JsonElement Json(Outcome outcome) => JsonDocument.Parse(outcome.Out.TrimEnd()).RootElement;

    private static ulong Exits(Outcome outcome) =>
        Json(outcome).GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("row").GetString() == "total")
            .GetProperty("count").GetUInt64();

    [Fact]
    public void A_pattern_that_matches_no_VM_is_an_error_that_names_those_that_there_are()
    {
        Record();
        Assert.StartsWith("kvmscope: no VM has a name that matches 'wbe*'\n  Running: web (4242), db (4711), web (5000), ",
            World().Run("count", "--vm", "wbe*").Error);
        Assert.StartsWith("kvmscope: no VM in the recording has a name that matches 'wbe*'\n  There are: web (4242), web#2 (4242)",
            new World().Run("report", Path_, "--vm", "wbe*").Error);
        Outcome rule = new World().Run("assert", "count(any, vm=wbe*)==0", Path_);
        Assert.Equal(5, rule.Status);
        Assert.Contains("no VM wbe* in the data", rule.Out);
    }

    [Fact]
    public void What_could_not_be_looked_into_may_be_the_VM()
    {
        World world = World();
        world.Host = new FakeHost(world.Clock) { UnreadableProcesses = 7 };
        Assert.Equal("kvmscope: no VM has the name, pid, UUID or VMID 'web9'\n  Running: web1 (4242), db1 (4711). 7 processes could not be "
            + "looked into, because they belong to other users: run as root to see their VMs.\n", world.Run("count", "--vm", "web9").Error);
    }

    [Fact]
    public void A_pattern_is_the_VMs_that_run_now_and_that_is_said()
    {
        World world = World();
        world.ErrorIsTerminal = true;
        Assert.Contains("'web*' is web (4242), web (5000): VMs that start later are not traced.\n",
            world.Run("count", "--vm", "web*").Error);
        Assert.DoesNotContain("start later", World().Run("count", "--vm", "web*").Error);
    }

    [Fact]
    public void Vcpus_are_chosen_by_ranges_everywhere()
    {
        World world = World();
        world.Host = new FakeHost(world.Clock);
        Assert.Equal(0, world.Run("count", "--vcpu", "0-2,3").Status);
        Assert.Equal([0, 1, 2, 3], world.Asked.Filter.VcpuIds.ToArray());
        Assert.Equal("kvmscope: no vCPU 4 in any of these VMs\n  There are: 0-3\n", World4().Run("count", "--vcpu", "0-5").Error);
        Assert.Equal("kvmscope: --vcpu '3-1' is not a vCPU id or a range of them\n  Give numbers or ranges: --vcpu 0, --vcpu 0,2 or "
            + "--vcpu 0-3\n", World4().Run("count", "--vcpu", "3-1").Error);
        Record("--vcpu", "0-1");
        Assert.Equal("kvmscope: no vCPU 1 is in the recording\n  There are: 0\n", new World().Run("report", Path_, "--vcpu", "0-1").Error);
        Assert.Equal(0, new World().Run("report", Path_, "--vcpu", "0-0").Status);

        static World World4() => new();
    }

    [Fact]
    public void Reasons_are_chosen_by_patterns_everywhere()
    {
        World world = World();
        Assert.Equal(0, world.Run("count", "--reason", "CPU*,MSR_[RW]*", "--exclude", "MSR_W*").Status);
        Assert.Equal(new ulong[] { 10, 31, 32, 84, 85 }, world.Asked.Filter.Codes.Order());
        Assert.Equal(new ulong[] { 32, 85 }, world.Asked.Filter.ExcludedCodes.Order());
        Assert.Equal(0, World().Run("hist", "CPU*").Status);
        Assert.Equal("kvmscope: no exit reason of VMX matches 'CUPI*'\n  Did you mean CPUID or SIPI_SIGNAL?\n",
            World().Run("count", "--reason", "CUPI*").Error);
        Record();
        Assert.Equal(111_111UL, Exits(new World().Run("report", Path_, "count", "--reason", "CP*", "--format", "json")));
        Assert.Equal(0UL, Exits(new World().Run("report", Path_, "count", "--exclude", "CP*", "--format", "json")));
        Assert.Equal(0, new World().Run("assert", "count(C?UID)==111111", Path_).Status);
    }

    [Fact]
    public void Slow_exits_tell_VMs_of_one_name_apart()
    {
        Outcome live = World().Run("slower", "1ms");
        string[] vms = [.. live.Out.Split('\n').Skip(1).Where(line => line.Length > 0).Select(line => line[16..^1].Trim().Split("  ")[0])];
        Assert.Equal(["web (4242)", "web#2", "web (5000)", "db"], vms);
        Record("--slower", "1ms");
        string[] recorded = new World().Run("report", Path_, "slower").Out.Split('\n');
        Assert.StartsWith("2026-03-01T12:00:01.000000Z      web (4242) ", recorded[1]);
        Assert.StartsWith("2026-03-01T12:00:01.000000Z      web (5000) ", recorded[3]);
    }

    [Fact]
    public void Names_are_whole_in_every_format_and_can_be_typed()
    {
        string name = string.Concat(Enumerable.Range(0, 60).Select(i => $"part{i}-"));
        World Long()
        {
            World world = World();
            world.Host = new FakeHost(world.Clock)
            {
                Vms = [new(4242, name, "qemu", 2, [0])],
                Identities = [s_web with { Name = name }, s_web2 with { Name = name + "#2" }],
                Rows = [Row(s_web, 1, 1_000), Row(s_web2, 10, 1_000)],
                Slow = [Slow(s_web with { Name = name })],
            };
            world.Screen = new Terminal.Screen(IsTerminal: true, 600, AllowsColor: false, Unicode: true);
            return world;
        }
        Assert.Equal(0, Long().Run("record", "-o", Path_, "--slower", "1ms").Status);
        foreach (string[] words in new string[][]
        {
            ["list"], ["list", "--format", "json"], ["list", "--format", "csv"], ["count", "--by", "vm"],
            ["count", "--by", "vm", "--format", "json"], ["count", "--by", "vm", "--format", "csv"],
            ["slower", "1ms", "--format", "json"], ["slower", "1ms", "--format", "csv"],
            ["report", Path_, "--by", "vm"], ["report", Path_, "--by", "vm", "--format", "json"],
            ["assert", $"count(any, vm={name})==11", Path_], ["assert", $"count(any, vm={name})==11"],
        })
        {
            Outcome outcome = Long().Run(words);
            Assert.Equal((words[0], 0), (words[0], outcome.Status));
            Assert.Contains(words[0] == "assert" ? "1 rule" : name, outcome.Out);
        }
        foreach ((string typed, ulong exits) in new[] { (name, 11UL), (name + "#2", 10UL), (name[..70] + "*", 11UL) })
        {
            Assert.Equal(exits, Exits(Long().Run("count", "--vm", typed, "--format", "json")));
            Assert.Equal(exits, Exits(new World().Run("report", Path_, "count", "--vm", typed, "--format", "json")));
        }
    }
}
