using System.CommandLine;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests.Foreign;

/// <summary>
/// Text that others chose, in every string of every input, through every command and format: nothing that steers a terminal, forges a line
/// or is a formula comes out.
/// </summary>
public sealed class CanaryTests : IDisposable
{
    private static readonly VmIdentity s_web = new(0, 4242, "web1");

    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static readonly string[] s_live =
    [
        "count --by vm", "time --by vcpu", "time --stats --interval 1s", "time --split --by vm", "time --nested", "time --by qualifier",
        "time --by vm,vmm", "hist --by vm", "slower 1us --who", "last", "list", "check", "demo", "explain", "explain HLT",
        "assert max(exit)<1ns count(any,vm=4242)==0",
    ];

    private static readonly string[] s_recorded =
    [
        "report A", "report A count --by vm", "report A time --by vcpu --stats", "report A --split --by vm", "report A --nested",
        "report A --by qualifier", "report A --by vmm", "report A --by rip --symbols SYMBOLS", "report A hist --by vm", "report A slower",
        "report A slower --who", "report A --timeline --by vm", "report A --timeline --format svg", "report A --timeline --format html",
        "report A --vm nothing", "report A --vcpu 99", "report A --from 13:00", "report A B", "diff A B --by vm",
        "assert max(exit)<1ns count(any,vm=nothing)==0 A", "assert count(any,vm=4242)==0 A", "report A -o A", "report FOLDER",
    ];

    [Fact]
    public void What_a_host_says_steers_nothing()
    {
        foreach (string line in s_live)
            foreach ((string option, bool isCsv) in Formats(line))
                foreach (bool isTerminal in new[] { false, true })
                {
                    World world = Full(isTerminal);
                    Outcome outcome = Run(world, new CanaryHost(world.Host), $"{line} {option}".Split(' ', Empty));
                    Assert.NotEqual("", outcome.Out + outcome.Error);
                    Canary.AssertTame($"{line} {option}", outcome, isCsv);
                }
    }

    [Fact]
    public void What_a_recorder_says_steers_nothing_but_its_own_line()
    {
        World world = Full(isTerminal: true);
        Outcome outcome = Run(world, new CanaryHost(world.Host),
            ["record", "-o", Path.Combine(_folder, "x\e[2J\n" + Canary.Forged), "--rotate", "1s", "--keep", "1"]);
        Assert.Equal(0, outcome.Status);
        Canary.AssertTame("record", WithoutStatus(outcome));
    }

    // A recorder's line of progress, which is written over.
    private static Outcome WithoutStatus(Outcome outcome) =>
        outcome with { Error = outcome.Error.Replace("\r", "").Replace("\e[K", "\n") };

    // A recorder that is not told where to writes to the present folder.
    private string[] Apart(string[] words) => words.Any(w => w is "-o" or ['-', 'o', '=', ..] or ['-', '-', 'o', 'u', 't', ..])
        ? words
        : ["record", "-o", Path.Combine(_folder, $"{Guid.NewGuid():N}.kvmscope"), .. words[1..]];

    [Fact]
    public void What_a_recording_says_steers_nothing()
    {
        RecordingText recording = Recorded();
        string symbols = Path.Combine(_folder, "symbols");
        File.WriteAllText(symbols, $"ffffffff81000000 T {Canary.Text.Replace("\n", " ").Replace("\r", " ")}\nffffffff82000000 T end\n");
        IReadOnlyList<string> places = recording.Strings();
        // Those that matter are there.
        Assert.Superset(
            new HashSet<string>(["program", "host", "kernel", "selection.vms", "machines.vm", "machines.uuid", "vms.vm", "vms.pod",
                "missing.text", "slow.ran_instead", "rows.reason"]), new HashSet<string>(places));
        string path = Path.Combine(_folder, "a.kvmscope"), other = Path.Combine(_folder, "b.kvmscope");
        recording.Write(other, static _ => false);
        recording.Write(path, RecordingText.IsFree);
        ReadAll(s_recorded, path, other, symbols, "all names");
        // These are parsed, and an error may quote them.
        foreach (string place in places.Where(p => !RecordingText.IsFree(p)))
        {
            recording.Write(path, place.Equals);
            ReadAll(["report A", "report A slower", "diff A B"], path, other, symbols, place);
        }
        recording.Write(path, RecordingText.IsFree, header => header["version"] = 99);
        Outcome newer = new World().Run("report", path);
        Assert.Contains("was made by a newer kvmscope", newer.Error, StringComparison.Ordinal);
        Canary.AssertTame("a newer version", newer);
    }

    private void ReadAll(string[] lines, string path, string other, string symbols, string what)
    {
        foreach (string line in lines)
            foreach ((string option, bool isCsv) in Formats(line))
            {
                string[] words = [.. $"{line} {option}".Split(' ', Empty).Select(w =>
                    w switch { "A" => path, "B" => other, "SYMBOLS" => symbols, "FOLDER" => _folder, _ => w })];
                Outcome outcome = new World().Run(words);
                Canary.AssertTame($"{line} {option} with {what}", outcome, isCsv);
            }
    }

    [Fact]
    public void What_is_typed_steers_nothing()
    {
        // Each option of each command, so that a new one is not forgotten.
        foreach (Typed line in Lines())
        {
            World world = Full(isTerminal: true);
            bool isRecorder = line.Words[0] == "record";
            Outcome outcome = Run(world, world.Host, isRecorder ? Apart(line.Words) : OnAnyPort(line.Words));
            Canary.AssertTame(string.Join(' ', line.Words), isRecorder ? WithoutStatus(outcome) : outcome);
        }
        foreach (string tool in new[] { "kvm_vmexit_count", "kvm_vmexit_time", "kvm_vmexit_time_hist", "kvm_vmexit_slower" })
            foreach (string[] words in new[] { new[] { Canary.Text }, ["-" + Canary.Text], ["-p", Canary.Text] })
                Canary.AssertTame(tool, Full(true).RunAs(tool, words));
    }

    // The usual port may be in use.
    private static string[] OnAnyPort(string[] words) => words[0] == "serve" && !words.Any(w => w.StartsWith("--listen", Ordinal))
        ? ["serve", "--listen", "127.0.0.1:0", .. words[1..]] : words;

    private sealed record Typed(string[] Words);

    private IEnumerable<Typed> Lines()
    {
        yield return new([Canary.Text]);
        yield return new(["--" + Canary.Text]);
        yield return new(["help", Canary.Text]);
        string name = Path.Combine(_folder, "x" + Canary.Text.Replace("\0", "").Replace("/", ""));
        File.WriteAllText(name, Canary.Text);
        foreach (CommandLine.ICommand command in Application.Commands())
        {
            string verb = command.Help.Name;
            yield return new([verb, Canary.Text]);
            yield return new([verb, name]);
            yield return new([verb, "a", Canary.Text]);
            yield return new([verb, "--" + Canary.Text]);
            yield return new([verb, "--", Canary.Text]);
            yield return new([verb, "--", name]);
            foreach (Option option in command.Groups.SelectMany(g => g.Options))
                foreach (string value in new[] { Canary.Text, name, "/" + Canary.Text })
                {
                    yield return new([verb, option.Name, value]);
                    yield return new([verb, $"{option.Name}={value}"]);
                }
        }
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static StringSplitOptions Empty => StringSplitOptions.RemoveEmptyEntries;

    private static IEnumerable<(string Option, bool IsCsv)> Formats(string line) => line.Contains("--format", StringComparison.Ordinal)
        ? [("", false)]
        : [("", false), ("--format json", false), ("--format csv", true)];

    private static Outcome Run(World world, IHost host, string[] words)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        Terminal.CommandContext context = world.Context(output, error) with { Host = () => host };
        return new Outcome(Application.Run("/usr/bin/kvmscope", words, context), output.ToString(), error.ToString());
    }

    private RecordingText Recorded()
    {
        World world = Full(isTerminal: false);
        string path = Path.Combine(_folder, "first.kvmscope");
        var labels = new VmLabels { Uuid = "u", Vmid = "v", Namespace = "n", Pod = "p" };
        var host = new LabelledHost(world.Host, labels);
        Outcome outcome = Run(world, host,
            ["record", "-o", path, "--slower", "1us", "--who", "--with", "rip,page,vmm", "--vm", "web1", "--vcpu", "0", "--reason", "HLT",
                "--exclude", "CPUID"]);
        Assert.Equal("", outcome.Error);
        RecordingText recording = RecordingText.Read(path);
        File.Delete(path);
        return recording;
    }

    // All that a trace can have.
    private static World Full(bool isTerminal)
    {
        var world = new World { ErrorIsTerminal = isTerminal };
        DateTimeOffset at = world.Clock.GetUtcNow();
        var returns = new VmmReturns(new ReturnKey(0, 0, new VmmReason(2))) { Count = 3, Timed = 3, TotalNs = 9_000, MaxNs = 4_000 };
        world.Guest = new FakeGuest { Did = [new ExpectedExits(Isa.Vmx, 12, ExitLevel.L1, 3)] };
        Row halt = FakeHost.Row(12, ExitLevel.L1, 100, 1_000_000), other = new(halt.Key with
        {
            Place = Place.Of(Qualifier.None, Qualifier.Of(0xffff_ffff_8100_0010)),
        });
        other.Add(halt);
        world.Host = new FakeHost(world.Clock)
        {
            GrowsEachSecond = true,
            Rows = [halt, other, FakeHost.Row(30, ExitLevel.L2, 5, 2_000_000)],
            Slow =
            [
                new(at.AddSeconds(1), s_web, 0, 4251, 11, ExitLevel.L1, new ExitCode(Isa.Vmx, 12), 12_480_311)
                {
                    CpuAtExit = 11, Parts = new TimeParts { [TimePart.Runq] = 12_000_000 }, RanInstead = new TaskIdentity(7, "task"),
                },
            ],
            Returns = [returns],
            States = [new(0, 0, VcpuPlace.Vmm, 1)],
            OpenAges = [new OpenAge(halt.Key, 1, 5_000_000_000)],
            Histories =
            [
                new(s_web, 2, 4250, at, HasEnded: true)
                {
                    Place = VcpuPlace.Vmm, Exits = [new LastExit(7, at, null, ExitLevel.L1, new ExitCode(Isa.Vmx, 30))],
                },
            ],
        };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(3) };
        return world;
    }

    // Its VMs have all labels, and something is missing.
    private sealed class LabelledHost(IHost inner, VmLabels labels) : IHost
    {
        public Isa Isa => inner.Isa;

        public int UnreadableProcesses => inner.UnreadableProcesses;

        public bool HidesProcesses => inner.HidesProcesses;

        public HostIdentity Identity() => inner.Identity();

        public IReadOnlyList<VirtualMachine> Machines() => [.. inner.Machines().Select(m => m with { Labels = labels })];

        public IReadOnlyList<HostCheck> Check() => inner.Check();

        public string? DropPrivileges(bool keepFiles, bool keepSignals) => null;

        public ITraceSession Trace(TraceOptions options) => new Session(inner.Trace(options), labels);

        private sealed class Session(ITraceSession inner, VmLabels labels) : ITraceSession
        {
            public long? SinceNs => inner.SinceNs;

            public string? Remark => null;

            public Interval Read(Grouping grouping)
            {
                Interval interval = inner.Read(grouping);
                return interval with
                {
                    Missing = [new(TimePart.Poll, "polls cannot be told"), new(null, "something else")],
                    Vms = [.. interval.Vms.Select(vm => vm with { Labels = labels })],
                };
            }

            public int ReadSlow(TimeSpan timeout, Action<SlowExit> sink) => inner.ReadSlow(timeout, sink);

            public IReadOnlyList<VcpuHistory> TakeHistories(bool all) => inner.TakeHistories(all);

            public void Sweep() => inner.Sweep();

            public void ExchangeCells() => inner.ExchangeCells();

            public void Dispose() => inner.Dispose();
        }
    }
}
