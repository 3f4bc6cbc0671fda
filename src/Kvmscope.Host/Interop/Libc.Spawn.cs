using System.Runtime.InteropServices;

namespace Kvmscope.Host.Interop;

// Starting a program and waiting for it: spawn.h, bits/waitflags.h, signal.h of glibc; the values are those of x86-64, arm64 and riscv64.
internal static unsafe partial class Libc
{
    internal const int SIGPIPE = 13;
    internal const int SIGCHLD = 17;
    internal const int SIGXFSZ = 25;
    internal const nint SIG_DFL = 0;
    internal const nint SIG_IGN = 1;
    internal const short POSIX_SPAWN_SETSIGDEF = 0x04;
    internal const int P_PID = 1;
    internal const int WEXITED = 4;
    internal const int WNOWAIT = 0x0100_0000;
    internal const int CLD_EXITED = 1;

    /// <summary>sigset_t; signal n is bit n - 1.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct sigset
    {
        internal ulong first;
    }

    /// <summary>posix_spawnattr_t: 336 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 336)]
    internal struct spawn_attributes
    {
        private readonly ulong _first;
    }

    /// <summary>siginfo_t as waitid() fills it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct child_info
    {
        [FieldOffset(8)]
        internal int si_code;

        [FieldOffset(24)]
        internal int si_status;
    }

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_init(spawn_attributes* attributes);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setflags(spawn_attributes* attributes, short flags);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigdefault(spawn_attributes* attributes, sigset* signals);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_destroy(spawn_attributes* attributes);

    // Returns an errno.
    [LibraryImport("libc")]
    internal static partial int posix_spawn(
        int* pid, byte* path, void* actions, spawn_attributes* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int waitid(int kind, int id, child_info* info, int options);

    /// <summary>struct sigaction of glibc: 152 bytes, the handler first.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 152)]
    internal struct signal_action
    {
        internal nint handler;
    }

    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    internal static partial int get_signal(int signal, nint action, signal_action* old);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    internal static partial nint set_signal(int signal, nint handler);
}
