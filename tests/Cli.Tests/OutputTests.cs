using System.Text.Json;
using Kvmscope.Core;
using Kvmscope.Terminal;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>Where answers are written, and what happens if that fails.</summary>
public sealed class OutputTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kvmscope-cli-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_file_gets_the_answer_and_standard_output_nothing()
    {
        string file = Path.Combine(_directory, "a.json");
        File.WriteAllText(file, new string('x', 100_000));

        Outcome outcome = new World().Run("count", "--format", "json", "-o", file);

        Assert.Equal(new Outcome(0, "", ""), outcome);
        Assert.Equal("kvmscope/count/1", JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("schema").GetString());
    }

    [Fact]
    public void A_trace_that_cannot_start_leaves_the_former_answer()
    {
        string file = Path.Combine(_directory, "a.txt");
        File.WriteAllText(file, "former");
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Refusal = new KvmscopeException(ExitStatus.NotPermitted, "no") };

        Assert.Equal(4, world.Run("count", "-o", file).Status);
        Assert.Equal("former", File.ReadAllText(file));
    }

    [Fact]
    public void A_file_is_never_coloured_nor_as_wide_as_the_terminal()
    {
        string file = Path.Combine(_directory, "a.txt");
        var world = new World { Screen = new Screen(IsTerminal: true, 200, AllowsColor: true, Unicode: true) };

        world.Run("time", "--stats", "-o", file);

        Assert.DoesNotContain('\e', File.ReadAllText(file));
        Assert.All(File.ReadAllLines(file), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void A_full_disk_is_said()
    {
        Outcome outcome = new World().Run("count", "-o", "/dev/full");

        Assert.Equal((1, ""), (outcome.Status, outcome.Out));
        Assert.StartsWith("kvmscope: cannot write /dev/full: no space left on the device\n  ", outcome.Error);
    }

    [Fact]
    public void A_full_disk_under_standard_output_is_said()
    {
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        // Not disposed: that would flush once more.
        var output = new StreamWriter(new OutputStream(full, "standard output"));
        var world = new World { Out = output };

        Outcome outcome = world.Run("count");

        Assert.Equal(1, outcome.Status);
        Assert.StartsWith("kvmscope: cannot write standard output: no space left on the device\n", outcome.Error);
    }

    [Theory]
    [InlineData("count")]
    [InlineData("count", "--interval", "10ms", "--duration", "1h")]
    [InlineData("list")]
    [InlineData("--help")]
    public void A_reader_that_left_ends_the_program_quietly(params string[] args)
    {
        var world = new World { Out = new StreamWriter(new OutputStream(new BrokenPipe(), "standard output")) };

        Assert.Equal(new Outcome(0, "", ""), world.Run(args));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    public void Nothing_is_wider_than_the_terminal(int width)
    {
        var world = new World { Screen = new Screen(IsTerminal: true, width, AllowsColor: false, Unicode: true) };
        string[][] lines =
        [
            ["--help"], ["count", "--help"], ["time", "--help"], ["hist", "--help"], ["slower", "--help"], ["list", "--help"],
            ["check", "--help"], ["demo", "--help"],
            ["count"], ["time"], ["hist"], ["list"], ["check"], ["time", "--by", "vm,reason"],
        ];
        foreach (string[] line in lines)
        {
            Outcome outcome = world.Run(line);
            Assert.Equal(0, outcome.Status);
            Assert.All(outcome.Out.Split('\n'), l => Assert.True(l.Length <= width, $"{string.Join(' ', line)}: {l.Length} columns: {l}"));
        }
    }

    [Theory]
    [InlineData("auto", true, true, true)]
    [InlineData("auto", true, false, false)]
    [InlineData("auto", false, true, false)]
    [InlineData("always", false, false, true)]
    [InlineData("never", true, true, false)]
    public void Colour_is_for_terminals_that_want_it(string when, bool terminal, bool allowed, bool coloured)
    {
        var world = new World { Screen = new Screen(terminal, 80, allowed, Unicode: true) };
        Assert.Equal(coloured, world.Run("check", "--color", when).Out.Contains('\e'));
    }

    private sealed class BrokenPipe : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe", 32);
    }
}
