using System.ComponentModel;
using System.Runtime.InteropServices;
using Kvmscope.Core;
using Kvmscope.Core.Sources;

namespace Kvmscope.Running;

/// <summary>
/// What ends a trace before its time: Ctrl-C, SIGTERM, SIGHUP, or the end of the command that was started.
/// </summary>
internal interface ITraceEnd : IDisposable
{
    /// <summary>Starts the command with this program's standard streams; the trace ends when it ends.</summary>
    /// <exception cref="Core.KvmscopeException">Not found (status 127) or not executable (status 126).</exception>
    void Start(IReadOnlyList<string> command);

    /// <summary>
    /// Listens from now on. Until then a signal ends this program as it ends any other, and nothing stays in the kernel.
    /// </summary>
    void Listen();

    /// <summary>Ends the command, as SIGTERM to this program would.</summary>
    void StopCommand();

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
/// it. Once the trace has ended, a further Ctrl-C ends the program at once, whatever it still reads or writes.
/// </summary>
internal sealed class TraceEnd : ITraceEnd
{
    private readonly IOperatingSystem _system;
    // Without a spin before each wait: the trace waits once an interval, mostly in vain.
    private readonly ManualResetEventSlim _ended = new(initialState: false, spinCount: 0);
    private PosixSignalRegistration[] _signals = [];
    private IStartedCommand? _command;
    private int _commandStatus = Running;
    private int _interrupts;
    private int _signal;
    private long _interruptedMs;

    private const int Running = -1, Sigterm = 15;

    // One Ctrl-C may come twice: 'timeout -s INT' sends it to the program and then to its group.
    private const int OnceMs = 100;

    /// <summary>Does not listen yet.</summary>
    /// <param name="system">Starts the command, and passes signals on to it.</param>
    public TraceEnd(IOperatingSystem system) => _system = system;

    /// <inheritdoc/>
    public bool Interrupted => Volatile.Read(ref _interrupts) > 0;

    /// <inheritdoc/>
    public int Status => (_command, Volatile.Read(ref _commandStatus)) switch
    {
        (null, _) => 0,
        (_, Running) => 128 + Volatile.Read(ref _signal),
        (_, int status) => status,
    };

    /// <inheritdoc/>
    public void Start(IReadOnlyList<string> command)
    {
        try
        {
            _command = _system.Start(ProgramPath.Find(command[0]), [.. command.Skip(1)]);
        }
        catch (Win32Exception error)
        {
            throw ProgramPath.NotExecutable(command[0], error);
        }
    }

    /// <inheritdoc/>
    public void Listen()
    {
        try
        {
            StartListening();
        }
        // How the runtime says that it cannot start its signal thread, and that it cannot start another.
        catch (Exception error) when (error is TypeInitializationException { InnerException: IOException } or OutOfMemoryException)
        {
            StopCommand();
            throw new KvmscopeException(ExitStatus.Failed, "no thread can be started",
                "Raise the limit of processes (ulimit -u), which counts those of the user that kvmscope becomes: 'kvmscope' or 'nobody'.",
                error);
        }
    }

    private void StartListening()
    {
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
        if (_command is not { } command) return;
        new Thread(() =>
        {
            Volatile.Write(ref _commandStatus, command.WaitForEnd());
            _ended.Set();
        })
        { IsBackground = true, Name = "command" }.Start();
    }

    /// <inheritdoc/>
    public void StopCommand() => Volatile.Write(ref _signal, Sigterm);

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
    }

    // SIGTERM and SIGHUP came to this program alone; Ctrl-C came to the command from the terminal, and a second one means to stop it.
    // Here and not in the handler: once privileges are dropped, only the main thread may send signals.
    private void PassOn()
    {
        int signal = Volatile.Read(ref _signal);
        if (signal != 0 && _command is { } command && Volatile.Read(ref _commandStatus) == Running) _system.Signal(command.Pid, signal);
    }

    private void OnSignal(PosixSignalContext context)
    {
        bool isInterrupt = context.Signal == PosixSignal.SIGINT;
        int interrupts = isInterrupt ? Interlocked.Increment(ref _interrupts) : 0;
        // Not cancelled, it ends the program as it ends any other.
        if (isInterrupt && IsFurther(interrupts) && _ended.IsSet) return;
        context.Cancel = true;
        Volatile.Write(ref _signal, context.Signal switch { PosixSignal.SIGINT => 2, PosixSignal.SIGHUP => 1, _ => Sigterm });
        if (_command is null || interrupts != 1) _ended.Set();
    }

    private bool IsFurther(int interrupts)
    {
        long now = Environment.TickCount64, before = Interlocked.Exchange(ref _interruptedMs, now);
        return interrupts > 1 && now - before >= OnceMs;
    }
}
