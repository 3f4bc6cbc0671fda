using System.Collections.Concurrent;
using System.Diagnostics;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>A program that is controlled by lines. Every wait for it has a deadline. If it still runs at the end, it is killed.</summary>
internal class ChildProcess : IDisposable
{
    internal const int SigInt = 2, SigKill = 9, SigCont = 18, SigStop = 19;

    /// <summary>Whether this is the lab's exact mode, in which eng/lab passes a special option to the kernel.</summary>
    internal static readonly bool IsExact = File.ReadAllText("/proc/cmdline").Contains("norandmaps", StringComparison.Ordinal);

    // In exact mode, time jumps to the next timer whenever nothing runs. A deadline could be that timer while a program is still
    // being read from the host's disk. There the lab's time limit, which is in the host's time, is the deadline.
    private static readonly TimeSpan s_deadline = IsExact ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly BlockingCollection<string> _lines = [];
    private readonly List<string> _errors = [];
    private readonly ManualResetEventSlim _errorsEnded = new();
    private readonly string _title;

    internal ChildProcess(string program, IEnumerable<string> arguments, string? directory = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (directory is not null) start.WorkingDirectory = directory;
        _title = $"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)}";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => TakeLine(e.Data);
        _process.ErrorDataReceived += (_, e) => TakeError(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    internal int Pid => _process.Id;

    /// <summary>What it has written to standard error so far.</summary>
    internal string Errors
    {
        get
        {
            lock (_errors) return string.Join('\n', _errors);
        }
    }

    /// <summary>The next line of standard output; null at its end.</summary>
    internal string? ReadLine()
    {
        if (_lines.TryTake(out string? line, s_deadline)) return line;
        if (_lines.IsCompleted) return null;
        throw new SuiteFailure($"'{_title}' wrote nothing for {s_deadline.TotalSeconds} s; stderr: {Errors}");
    }

    /// <summary>Waits for this line, and drops the lines before it.</summary>
    internal void WaitFor(string wanted)
    {
        while (true)
        {
            string line = ReadLine()
                ?? throw new SuiteFailure($"'{_title}' ended (status {WaitForEnd()}) before it wrote '{wanted}'; stderr: {Errors}");
            if (line == wanted) return;
        }
    }

    /// <summary>The rest of standard output, to its end.</summary>
    internal IReadOnlyList<string> ReadRest()
    {
        List<string> lines = [];
        while (ReadLine() is { } line) lines.Add(line);
        return lines;
    }

    /// <summary>The lines that are available now.</summary>
    internal IReadOnlyList<string> ReadAvailable()
    {
        List<string> lines = [];
        while (_lines.TryTake(out string? line)) lines.Add(line);
        return lines;
    }

    internal void WriteLine(string line = "")
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    internal void Signal(int signal) => _ = Kvmscope.Host.Interop.Libc.kill(_process.Id, signal);

    /// <summary>Waits until it has ended and all its output was read.</summary>
    /// <returns>Its exit status; 128 + N for signal N.</returns>
    internal int WaitForEnd()
    {
        if (!_process.WaitForExit(s_deadline))
            throw new SuiteFailure($"'{_title}' did not end within {s_deadline.TotalSeconds} s; stderr: {Errors}");
        _errorsEnded.Wait(s_deadline);
        return _process.ExitCode;
    }

    /// <summary>Sends SIGKILL. Programs that it started see the end of their standard input.</summary>
    internal void Kill()
    {
        Signal(SigKill);
        _process.StandardInput.Close();
        WaitForEnd();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Signal(SigKill);
            _process.StandardInput.Close();
            _process.WaitForExit(s_deadline);
        }

        _process.Dispose();
        GC.SuppressFinalize(this);
    }

    private void TakeLine(string? line)
    {
        if (line is null) _lines.CompleteAdding();
        else _lines.Add(line);
    }

    private void TakeError(string? line)
    {
        if (line is null)
        {
            _errorsEnded.Set();
            return;
        }

        lock (_errors) _errors.Add(line);
    }
}
