using Kvmscope.Host.Interop;

namespace Kvmscope.Host;

/// <summary>What this process does with signals that are not handled by .NET.</summary>
internal static unsafe class Signals
{
    // SIGPIPE is ignored by the runtime, and its user's choice is not known any more: it is hardly ever another than the default.
    private static ulong s_changed = MaskOf(Libc.SIGPIPE);

    /// <summary>The signals that COMMAND gets the default action of, because this process ignores them and its user did not.</summary>
    internal static ulong Changed => s_changed;

    /// <summary>Ignores a signal; COMMAND does not.</summary>
    internal static void Ignore(int signal)
    {
        if (IsIgnored(signal)) return;
        Libc.set_signal(signal, Libc.SIG_IGN);
        s_changed |= MaskOf(signal);
    }

    /// <summary>Gives a signal its default action where a parent left it ignored.</summary>
    internal static void Restore(int signal)
    {
        if (IsIgnored(signal)) Libc.set_signal(signal, Libc.SIG_DFL);
    }

    private static ulong MaskOf(int signal) => 1UL << (signal - 1);

    private static bool IsIgnored(int signal)
    {
        Libc.signal_action found;
        return Libc.get_signal(signal, 0, &found) == 0 && found.handler == Libc.SIG_IGN;
    }
}
