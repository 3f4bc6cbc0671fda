using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Guests.Kvm;

/// <summary>What the built-in guests need of libc: devices, mappings, and signals that reach one thread.</summary>
internal static unsafe partial class Libc
{
    internal const int EPERM = 1, ENOENT = 2, EINTR = 4, EAGAIN = 11, EACCES = 13;
    internal const int O_RDWR = 0x2, O_CLOEXEC = 0x80000;
    internal const int PROT_READ = 1, PROT_WRITE = 2;
    internal const int MAP_SHARED = 1, MAP_PRIVATE_ANONYMOUS = 0x2 | 0x20;
    internal const int MADV_NOHUGEPAGE = 15;
    internal const int SIG_BLOCK = 0;
    internal static readonly nint MAP_FAILED = -1;

    private static readonly bool s_isX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int OpenDevice(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Ioctl(SafeFileHandle fd, nuint request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int munmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    internal static partial int AdviseMemory(nint address, nuint length, int advice);

    /// <summary>The number of the calling thread: gettid.</summary>
    internal static int GetThreadId() => (int)syscall3(s_isX64 ? 186 : 178, 0, 0, 0);

    /// <summary>tgkill.</summary>
    internal static int SignalThread(int process, int thread, int signal) => (int)syscall3(s_isX64 ? 234 : 131, process, thread, signal);

    /// <summary>Sets are 128 bytes in glibc and musl; the kernel uses the first 8. Returns an errno.</summary>
    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    internal static partial int ThreadSignalMask(int how, ulong* set, ulong* old);

    [LibraryImport("libc", EntryPoint = "sigtimedwait", SetLastError = true)]
    internal static partial int TakeSignal(ulong* set, void* info, long* timeout);

    // For system calls that glibc wraps only since 2.30, by number: x86_64 has its own table, arm64 and riscv64 share the generic one.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall3(nint number, nint first, nint second, nint third);
}
