using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Interop;

// Capabilities and credentials: linux/capability.h, linux/prctl.h.
internal static unsafe partial class Libc
{
    internal const uint _LINUX_CAPABILITY_VERSION_3 = 0x20080522;

    internal const int PR_SET_KEEPCAPS = 8;
    internal const int PR_SET_NO_NEW_PRIVS = 38;
    internal const int PR_CAP_AMBIENT = 47;
    internal const nuint PR_CAP_AMBIENT_CLEAR_ALL = 4;

    /// <summary>struct __user_cap_header_struct; pid 0 is the calling thread.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct cap_user_header
    {
        internal uint version;
        internal int pid;
    }

    /// <summary>struct __user_cap_data_struct; version 3 takes two, the low 32 capabilities first.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct cap_user_data
    {
        internal uint effective;
        internal uint permitted;
        internal uint inheritable;
    }

    internal const int RLIMIT_DATA = 2;
    internal const int RLIMIT_NOFILE = 7;
    internal const int RLIMIT_MEMLOCK = 8;
    internal const int RLIMIT_AS = 9;

    [StructLayout(LayoutKind.Sequential)]
    internal struct rlimit
    {
        public ulong rlim_cur;
        public ulong rlim_max;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int setrlimit(int resource, rlimit* limit);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getrlimit(int resource, rlimit* limit);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int capget(cap_user_header* header, cap_user_data* data);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int capset(cap_user_header* header, cap_user_data* data);

    // prctl(2) is variadic; on every Linux ABI of .NET, integer arguments are passed as in a function that is not variadic.
    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    internal static partial int prctl_privileges(int option, nuint arg2, nuint arg3, nuint arg4, nuint arg5);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getresuid(uint* real, uint* effective, uint* saved);

    // The glibc wrappers, not the bare system calls: they change every thread of the process (nptl(7)).
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setresuid(uint real, uint effective, uint saved);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setresgid(uint real, uint effective, uint saved);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setgroups(nuint size, uint* list);

    [LibraryImport("libc")]
    internal static partial uint geteuid();

    [LibraryImport("libc")]
    internal static partial uint getegid();

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fchown(SafeFileHandle file, uint user, uint group);

    /// <summary>struct passwd (pwd.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct passwd
    {
        internal byte* pw_name;
        internal byte* pw_passwd;
        internal uint pw_uid;
        internal uint pw_gid;
        internal byte* pw_gecos;
        internal byte* pw_dir;
        internal byte* pw_shell;
    }

    // Returns an errno.
    [LibraryImport("libc")]
    internal static partial int getpwnam_r(byte* name, passwd* entry, byte* room, nuint size, passwd** found);

    internal static int gettid() => (int)syscall3(SystemCall.gettid, 0, 0, 0);

    // bpf(2) has no wrapper in glibc.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint syscall_bpf(nint number, nint command, void* attributes, nint size);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int close_raw(int fd);
}
