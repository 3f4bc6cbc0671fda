using System.Diagnostics;
using Kvmscope.Core.Tests;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The program as a shell starts it: with streams that are closed, full, shared, or limited.</summary>
public sealed class StandardStreamTests : IDisposable
{
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "kvmscope");

    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-streams-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("\"$0\" man >&-", 1, "cannot write standard output: ")]
    [InlineData("\"$0\" man > /dev/full", 1, "cannot write standard output: no space left on the device")]
    [InlineData("\"$0\" nonsense", 2, "nonsense")]
    [InlineData("\"$0\" nonsense <&-", 2, "nonsense")]
    [InlineData("\"$0\" man >&- 2>&-", 1, "")]
    [InlineData("\"$0\" nonsense 2>&-", 2, "")]
    [InlineData("\"$0\" nonsense 2> /dev/full", 2, "")]
    [InlineData("\"$0\" nonsense <&- >&- 2>&-", 2, "")]
    public void What_cannot_be_written_is_said_where_it_can_be(string script, int status, string says)
    {
        (int got, _, string errors) = Shell(script);
        Assert.Equal((status, ""), (got, errors.Contains(says, StringComparison.Ordinal) ? "" : errors));
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.True(says.Length > 0 || errors.Length == 0, errors);
    }

    [Fact]
    public void A_reader_that_has_enough_ends_it_quietly()
    {
        (int status, string output, string errors) = Shell("{ \"$0\" man; echo $? >&3; } 3>&2 | head -1");
        Assert.Equal((0, "0\n"), (status, errors));
        Assert.NotEmpty(output);
    }

    [Fact]
    public void A_file_is_shared_with_those_that_write_before_and_after()
    {
        (int status, _, string errors) = Shell("{ echo before; \"$0\" explain HLT; echo after; } > out");
        Assert.Equal((0, ""), (status, errors));
        string[] lines = File.ReadAllLines(Path.Combine(_folder, "out"));
        Assert.Equal(("before", "after"), (lines[0], lines[^1]));
        Assert.Contains("HLT", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_does_not_block_gets_all_of_it()
    {
        (int status, string output, string errors) = Shell("\"$0\" man");
        Assert.Equal((0, ""), (status, errors));
        // Perl makes the pipe non-blocking, for all who write to it, and smaller (F_SETPIPE_SZ) than what is written.
        const string late = "pipe(R, W); fcntl(W, F_SETFL, O_WRONLY | O_NONBLOCK); fcntl(W, 1031, 4096); "
            + "if (!fork) { open(STDOUT, '>&', W); exec($ARGV[0], 'man') } close(W); print <R>; wait; exit($? >> 8)";
        (status, string slow, errors) = Shell($"perl -MFcntl -e \"{late.Replace("$", "\\$", StringComparison.Ordinal)}\" \"$0\"");
        Assert.Equal((0, "", output), (status, errors, slow));
    }

    // What is complete stays and is a recording; the interval that did not fit is not in it.
    [Fact]
    public void A_recording_that_would_be_larger_than_files_may_be_ends_before_it()
    {
        string capture = Path.Combine(DocsBlock.Root, "tests", "Interchange.Tests", "Captures", "svm61-all.txt.gz");
        // Without its limit .NET maps its code twice, through a file of 2 GB.
        const string limited = "export DOTNET_EnableWriteXorExecute=0; ulimit -f 40; \"$0\" import - --interval 10ms -o run.kvmscope";
        (int status, _, string errors) = Shell($"gunzip -c '{capture}' | {{ {limited}; }}");
        const string says = "kvmscope: cannot write 'run.kvmscope': the file is too large (for 'ulimit -f', or for its file system)";
        Assert.Equal((1, says), (status, errors.Split('\n')[0]));
        Assert.StartsWith("  What was recorded before is complete and can be read", errors.Split('\n')[1], StringComparison.Ordinal);
        Assert.Equal(2, errors.Count(c => c == '\n'));
        string path = Path.Combine(_folder, "run.kvmscope");
        Assert.InRange(new FileInfo(path).Length, 10 << 10, 40 << 10);
        Outcome report = new World().Run("report", path, "count");
        Assert.Equal(0, report.Status);
        Assert.DoesNotContain("damaged", report.Error, StringComparison.Ordinal);
        using FileStream recording = File.OpenRead(path);
        Assert.True(PublishedSchemas.CheckRecording(recording) > 10);
    }

    private (int Status, string Output, string Errors) Shell(string script)
    {
        var start = new ProcessStartInfo("bash", ["-c", script, s_program])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Where .NET is, as the test host found it.
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath);
        using Process shell = Process.Start(start)!;
        Task<string> errors = shell.StandardError.ReadToEndAsync();
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return (shell.ExitCode, output, errors.Result);
    }

    [Fact]
    public void Limits_that_are_too_small_to_run_are_said_before_anything_is_done()
    {
        var error = new StringWriter();
        Terminal.CommandContext context = new World().Context(error: error) with
        {
            Prepare = () => throw new Core.KvmscopeException(Core.ExitStatus.Failed, "ulimit -v is 1", "Raise it."),
            Host = () => throw new InvalidOperationException(),
        };
        Assert.Equal(1, Application.Run("/usr/bin/kvmscope", ["list"], context));
        Assert.Equal("kvmscope: ulimit -v is 1\n  Raise it.\n", error.ToString());
    }

    [Fact]
    public void Too_little_memory_is_one_line_and_a_status()
    {
        var error = new StringWriter();
        Terminal.CommandContext context = new World().Context(error: error) with { Host = () => throw new OutOfMemoryException() };
        Assert.Equal(1, Application.Run("/usr/bin/kvmscope", ["list"], context));
        Assert.StartsWith("kvmscope: there is not enough memory\n  Raise the limit", error.ToString(), StringComparison.Ordinal);
    }
}
