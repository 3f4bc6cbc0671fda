using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host;

/// <summary>What the built-in guests need of libc: devices, mappings, and signals that reach one thread.</summary>
internal static partial class Interop
{
    /// <summary>libc.</summary>
    internal static unsafe partial class Libc
    {
        internal const int O_RDWR = 0x2;
        internal const int MAP_PRIVATE_ANONYMOUS = 0x2 | 0x20;
        internal const int MADV_NOHUGEPAGE = 15;
        internal const int SIG_BLOCK = 0;

        internal const int EPERM = Errno.EPERM;
        internal const int EACCES = Errno.EACCES;

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int OpenDevice(string path, int flags);

        [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
        internal static partial int Ioctl(SafeFileHandle fd, nuint request, nint argument);

        [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
        internal static partial int AdviseMemory(nint address, nuint length, int advice);

        internal static int GetThreadId() => gettid();

        internal static int SignalThread(int process, int thread, int signal) => (int)syscall3(SystemCall.tgkill, process, thread, signal);

        /// <summary>Sets are 128 bytes in glibc and musl; the kernel uses the first 8. Returns an errno.</summary>
        [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
        internal static partial int ThreadSignalMask(int how, ulong* set, ulong* old);

        [LibraryImport("libc", EntryPoint = "sigtimedwait", SetLastError = true)]
        internal static partial int TakeSignal(ulong* set, void* info, long* timeout);
    }
}
