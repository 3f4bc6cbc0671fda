using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Kvmscope.Core.Sources;

namespace Kvmscope.Running;

/// <summary>
/// What ends a trace before its time: Ctrl-C, SIGTERM, SIGHUP, or the end of the command that was started. Listens from its creation on.
/// </summary>
internal interface ITraceEnd : IDisposable
{
    /// <summary>Starts the command with this program's standard streams; the trace ends when it ends.</summary>
    /// <exception cref="Core.KvmscopeException">Not found (status 127) or not executable (status 126).</exception>
    void Start(IReadOnlyList<string> command);

    /// <summary>Waits for the end of the trace.</summary>
    /// <param name="timeout">How long; with zero or less it returns at once.</param>
    /// <returns>Whether the trace must end.</returns>
    bool Wait(TimeSpan timeout);

    /// <summary>Whether somebody pressed Ctrl-C, so that the terminal's cursor is after <c>^C</c>.</summary>
    bool Interrupted { get; }

    /// <summary>
    /// The exit status: 0 without a command; the command's own; 128 + the signal's number where a signal killed the command or ended the
    /// trace before it.
    /// </summary>
    int Status { get; }
}

/// <summary>
/// Signals and the started command. Without a command the first signal ends the trace. With one, Ctrl-C has reached the
/// command too (the terminal signals the whole group), so the trace goes on until it ends; a second Ctrl-C, or SIGTERM, does not wait for
/// it.
/// </summary>
internal sealed class TraceEnd : ITraceEnd
{
    private readonly IOperatingSystem _system;
    private readonly ManualResetEventSlim _ended = new();
    private readonly PosixSignalRegistration[] _signals;
    private Process? _command;
    private bool _wantsCommand;
    private int _interrupts;
    private int _signal;

    /// <summary>Starts to listen.</summary>
    /// <param name="system">Passes signals on to the command.</param>
    public TraceEnd(IOperatingSystem system)
    {
        _system = system;
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    /// <inheritdoc/>
    public bool Interrupted => Volatile.Read(ref _interrupts) > 0;

    /// <inheritdoc/>
    public int Status => (_wantsCommand, _command) switch
    {
        (false, _) => 0,
        (true, { HasExited: true } ended) => ended.ExitCode,
        _ => 128 + Volatile.Read(ref _signal),
    };

    /// <inheritdoc/>
    public void Start(IReadOnlyList<string> command)
    {
        _wantsCommand = true;
        if (_ended.IsSet) return;
        var start = new ProcessStartInfo(ProgramPath.Find(command[0])) { UseShellExecute = false };
        foreach (string argument in command.Skip(1)) start.ArgumentList.Add(argument);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => _ended.Set();
        try
        {
            process.Start();
        }
        catch (Win32Exception error)
        {
            process.Dispose();
            throw ProgramPath.NotExecutable(command[0], error);
        }
        _command = process;
    }

    /// <inheritdoc/>
    public bool Wait(TimeSpan timeout)
    {
        // Whole milliseconds, rounded up: zero would be a busy loop.
        double ms = Math.Ceiling(Math.Max(0, timeout.TotalMilliseconds));
        return _ended.Wait((int)Math.Min(ms, int.MaxValue));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _signals) registration.Dispose();
        PassOn();
        _command?.Dispose();
        _ended.Dispose();
    }

    // SIGTERM and SIGHUP came to this program alone; Ctrl-C came to the command from the terminal, and a second one means to stop it.
    // Here and not in the handler: once privileges are dropped, only the main thread may send signals.
    private void PassOn()
    {
        int signal = Volatile.Read(ref _signal);
        if (signal != 0 && _command is { HasExited: false } running) _system.Signal(running.Id, signal);
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Volatile.Write(ref _signal, context.Signal switch { PosixSignal.SIGINT => 2, PosixSignal.SIGHUP => 1, _ => 15 });
        bool first = context.Signal == PosixSignal.SIGINT && Interlocked.Increment(ref _interrupts) == 1;
        if (_command is null || !first) _ended.Set();
    }
}
