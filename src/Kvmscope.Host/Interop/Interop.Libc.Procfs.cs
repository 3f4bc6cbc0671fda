using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host;

internal static partial class Interop
{
    // What walking /proc needs. Byte pointers, not strings: a scan makes tens of thousands of these calls.
    internal static unsafe partial class Libc
    {
        internal const int O_RDONLY = 0;
        internal const int O_DIRECTORY = 0x10000;
        internal const int O_CLOEXEC = 0x80000;


        // open(2) is variadic only for the mode, which O_CREAT alone needs.
        [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
        internal static partial SafeFileHandle open_path(byte* path, int flags);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial nint getdents64(SafeFileHandle directory, byte* buffer, nuint size);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial nint readlinkat(SafeFileHandle directory, byte* path, byte* buffer, nuint size);
    }
}
