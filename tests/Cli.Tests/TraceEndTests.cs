using System.Diagnostics;
using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Running;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>Real commands and real signals.</summary>
public sealed class TraceEndTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("kvmscope-cli-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("true", 0)]
    [InlineData("exit 42", 42)]
    [InlineData("kill -TERM $$", 128 + 15)]
    [InlineData("kill -KILL $$", 128 + 9)]
    public void The_commands_status_is_passed_on(string script, int status)
    {
        using var end = new TraceEnd(HostFactory.System);
        end.Start(["sh", "-c", script]);
        end.Listen();

        Assert.True(end.Wait(s_deadline));
        Assert.Equal(status, end.Status);
        Assert.False(end.Interrupted);
    }

    [Fact]
    public void The_command_has_the_signals_that_its_user_gave()
    {
        // The runtime ignores SIGPIPE, and what is ignored stays ignored across exec: 'yes | head' would not end as it does elsewhere.
        string file = Path.Combine(_directory, "status");
        using var end = new TraceEnd(HostFactory.System);
        end.Start(["sh", "-c", $"cat /proc/self/status > {file}"]);
        end.Listen();
        Assert.True(end.Wait(s_deadline));
        string[] lines = File.ReadAllLines(file);
        Assert.Equal(0UL, Signals(lines, "SigIgn") & (1UL << (13 - 1)));
        Assert.Equal(0UL, Signals(lines, "SigBlk"));
    }

    private static ulong Signals(string[] lines, string field) => ulong.Parse(
        lines.Single(l => l.StartsWith(field, StringComparison.Ordinal)).Split(':')[1], NumberStyles.HexNumber,
        CultureInfo.InvariantCulture);

    [Fact]
    public void The_command_has_the_environment_and_the_arguments_as_they_were()
    {
        string file = Path.Combine(_directory, "words");
        using var end = new TraceEnd(HostFactory.System);
        end.Start(["sh", "-c", "printf '%s|' \"$HOME\" \"$@\" > " + file, "name", "", "two words", "*", "h\u00e9"]);
        end.Listen();
        Assert.True(end.Wait(s_deadline));
        Assert.Equal($"{Environment.GetEnvironmentVariable("HOME")}||two words|*|h\u00e9|", File.ReadAllText(file));
    }

    [Fact]
    public void What_is_not_found_gives_127()
    {
        using var end = new TraceEnd(HostFactory.System);
        const string nowhere = "It is not in any directory of PATH.";
        Refused(end, "no-such-command-anywhere", 127, "command not found: no-such-command-anywhere", nowhere);
        Refused(end, "", 127, "command not found: ", nowhere);
        Refused(end, "/no/such/command", 127, "command not found: /no/such/command", "There is no such file.");
    }

    private static void Refused(TraceEnd end, string command, int status, string message, string hint)
    {
        var error = Assert.Throws<KvmscopeException>(() => end.Start([command]));
        Assert.Equal((status, message, hint), ((int)error.Status, error.Message, error.Hint));
    }

    [Fact]
    public void What_cannot_be_executed_gives_126()
    {
        string file = Path.Combine(_directory, "plain");
        File.WriteAllText(file, "no program");
        using var end = new TraceEnd(HostFactory.System);
        const string check = "Check that it is a program and that you may execute it.";
        Refused(end, file, 126, $"cannot execute {file}", check);
        Refused(end, "/", 126, "cannot execute /", check);

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var error = Assert.Throws<KvmscopeException>(() => end.Start([file]));
        Assert.Equal((126, check), ((int)error.Status, error.Hint));
        Assert.StartsWith($"cannot execute {file}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_of_the_working_directory_is_not_found_without_a_path()
    {
        string file = Path.Combine(_directory, "local-tool");
        File.WriteAllText(file, "#!/bin/sh\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var end = new TraceEnd(HostFactory.System);
        Assert.Equal(127, (int)Assert.Throws<KvmscopeException>(() => end.Start(["local-tool"])).Status);
    }

    [Fact]
    public void Without_an_end_waiting_times_out()
    {
        using var end = new TraceEnd(HostFactory.System);
        end.Listen();
        Assert.False(end.Wait(TimeSpan.FromMilliseconds(1)));
        Assert.False(end.Wait(TimeSpan.FromSeconds(-1)));
    }

    [Theory]
    [InlineData("INT", true)]
    [InlineData("TERM", false)]
    [InlineData("HUP", false)]
    public void A_signal_ends_the_trace(string signal, bool interrupted)
    {
        using var end = new TraceEnd(HostFactory.System);
        end.Listen();
        Signal(signal);

        Assert.True(end.Wait(s_deadline));
        Assert.Equal((0, interrupted), (end.Status, end.Interrupted));
    }

    [Fact]
    public void With_a_command_the_first_ctrl_c_waits_for_it_and_the_second_does_not()
    {
        string stop = Path.Combine(_directory, "stop");
        using var end = new TraceEnd(HostFactory.System);
        end.Start(["sh", "-c", $"while [ -d {_directory} ] && [ ! -e {stop} ]; do sleep 0.1; done"]);
        end.Listen();

        Signal("INT");
        Assert.True(SpinWait.SpinUntil(() => end.Interrupted, s_deadline));
        Assert.False(end.Wait(TimeSpan.Zero));
        Signal("INT");

        Assert.True(end.Wait(s_deadline));
        Assert.Equal(128 + 2, end.Status);
        File.WriteAllText(stop, "");
    }

    // A program whose end takes long: it reads what does not come.
    [Theory]
    [InlineData("kill -INT $0; sleep 0.5; kill -INT $0", true)]
    // One Ctrl-C that comes twice, as 'timeout -s INT' sends it to the program and to its group.
    [InlineData("kill -INT $0; kill -INT $0", false)]
    public void A_second_ctrl_c_ends_the_program_at_once(string script, bool ends)
    {
        string recording = Path.Combine(_directory, "run.kvmscope");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "kvmscope"), ["import", "-", "-o", recording])
        { RedirectStandardInput = true, RedirectStandardError = true };
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath);
        using Process program = Process.Start(start)!;
        // As much as it reads at once, so that it listens and has begun.
        for (int ms = 0; ms < 20_000; ms++)
            program.StandardInput.Write(string.Create(CultureInfo.InvariantCulture,
                $"     CPU 0/KVM-5046    [001] d....  {3410 + (ms / 1000m):F6}: kvm_exit: vcpu 0 reason HLT\n"));
        program.StandardInput.Flush();
        Assert.True(SpinWait.SpinUntil(() => new FileInfo(recording) is { Exists: true, Length: > 0 }, s_deadline));

        Process.Start("sh", ["-c", script, $"{program.Id}"]).WaitForExit();

        Assert.Equal(ends, program.WaitForExit(ends ? s_deadline : TimeSpan.FromSeconds(1)));
        if (!ends) program.StandardInput.Close();
        program.WaitForExit();
        // Here all was read.
        Assert.Equal(ends ? 128 + 2 : 0, program.ExitCode);
        Assert.Equal("", program.StandardError.ReadToEnd());
    }

    [Theory]
    [InlineData("TERM", 15)]
    [InlineData("HUP", 1)]
    public void A_signal_is_passed_on_to_the_command(string signal, int number)
    {
        var system = new FakeSystem();
        using (var end = new TraceEnd(system))
        {
            end.Start(["sleep", "60"]);
            end.Listen();
            Signal(signal);
            Assert.True(end.Wait(s_deadline));
            Assert.Empty(system.Sent);
        }
        Assert.Equal(number, Assert.Single(system.Sent).Signal);
    }

    private static void Signal(string name)
    {
        using Process kill = Process.Start("kill", ["-s", name, $"{Environment.ProcessId}"]);
        kill.WaitForExit();
    }
}
