using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Interop;

// For reading /proc. Byte pointers, not strings: a scan makes tens of thousands of these calls.
internal static unsafe partial class Libc
{
    internal const int O_RDONLY = 0;
    // asm-generic/fcntl.h; arm64 has its own (arch/arm64/include/uapi/asm/fcntl.h).
    internal static readonly int O_DIRECTORY = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;
    internal static readonly int O_NOFOLLOW = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;
    internal const int O_WRONLY = 1;
    internal const int O_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(SafeFileHandle file, byte* buffer, nuint size);

    // open(2) is variadic only for the mode, which only O_CREAT needs.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    internal static partial SafeFileHandle open_path(byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial SafeFileHandle openat(SafeFileHandle directory, byte* path, int flags);

    internal static nint getdents64(SafeFileHandle directory, byte* buffer, nuint size) =>
        syscall3(SystemCall.getdents64, directory.DangerousGetHandle(), (nint)buffer, (nint)size);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint readlinkat(SafeFileHandle directory, byte* path, byte* buffer, nuint size);
}
