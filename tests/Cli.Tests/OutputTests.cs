using System.Text.Json;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
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
    public void A_file_without_a_name_is_an_error() =>
        Assert.Equal(
            new Outcome(2, "", "kvmscope: -o has an empty name\n  Give a file, or leave -o out.\n"), new World().Run("count", "-o", ""));

    [Theory]
    [InlineData("auto", true)]
    [InlineData("always", true)]
    [InlineData("never", false)]
    public void A_terminal_is_coloured_unless_it_is_never_to_be(string when, bool isColoured)
    {
        var world = new World { Screen = new Screen(IsTerminal: true, 80, AllowsColor: true, Unicode: true) };
        Outcome outcome = world.Run("time", "--color", when);
        Assert.Equal((0, isColoured), (outcome.Status, outcome.Out.Contains('\e')));
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
    public void A_file_is_never_coloured_and_its_tables_are_whole()
    {
        string file = Path.Combine(_directory, "a.txt");
        var world = new World { Screen = new Screen(IsTerminal: true, 40, AllowsColor: true, Unicode: true) };

        world.Run("time", "--stats", "-o", file);

        string text = File.ReadAllText(file);
        Assert.DoesNotContain('\e', text);
        Assert.Contains("p99.9", text);
        Assert.True(File.ReadAllLines(file)[0].Length > 80);
    }

    // A name of 300 characters: on a terminal it is cut, in a pipe or file it is not; COLUMNS counts everywhere.
    [Fact]
    public void Pipes_and_files_are_not_cut()
    {
        string name = new string('x', 280) + "-a", file = Path.Combine(_directory, "a.txt");
        World Named(bool isTerminal, int? columns) =>
            With(new Screen(isTerminal, 80, AllowsColor: false, Unicode: true) { Columns = columns });
        World With(Screen screen)
        {
            var world = new World { Screen = screen };
            var vm = new VmIdentity(0, 4242, name);
            world.Host = new FakeHost(world.Clock)
            {
                Vms = [new(4242, name, "qemu", 1, [0])],
                Identities = [vm],
                Rows = [new Row(new GroupKey(0, 0, new ExitCode(Isa.Vmx, 10), ExitLevel.L1)) { Count = 3 }],
                Slow = [new SlowExit(world.Clock.GetUtcNow(), vm, 0, 1, 1, ExitLevel.L1, new ExitCode(Isa.Vmx, 10), 20_000_000)],
            };
            return world;
        }
        foreach (string[] words in (string[][])[["time", "--by", "vm,reason"], ["list"], ["slower", "1ms"], ["count", "--by", "vm"]])
        {
            Assert.Contains(name, Named(isTerminal: false, columns: null).Run(words).Out);
            Assert.DoesNotContain(name, Named(isTerminal: true, columns: null).Run(words).Out);
            foreach (bool isTerminal in (bool[])[false, true])
            {
                Assert.Contains(name, Named(isTerminal, columns: 400).Run(words).Out);
                string narrow = Named(isTerminal, columns: 60).Run(words).Out;
                Assert.All(narrow.Split('\n'), line => Assert.InRange(line.Length, 0, 60));
            }
            Named(isTerminal: true, columns: null).Run([.. words, "-o", file]);
            Assert.Contains(name, File.ReadAllText(file));
            Named(isTerminal: true, columns: 60).Run([.. words, "-o", file]);
            Assert.DoesNotContain(name, File.ReadAllText(file));
        }
    }

    [Theory]
    [InlineData(null, 80, false)]
    [InlineData("132", 132, true)]
    [InlineData("0", 80, false)]
    [InlineData("-5", 80, false)]
    [InlineData("wide", 80, false)]
    [InlineData("", 80, false)]
    [InlineData("99999999", 10_000, true)]
    public void COLUMNS_is_heeded(string? columns, int width, bool counts)
    {
        Screen screen = Screen.OfStandardOutput(name => name == "COLUMNS" ? columns : null, () => 80);
        Assert.Equal((width, counts), (screen.Width, screen.Columns is not null));
    }

    // The window is made narrower between two answers.
    [Fact]
    public void The_width_is_asked_for_at_each_answer()
    {
        int[] widths = [100, 40, 60];
        int answers = 0, asked = 0;
        var world = new World
        {
            Screen = new Screen(IsTerminal: true, Width, AllowsColor: false, Unicode: true),
        };
        world.Host = new FakeHost(world.Clock) { GrowsEachSecond = true, Log = world.Log };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(3) };
        var output = new StringWriter();
        world.Out = new FlushingWriter(output, () => answers++);
        Assert.Equal(0, world.Run("time", "--stats", "--interval", "1s").Status);
        string[] heads = [.. output.ToString().Split('\n').Where(line => line.Contains("Reason"))];
        Assert.Equal(3, heads.Length);
        Assert.Equal([true, false, false], heads.Select(head => head.Length > 60));
        Assert.Equal([true, false, true], heads.Select(head => head.Length > 40));
        Assert.True(asked >= 3);

        int? Width()
        {
            asked++;
            return widths[Math.Min(answers, 2)];
        }
    }

    private sealed class FlushingWriter(StringWriter inner, Action flushed) : StringWriter
    {
        public override void Write(char value) => inner.Write(value);

        public override void Write(ReadOnlySpan<char> buffer) => inner.Write(buffer);

        public override void Write(string? value) => inner.Write(value);

        public override void Flush() => flushed();
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

    [Theory]
    [InlineData("slower --format csv", true)]
    [InlineData("last", true)]
    [InlineData("time --by rip", true)]
    [InlineData("time", false)]
    public void A_new_file_with_names_of_tasks_or_addresses_is_only_for_its_owner(string line, bool isPrivate)
    {
        string folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName, path = Path.Combine(folder, "x");
        try
        {
            Assert.Equal(0, new World().Run([.. line.Split(' '), "-o", path]).Status);
            const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
            Assert.Equal(isPrivate ? 0 : others & ~Umask(folder), File.GetUnixFileMode(path) & others);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // In a folder that all may write and that is not sticky, anybody may have made the link or replace it.
    [Theory]
    [InlineData("count -o")]
    [InlineData("record --duration 1s -o")]
    public void A_link_in_a_folder_that_all_may_write_is_not_followed(string line)
    {
        string target = Path.Combine(_directory, "target"), folder = Path.Combine(_directory, "shared");
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)0x1ff);
        foreach (bool exists in (bool[])[false, true])
        {
            string link = Path.Combine(folder, exists ? "link" : "dangling");
            if (exists) File.WriteAllText(target, "former");
            File.CreateSymbolicLink(link, target);
            Outcome refused = new World().Run([.. line.Split(' '), link]);
            Assert.Equal((2, ""), (refused.Status, refused.Out));
            Assert.Equal(exists ? "former" : null, File.Exists(target) ? File.ReadAllText(target) : null);
        }
    }

    // What a file that is made here lacks.
    private static UnixFileMode Umask(string folder)
    {
        string probe = Path.Combine(folder, "probe");
        File.WriteAllText(probe, "");
        return ~File.GetUnixFileMode(probe);
    }
}
