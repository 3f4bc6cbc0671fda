using Kvmscope.Core;
using Kvmscope.Running;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The command line of import; what is read how is tested in Interchange.Tests.</summary>
public sealed class ImportTests : IDisposable
{
    private const string Trace = """
         CPU 0/KVM-5046    [001] d....  3410.005610: kvm_exit: vcpu 0 reason CPUID rip 0x10 info1 0x0000000000000000
         CPU 0/KVM-5046    [001] .....  3410.005612: kvm_cpuid: func 7 idx 0 rax 0 rbx 0 rcx 0 rdx 0, cpuid entry found
         CPU 0/KVM-5046    [001] d....  3410.005620: kvm_entry: vcpu 0
         CPU 0/KVM-5046    [001] d....  3411.005611: kvm_exit: vcpu 0 reason HLT
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string text = Trace, string name = "trace.txt")
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private string Out => Path.Combine(_folder, "out.kvmscope");

    [Fact]
    public void What_was_imported_can_be_reported()
    {
        Outcome outcome = new World().Run(["import", In(), "-o", Out, "--slower", "10us"]);
        Assert.Equal((0, "", ""), (outcome.Status, outcome.Out, outcome.Error));
        string report = new World().Run(["report", Out, "count", "--by", "vm,vcpu,reason,qualifier", "--format", "csv"]).Out;
        Assert.Contains("CPUID", report, StringComparison.Ordinal);
        Assert.Contains("CPU 0/KVM-5046", report, StringComparison.Ordinal);
        Assert.Contains("HLT", report, StringComparison.Ordinal);
        string times = new World().Run(["report", Out]).Out;
        Assert.Contains("2 exits in 1", times, StringComparison.Ordinal);
        Assert.Contains("the capture has no kvm_nested_vmexit: exits of L2, if there were any", times, StringComparison.Ordinal);
        Assert.Contains("1 exit has no entry yet (open)", times, StringComparison.Ordinal);
        Assert.Contains("10.0", new World().Run(["report", Out, "slower"]).Out, StringComparison.Ordinal);
    }

    // arm64's events do not say the vCPU.
    [Fact]
    public void A_vcpu_that_is_not_known_has_no_number()
    {
        string path = In("""
                 vcpu0-145     [000] .....     3.718000: kvm_exit: TRAP: HSR_EC: 0x0016 (HVC64), PC: 0x000000004000a004
                 vcpu0-145     [000] d....     3.729000: kvm_entry: PC: 0x000000004000a008
            """);
        Assert.Equal((0, "", ""), Values(new World().Run(["import", path, "-o", Out, "--slower", "1ms"])));
        Assert.Matches("  +- L1 HVC64 +11.0 ms\n", new World().Run(["report", Out, "slower"]).Out);
        Assert.Contains(",0,,145,0,1,arm64,22,HVC64,11000000,", new World().Run(["report", Out, "slower", "--format", "csv"]).Out);
        Assert.Matches(" vcpu0-145 +- HVC64 ", new World().Run(["top", Out, "--once", "--view", "slow"]).Out);
        Assert.Contains("\"vcpu\":null,\"tid\":145", new World().Run(["report", Out, "slower", "--format", "json"]).Out);
    }

    private static (int Status, string Out, string Error) Values(Outcome outcome) => (outcome.Status, outcome.Out, outcome.Error);

    [Fact]
    public void A_check_says_what_is_there_and_writes_nothing()
    {
        string path = In("# entries-in-buffer/entries-written: 4/9   #P:1\n" + Trace + "\n  CPU 0: kvm_exit: vcpu 0 reason HLT\n");
        Outcome outcome = new World().Run(["import", "--check", path]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Equal(
            $"""
            {path}: text, VMX (Intel)
              1.000 s, from 3410.005610 s of its own clock
                         2  kvm_exit
                         1  kvm_entry
                         1  kvm_cpuid
              at least 5 events were lost while they were captured
              1 lines or records cannot be read; the first is line 6: no time stands before the event
              the capture has no kvm_nested_vmexit: exits of L2, if there were any, are shown as L1
              the capture has no kvm_msr, kvm_hypercall, kvm_mmio: such exits may lack their qualifier
              the capture does not tell processes: each thread is shown as a VM of its own
              the capture does not tell the time of day: times are those of its own clock, which begins in 1970 here

            """, outcome.Out);
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("import", "import needs a file")]
    [InlineData("import IN", "the recording needs a name")]
    [InlineData("import --check IN -o OUT", "--check writes nothing")]
    [InlineData("import - - -o OUT", "standard input can be read once")]
    [InlineData("import /nowhere/x -o OUT", "there is no file '/nowhere/x'")]
    [InlineData("import FOLDER -o OUT", "' is a folder")]
    [InlineData("import IN -o OUT --interval 1us", "--interval '1us' is out of range")]
    [InlineData("import EMPTY -o OUT", "it is empty")]
    [InlineData("import OTHER -o OUT", "there is no kvm_exit in")]
    [InlineData("import BINARY -o OUT", "it is no perf.data, no trace.dat and no text")]
    [InlineData("import IN IN -o OUT", "begins before the file before it ends")]
    public void Mistakes_are_errors_and_leave_no_file(string line, string message)
    {
        string input = In(), empty = In("", "empty"), other = In("hello\n", "other"), binary = In("\0\u0001\0", "binary");
        string[] words = [.. line.Split(' ').Select(word => word switch
        {
            "IN" => input, "OUT" => Out, "FOLDER" => _folder, "EMPTY" => empty, "OTHER" => other, "BINARY" => binary, _ => word,
        })];
        Outcome outcome = new World().Run(words);
        Assert.Equal((int)ExitStatus.Usage, outcome.Status);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Out));
    }

    [Fact]
    public void Ctrl_C_leaves_what_was_read_and_says_so()
    {
        var world = new World();
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.Zero };
        Outcome outcome = world.Run(["import", In(), "-o", Out]);
        Assert.Equal(130, outcome.Status);
        Assert.Contains("interrupted: the recording ends with what was read so far", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("1 exit in", new World().Run(["report", Out]).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_read_before_an_error_is_kept()
    {
        string later = In(Trace.Replace("341", "342", StringComparison.Ordinal), "later.txt"), other = In("\0", "other");
        Outcome outcome = new World().Run(["import", In(), later, "-o", Out]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Contains("4 exits in 11", new World().Run(["report", Out]).Out, StringComparison.Ordinal);
        // It overlaps: the second one begins in the first.
        string inside = In(Trace.Replace("3410.005", "3410.006", StringComparison.Ordinal), "inside.txt"), part = Out + "2";
        outcome = new World().Run(["import", In(), inside, "-o", part]);
        Assert.Equal((int)ExitStatus.Usage, outcome.Status);
        Assert.Contains("begins before the file before it ends", outcome.Error, StringComparison.Ordinal);
        Assert.Contains($"What was read before that is in '{part}'.", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("2 exits in 1", new World().Run(["report", part]).Out, StringComparison.Ordinal);
        Assert.Equal((int)ExitStatus.Usage, new World().Run(["import", other, "-o", Out + "3"]).Status);
    }

    [Theory]
    [InlineData(0, null, 1, "0 B, 0 B/s")]
    [InlineData(30_000_000, 120_000_000L, 2, "30.0 MB of 120.0 MB (25 %), 15.0 MB/s, 0:06 left")]
    [InlineData(3_000_000_000, 15_000_000_000L, 10, "3.00 GB of 15.00 GB (20 %), 300.0 MB/s, 0:40 left")]
    public void Progress_says_how_much_how_fast_and_how_long(long bytes, long? all, double seconds, string line) =>
        Assert.Equal(line, WorkStatus.Line(bytes, all, TimeSpan.FromSeconds(seconds)));
}
