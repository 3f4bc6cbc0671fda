using System.Runtime.InteropServices;
using Kvmscope.Core;

namespace Kvmscope.Terminal.Curses;

/// <summary>
/// Signals while a terminal is taken, and what wakes the one who waits for keys. The handlers are those of .NET, which run on a thread of
/// their own, and only note what came. Curses finds them there and has none of its own (it takes only signals with the default action).
/// </summary>
internal sealed unsafe class TerminalSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private readonly int _wake;
    private int _ends;
    private int _stop, _draw;

    /// <summary>Listens from now on.</summary>
    /// <exception cref="KvmscopeException">There is no memory, descriptor or thread for it (status 1).</exception>
    public TerminalSignals()
    {
        _wake = Libc.eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (_wake < 0)
        {
            string reason = Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
            throw new KvmscopeException(ExitStatus.Failed, "cannot listen to the terminal: " + reason);
        }
        try
        {
            _registrations =
            [
                PosixSignalRegistration.Create(PosixSignal.SIGINT, OnEnd),
                PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnEnd),
                PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnEnd),
                PosixSignalRegistration.Create(PosixSignal.SIGQUIT, _ => TerminalModes.GiveBack()),
                PosixSignalRegistration.Create(PosixSignal.SIGTSTP, context => Take(context, ref _stop)),
                PosixSignalRegistration.Create(PosixSignal.SIGCONT, context => Take(context, ref _draw)),
                PosixSignalRegistration.Create(PosixSignal.SIGWINCH, context => Take(context, ref _draw)),
            ];
        }
        // How the runtime says that it cannot start its signal thread.
        catch (TypeInitializationException error) when (error.InnerException is IOException)
        {
            _ = Libc.close(_wake);
            throw new KvmscopeException(ExitStatus.Failed, "no thread can be started", "Raise the limit of processes (ulimit -u).", error);
        }
    }

    /// <summary>Whether a signal says that the program has to end.</summary>
    public bool IsEnding => Volatile.Read(ref _ends) > 0;

    /// <summary>Whether the program has to stop (Ctrl-Z), once for each time.</summary>
    public bool TakeStop() => Interlocked.Exchange(ref _stop, 0) != 0;

    /// <summary>Whether the size changed, or the program was stopped and goes on, once for each time.</summary>
    public bool TakeDraw() => Interlocked.Exchange(ref _draw, 0) != 0;

    /// <summary>Waits for input or a signal.</summary>
    /// <param name="milliseconds">How long.</param>
    /// <returns>What came.</returns>
    public TerminalEvent Wait(int milliseconds)
    {
        Libc.pollfd* wanted = stackalloc Libc.pollfd[2];
        wanted[0] = new Libc.pollfd { fd = 0, events = Libc.POLLIN };
        wanted[1] = new Libc.pollfd { fd = _wake, events = Libc.POLLIN };
        // A signal ends it early.
        int ready = Libc.poll(wanted, 2, milliseconds);
        if (ready == 0) return TerminalEvent.Nothing;
        if (ready < 0) return TerminalEvent.Signal;
        if ((wanted[0].revents & (Libc.POLLHUP | Libc.POLLERR | Libc.POLLNVAL)) != 0) return TerminalEvent.Gone;
        if (wanted[1].revents != 0)
        {
            ulong count;
            _ = Libc.read(_wake, &count, sizeof(ulong));
            return TerminalEvent.Signal;
        }
        return TerminalEvent.Input;
    }

    /// <summary>
    /// Stops the program as Ctrl-Z does, until it is told to go on. Where nobody could (an orphaned process group), it goes on at once.
    /// </summary>
    public static void Stop()
    {
        Libc.signal_action handler;
        _ = Libc.sigaction(Libc.SIGTSTP, null, &handler);
        _ = Libc.signal(Libc.SIGTSTP, Libc.SIG_DFL);
        _ = Libc.raise(Libc.SIGTSTP);
        _ = Libc.sigaction(Libc.SIGTSTP, &handler, null);
    }

    /// <summary>Does not listen any more.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        // A handler that still runs must not write to another's descriptor, so this one stays open; there is one per screen.
    }

    // Cancelled, or the runtime does its own: at SIGCONT it gives the terminal the modes that it had at the program's start.
    private void Take(PosixSignalContext context, ref int flag)
    {
        context.Cancel = true;
        Volatile.Write(ref flag, 1);
        Wake();
    }

    private void Wake()
    {
        ulong one = 1;
        _ = Libc.write(_wake, &one, sizeof(ulong));
    }

    // The first asks the program to end. Where it does not, because it hangs or its terminal takes nothing (Ctrl-S), a later one ends it.
    private void OnEnd(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _ends) > 2)
        {
            TerminalModes.GiveBack();
            int signal = context.Signal switch { PosixSignal.SIGINT => 2, PosixSignal.SIGHUP => 1, _ => 15 };
            _ = Libc.signal(signal, Libc.SIG_DFL);
            _ = Libc.raise(signal);
        }
        Wake();
    }
}

/// <summary>What ended waiting.</summary>
internal enum TerminalEvent
{
    /// <summary>The time is over.</summary>
    Nothing,

    /// <summary>There is input.</summary>
    Input,

    /// <summary>A signal came.</summary>
    Signal,

    /// <summary>The terminal is gone.</summary>
    Gone,
}
