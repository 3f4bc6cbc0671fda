using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>A recording gives what the live trace gives; and mistakes with files.</summary>
public sealed class RecordReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string File_(string name = "x.kvmscope") => Path.Combine(_folder, name);

    private static World Growing(double seconds = 5)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true, Isa = Isa.Vmx };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(seconds) };
        return world;
    }

    private string Record(params string[] options)
    {
        string path = File_();
        Outcome outcome = Growing().Run(["record", "-o", path, .. options]);
        Assert.Equal("", outcome.Error);
        Assert.Equal("", outcome.Out);
        Assert.Equal(0, outcome.Status);
        return path;
    }

    [Theory]
    [InlineData("count")]
    [InlineData("count --by vm,reason --format csv")]
    [InlineData("time")]
    [InlineData("time --stats --sort avg")]
    [InlineData("time --format json")]
    [InlineData("time --by vcpu,level --format json")]
    [InlineData("time --by qualifier --format json")]
    [InlineData("hist CPUID")]
    [InlineData("hist --by reason --format json")]
    [InlineData("time --reason CPUID --format json")]
    [InlineData("time --exclude HLT")]
    [InlineData("time --level l2 --format json")]
    [InlineData("time --vm web1 --vcpu 0 --format json")]
    public void A_report_is_what_was_live(string command)
    {
        string[] words = command.Split(' ');
        Outcome live = Growing().Run(words);
        string path = Record();
        Outcome report = new World().Run(["report", path, .. words]);
        // A recording says the whole time, so that --from and --to take it.
        string shown = live.Out.Replace("from 12:00:00", "from 2026-03-01T12:00:00Z to 2026-03-01T12:00:05Z", StringComparison.Ordinal);
        Assert.Equal(shown.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
            report.Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((0, ""), (report.Status, report.Error));
        Assert.NotEmpty(report.Out);
    }

    [Fact]
    public void Each_interval_is_the_same_as_live()
    {
        Outcome live = Growing().Run("time", "--interval", "1s", "--format", "json");
        Outcome report = new World().Run("report", Record(), "--interval", "1s", "--format", "json");
        Assert.Equal(live.Out, report.Out);
        Outcome two = new World().Run("report", File_(), "--interval", "2s", "--format", "json");
        Assert.Equal(3, two.Out.Count(c => c == '\n'));
    }

    [Fact]
    public void A_window_is_of_the_intervals_in_it()
    {
        string path = Record();
        Outcome outcome = new World().Run("report", path, "count", "--from", "+1s", "--to", "-2s", "--format", "json");
        Assert.Contains("\"started\":\"2026-03-01T12:00:01.0000000Z\",\"seconds\":2,", outcome.Out);
        foreach ((string from, string to) in new[] { ("12:00:01", "12:00:03"), ("2026-03-01T12:00:01", "2026-03-01T13:00:03+01:00") })
            Assert.Equal(outcome.Out, new World().Run("report", path, "count", "--from", from, "--to", to, "--format", "json").Out);
    }

    [Fact]
    public void Slow_exits_are_kept()
    {
        World world = Growing();
        var vm = new VmIdentity(0, 4242, "web1");
        world.Host = new FakeHost(world.Clock)
        {
            Log = world.Log,
            Slow =
            [
                new(world.Clock.GetUtcNow(), vm, 1, 77, 3, ExitLevel.L1, new ExitCode(Isa.Vmx, 30), 2_000_000),
                new(world.Clock.GetUtcNow(), vm, 0, 76, 2, ExitLevel.L1, new ExitCode(Isa.Vmx, 12), 900_000),
            ],
        };
        Assert.Equal(0, world.Run("record", "-o", File_(), "--slower", "500us").Status);
        Outcome all = new World().Run("report", File_(), "slower", "--format", "csv");
        Assert.Equal(3, all.Out.Count(c => c == '\n'));
        Outcome some = new World().Run("report", File_(), "slower", "1ms", "--vm", "web1", "--reason", "IO_INSTRUCTION");
        Assert.Equal(2, some.Out.TrimEnd().Split('\n').Length);
        Assert.Contains("IO_INSTRUCTION", some.Out);
        Outcome below = new World().Run("report", File_(), "slower", "100us");
        Assert.Equal(2, below.Status);
        Assert.Contains("500 µs", below.Error);
    }

    private void RecordSlow(params string[] options)
    {
        World world = Growing();
        var vm = new VmIdentity(0, 4242, "web1");
        SlowExit Exit(int vcpu, ulong ns, TimePart part, ulong partNs)
        {
            TimeParts parts = default;
            parts[part] = partNs;
            parts[TimePart.Kvm] += ns - partNs;
            return new(world.Clock.GetUtcNow(), vm, vcpu, 70 + vcpu, 3, ExitLevel.L1, new ExitCode(Isa.Vmx, 30), ns)
            {
                Parts = parts,
                RanInstead = new TaskIdentity(99, "make"),
            };
        }
        world.Host = new FakeHost(world.Clock)
        {
            Log = world.Log,
            Slow =
            [
                Exit(0, 2_000_000, TimePart.Runq, 600_000), Exit(1, 900_000, TimePart.Runq, 300_000),
                Exit(2, 4_000_000, TimePart.Vmm, 3_000_000),
            ],
        };
        Outcome outcome = world.Run(["record", "-o", File_(), .. options]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
    }

    private string[] SlowVcpus(params string[] options)
    {
        Outcome outcome = new World().Run(["report", File_(), "slower", "--format", "csv", .. options]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return [.. outcome.Out.TrimEnd().Split('\n').Skip(1).Select(l => l.Split(',')[3])];
    }

    [Fact]
    public void Slow_exits_of_a_part_are_kept_with_who_ran_instead()
    {
        RecordSlow("--slower", "200us", "--part", "runq", "--who");
        Assert.Equal(["0", "1"], SlowVcpus());
        Assert.Equal(["0", "1"], SlowVcpus("--part", "runq"));
        Assert.Equal(["0"], SlowVcpus("500us"));
        Outcome text = new World().Run("report", File_(), "slower", "--who");
        Assert.Equal(2, text.Out.Split("make (99) ran instead").Length - 1);
        Assert.Contains("\"ran_instead\":{\"name\":\"make\",\"pid\":99}",
            new World().Run("report", File_(), "slower", "--format", "json").Out);
        const string says = "has exits of 200 µs and more in runq";
        foreach (string options in new[] { "--part vmm", "100us" })
        {
            Outcome outcome = new World().Run(["report", File_(), "slower", .. options.Split(' ')]);
            Assert.Equal(2, outcome.Status);
            Assert.Contains(says, outcome.Error);
        }
    }

    [Fact]
    public void Slow_exits_can_be_told_apart_by_a_part_later()
    {
        RecordSlow("--slower", "500us");
        Assert.Equal(["0", "1", "2"], SlowVcpus());
        Assert.Equal(["0"], SlowVcpus("--part", "runq"));
        Assert.Equal(["2"], SlowVcpus("1ms", "--part", "VMM"));
        Outcome who = new World().Run("report", File_(), "slower", "--who");
        Assert.Equal(2, who.Status);
        Assert.Contains("Record with --slower TIME --who", who.Error);
    }

    [Fact]
    public void Without_the_split_slow_exits_have_no_parts()
    {
        RecordSlow("--slower", "500us", "--without", "split");
        Outcome outcome = new World().Run("report", File_(), "slower", "--part", "runq");
        Assert.Equal(2, outcome.Status);
        Assert.Contains("made with --without split", outcome.Error);
    }

    [Theory]
    [InlineData("--by vm", "It belongs to count, time and hist.")]
    [InlineData("--top 3", "It belongs to count, time and hist.")]
    [InlineData("--sort time", "It belongs to count and time.")]
    [InlineData("--levels", "It belongs to count and time.")]
    [InlineData("--split", "It belongs to time.")]
    [InlineData("--stats", "It belongs to time.")]
    [InlineData("--nested", "It belongs to time.")]
    [InlineData("--explain", "It belongs to time.")]
    [InlineData("--interval 1s", "It belongs to count, time and hist.")]
    public void Slow_exits_are_in_no_table(string options, string hint)
    {
        RecordSlow("--slower", "500us");
        Outcome outcome = new World().Run(["report", File_(), "slower", .. options.Split(' ')]);
        Assert.Equal(new Outcome(2, "", $"kvmscope: 'slower' has no option {options.Split(' ')[0]}\n  {hint}\n"), outcome);
    }

    [Fact]
    public void A_vcpu_that_is_not_in_the_recording_is_said()
    {
        string path = Record();
        foreach (string[] view in new string[][] { [], ["count"], ["hist"], ["--timeline"], ["--from", "+1s"] })
        {
            Outcome outcome = new World().Run(["report", path, "--vcpu", "0,7", .. view]);
            Assert.Equal(new Outcome(2, "", "kvmscope: no vCPU 7 is in the recording\n  There are: 0\n"), outcome);
        }
        Assert.Contains("no vCPU 7 of web1 is in the recording", new World().Run("report", path, "--vm", "web1", "--vcpu", "7").Error);
        Assert.Contains("no vCPU 7 is in the recording", new World().Run("assert", "count(any)==0", path, "--vcpu", "7").Error);
        Assert.Contains("no vCPU 7 is in the recording", new World().Run("diff", path, path, "--vcpu", "7").Error);
    }

    [Fact]
    public void A_vcpu_that_did_nothing_in_a_window_is_no_mistake()
    {
        World world = Growing();
        // It has no exits in the last half second.
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(4.9) };
        Assert.Equal(0, world.Run("record", "-o", File_()).Status);
        Outcome outcome = new World().Run("report", File_(), "count", "--vcpu", "0", "--from", "-0.9s");
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Contains("no exits were seen", outcome.Out);
    }

    [Fact]
    public void The_first_file_is_named_after_when_it_begins()
    {
        World world = Growing();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true, Attaching = TimeSpan.FromSeconds(3) };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(6.5) };
        world.ErrorIsTerminal = true;
        Outcome outcome = world.Run("record", "-o", File_(), "--rotate", "2s");
        Assert.Equal(0, outcome.Status);
        Assert.Equal(["x-20260301T120003Z.kvmscope", "x-20260301T120005Z.kvmscope"],
            Directory.GetFiles(_folder).Select(f => Path.GetFileName(f)!).Order());
        Assert.EndsWith("kvmscope report " + File_("x-20260301T120005Z.kvmscope") + "\n", outcome.Error);
        Assert.Contains("\"started\":\"2026-03-01T12:00:03.0000000Z\"",
            new World().Run("report", File_("x-20260301T120003Z.kvmscope"), "--format", "json").Out);
    }

    [Fact]
    public void The_first_file_keeps_its_name_where_the_other_is_taken()
    {
        string taken = File_("x-20260301T120003Z.kvmscope");
        System.IO.File.WriteAllText(taken, "another's");
        World world = Growing();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true, Attaching = TimeSpan.FromSeconds(3) };
        Assert.Equal(0, world.Run("record", "-o", File_(), "--rotate", "1h").Status);
        Assert.Equal("another's", System.IO.File.ReadAllText(taken));
        Assert.Equal(0, new World().Run("report", File_("x-20260301T120000Z.kvmscope")).Status);
    }

    [Fact]
    public void A_terminal_is_told_how_it_goes_and_what_comes_next()
    {
        World world = Growing();
        world.ErrorIsTerminal = true;
        Outcome outcome = world.Run("record", "-o", File_());
        Assert.Contains("\r0:03  147 exits/s  ", outcome.Error);
        Assert.EndsWith($"nothing lost\nkvmscope report {File_()}\n", outcome.Error);
        Assert.Contains("recorded 0:05, 735 exits, ", outcome.Error);
        foreach (string line in outcome.Error.Split('\r'))
            Assert.True(line.Split('\n')[0].Replace("\x1b[K", "").Length <= 80 || line.Contains("kvmscope report"));
    }

    [Fact]
    public void Files_rotate_and_the_oldest_go()
    {
        System.IO.File.WriteAllText(File_("x-notes.kvmscope"), "not one of ours");
        Assert.Equal(0, Growing(9.5).Run("record", "-o", File_(), "--rotate", "2s", "--keep", "3").Status);
        string[] names = [.. Directory.GetFiles(_folder).Select(f => Path.GetFileName(f)!).Order()];
        Assert.Equal(["x-20260301T120004Z.kvmscope", "x-20260301T120006Z.kvmscope", "x-20260301T120008Z.kvmscope", "x-notes.kvmscope"],
            names);
        Outcome first = new World().Run("report", File_(names[0]), "count", "--format", "json");
        Assert.Contains("\"started\":\"2026-03-01T12:00:04.0000000Z\",\"seconds\":2,", first.Out);
        Assert.Equal("", first.Error);
        // Nothing is lost between two files: two seconds of 147 each.
        Assert.Contains("\"exits\":294,", first.Out);
    }

    [Fact]
    public void A_file_that_is_there_is_never_written_over()
    {
        Record();
        byte[] before = System.IO.File.ReadAllBytes(File_());
        World world = Growing();
        Outcome outcome = world.Run("record", "-o", File_());
        Assert.Equal(2, outcome.Status);
        Assert.Contains("exists already", outcome.Error);
        Assert.Empty(world.Log);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File_()));
    }

    [Fact]
    public void A_trace_that_does_not_start_leaves_no_file()
    {
        World world = Growing();
        world.Host = new FakeHost(world.Clock) { Refusal = new KvmscopeException(ExitStatus.HostUnsupported, "no") };
        Assert.Equal(3, world.Run("record", "-o", File_()).Status);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void What_was_left_out_is_named()
    {
        string path = Record("--without", "split,qualifiers,nested", "--by", "vm");
        (string, string)[] lacking =
        [
            ("--split", "--without split"), ("--nested", "--without nested"), ("--by qualifier", "--without qualifiers"),
            ("--by vcpu", "--by vcpu"), ("--vcpu 0", "--by vcpu"),
        ];
        foreach ((string option, string word) in lacking)
        {
            Outcome outcome = new World().Run(["report", path, .. option.Split(' ')]);
            Assert.Equal(2, outcome.Status);
            Assert.Contains(word, outcome.Error);
        }
    }

    [Fact]
    public void An_empty_recording_gives_no_hints_for_a_live_run()
    {
        string path = Record();
        foreach (string view in (string[])["time", "count", "hist"])
        {
            Outcome outcome = new World().Run("report", path, view, "--reason", "PAUSE");
            const string says =
                "no exits were seen in 5.00 s, from 2026-03-01T12:00:00Z to 2026-03-01T12:00:05Z\n"
                + "the recording has no exits in that time that match the filters\n";
            Assert.Equal((0, says), (outcome.Status, outcome.Out));
        }
    }

    [Fact]
    public void What_the_recorder_left_out_is_not_required_later()
    {
        string path = Record("--reason", "CPUID", "--without", "nested");
        const string hint = "record without --reason, --exclude and --level";
        Assert.Contains(hint, Joined(new World().Run("report", path, "--split").Out));
        Assert.Contains(hint, Joined(new World().Run("assert", "share(runq)<5%", path).Out));
        Assert.Contains("all exits: leave out --reason", Joined(Other().Run("report", File_("other"), "--split", "--reason", "CPUID").Out));

        World Other()
        {
            Assert.Equal(0, Growing().Run("record", "-o", File_("other")).Status);
            return new World();
        }

        static string Joined(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("report", "needs a recording")]
    [InlineData("report FILE tome", "the view 'tome' is not known")]
    [InlineData("report FILE time HLT", "one argument too many")]
    [InlineData("report FILE slower", "no slow exits")]
    [InlineData("report FILE hist ,", "REASON names no exit reason")]
    [InlineData("report FILE --who", "'time' has no option --who")]
    [InlineData("report FILE count --part runq", "'count' has no option --part")]
    [InlineData("report FILE count --split", "It belongs to time")]
    [InlineData("report FILE --verbose", "It belongs to slower")]
    [InlineData("report FILE --vm nobody", "no VM in the recording has the name, pid, UUID or VMID 'nobody'")]
    [InlineData("report FILE --reason nothing", "is not an exit reason of VMX")]
    [InlineData("report FILE --from noon", "--from 'noon' is not a time")]
    [InlineData("report FILE --from +10s", "nothing was recorded in that time")]
    [InlineData("report FILE --from +3s --to +3.2s", "has intervals of 1.00 s")]
    [InlineData("report FILE --from 12:00:03 --to 12:00:02", "--to is not after --from")]
    [InlineData("report FILE --interval 1500ms", "is not a multiple")]
    [InlineData("report FILE.not", "there is no file")]
    [InlineData("report /proc/self/task", "there is no recording in '/proc/self/task'")]
    [InlineData("report TEXT", "is not a kvmscope recording")]
    [InlineData("record --interval 1ms", "--interval '1ms' is out of range")]
    [InlineData("record --keep 3", "--keep needs --rotate")]
    [InlineData("record --rotate 100ms", "--rotate is shorter")]
    [InlineData("record --without everything", "--without 'everything' is not known")]
    [InlineData("record --without time --slower 1ms", "--slower needs times")]
    [InlineData("record -o FOLDER", "exists already")]
    [InlineData("record -o FOLDER/no/such/x", "no such directory")]
    [InlineData("record x.kvmscope", "one argument too many")]
    public void Mistakes_name_the_fix(string command, string says)
    {
        Record();
        System.IO.File.WriteAllText(File_("text"), "hello");
        string line = command.Replace("FILE", File_()).Replace("FOLDER", _folder).Replace("TEXT", File_("text"));
        Outcome outcome = Growing().Run(line.Split(' '));
        Assert.Equal(2, outcome.Status);
        Assert.Contains(says, outcome.Error);
        Assert.Equal(2, outcome.Error.TrimEnd().Split('\n').Length);
        Assert.Equal("", outcome.Out);
    }

    [Fact]
    public void A_recording_that_was_cut_off_is_read_and_says_so()
    {
        string path = Record();
        byte[] bytes = System.IO.File.ReadAllBytes(path);
        System.IO.File.WriteAllBytes(path, bytes[..(bytes.Length - 150)]);
        Outcome outcome = new World().Run("report", path, "count");
        Assert.Equal(0, outcome.Status);
        Assert.Contains("was not ended", outcome.Error);
        Assert.Contains("HLT", outcome.Out);
    }
}
