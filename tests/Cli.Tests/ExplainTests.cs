using System.Text.Json;
using Kvmscope.CommandLine;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The list of all reasons, as wide as the terminal.</summary>
public sealed class ExplainTests
{
    [Fact]
    public void A_pipe_has_the_list_whole()
    {
        var world = new World { Screen = new(IsTerminal: false, 80, AllowsColor: false, Unicode: true) };
        string text = world.Run("explain", "--isa", "vmx").Out;
        Assert.DoesNotContain('…', text);
        Assert.Contains(text.Split('\n'), line => line.Length > 80);
    }

    [Theory]
    [InlineData(true, '…')]
    [InlineData(false, '~')]
    public void A_terminal_has_one_line_a_reason(bool unicode, char cut)
    {
        var world = new World { Screen = new(IsTerminal: true, 60, AllowsColor: false, unicode) };
        string text = world.Run("explain", "--isa", "vmx").Out;
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 60));
        Assert.Contains(cut, text);
        if (!unicode) Assert.All(text, c => Assert.True(char.IsAscii(c)));
    }

    [Fact]
    public void Json_has_the_same_as_the_table()
    {
        using JsonDocument one = JsonDocument.Parse(new World().Run("explain", "CPUID", "--isa", "svm", "--format", "json").Out);
        JsonElement reason = Assert.Single(one.RootElement.GetProperty("reasons").EnumerateArray());
        Assert.Equal(("svm", 0x72, "CPUID"),
            (reason.GetProperty("isa").GetString(), reason.GetProperty("code").GetInt32(), reason.GetProperty("reason").GetString()));
        Assert.NotEqual("", reason.GetProperty("meaning").GetString());
        Assert.Empty(one.RootElement.GetProperty("parts").EnumerateArray());

        using JsonDocument all = JsonDocument.Parse(new World().Run("explain", "--isa", "vmx", "--format", "json").Out);
        Assert.Equal(ExitReasons.All(Isa.Vmx).Count(), all.RootElement.GetProperty("reasons").GetArrayLength());
        Assert.Equal(PartNames.All.Count, all.RootElement.GetProperty("parts").GetArrayLength());
    }

    [Fact]
    public void What_to_look_at_are_commands_of_this_program()
    {
        var parser = new CommandLineParser(Application.Commands());
        foreach (IsaInfo isa in IsaInfo.All)
            foreach (ExitReasonInfo info in isa.Reasons)
                foreach ((string command, string _) in ReasonAdvice.LookAt(new ExitCode(isa.Isa, info.Number)))
                    Assert.Equal(LineKind.Command, parser.Parse(command.Split(' ')[1..]).Kind);
    }

    // 40 % of the vCPU's time waits for a CPU, 30 % is in its VMM for a port.
    private static World Loaded()
    {
        var world = new World();
        Row ports = FakeHost.Row(30, ExitLevel.L1, 300, 1_000_000);
        TimeParts parts = default, outside = default;
        (parts[TimePart.Vmm], parts[TimePart.Kvm]) = (290_000_000, 10_000_000);
        ports.Parts = parts;
        (outside[TimePart.Runq], outside[TimePart.Guest]) = (400_000_000, 300_000_000);
        world.Host = new FakeHost(world.Clock)
        {
            Log = world.Log,
            GrowsEachSecond = true,
            Rows = [ports],
            Times = [new VcpuTime(GroupKey.OfVcpu(0, 0), 1_000_000_000, outside)],
        };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(10) };
        return world;
    }

    [Fact]
    public void Advice_asks_for_all_that_it_needs_and_a_recording_gives_the_same()
    {
        World live = Loaded();
        string[] said = Advice(live.Run("time", "--explain").Out);
        Assert.Equal((true, true, true), (live.Asked.WantSplit, live.Asked.WantQualifiers, live.Asked.WantNested));
        Assert.Equal(2, said.Length);
        Assert.StartsWith("web1 waited for a CPU 40.0 % of its time", said[0]);
        Assert.StartsWith("web1 was in its VMM 29.0 % of its time, most of it for IO_INSTRUCTION", said[1]);

        string folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;
        try
        {
            foreach (string by in (string[])["vcpu", "vm", "host"])
            {
                string file = Path.Combine(folder, by);
                Assert.Equal(0, Loaded().Run("record", "--by", by, "-o", file).Status);
                string[] now = Advice(new World().Run("report", file, "--explain").Out);
                Assert.Equal(by == "host" ? [.. said.Select(l => l.Replace("web1", "the VMs"))] : said, now);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Without_all_exits_there_is_no_advice_and_nothing_more_is_asked_for()
    {
        World world = Loaded();
        string output = world.Run("time", "--explain", "--reason", "IO_INSTRUCTION").Out;
        Assert.Contains("no advice: it needs all exits, without --reason, --exclude and --level", output);
        Assert.Equal((false, false, false), (world.Asked.WantSplit, world.Asked.WantQualifiers, world.Asked.WantNested));
    }

    // The lines after the last note, joined where they were wrapped.
    private static string[] Advice(string output) =>
        [.. output.Replace("\n  ", " ").Split('\n').Where(l => l.StartsWith("web1 ") || l.StartsWith("the VMs "))];
}
