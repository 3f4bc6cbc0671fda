using System.Runtime.InteropServices;

namespace Kvmscope.Host.Interop;

internal static unsafe partial class Libc
{
    /// <summary>For system calls that glibc wraps only since 2.30; by number, so that glibc 2.29 is enough.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint syscall3(nint number, nint first, nint second, nint third);

    /// <summary>The same with five arguments; glibc has no kcmp().</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint syscall5(nint number, nint first, nint second, nint third, nint fourth, nint fifth);

    /// <summary>linux/kcmp.h.</summary>
    internal const int KCMP_FILE = 0;
}

/// <summary>Numbers of asm/unistd.h: x86_64 has its own, arm64 and riscv64 share the generic table.</summary>
internal static class SystemCall
{
    private static readonly bool s_isX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    internal static nint gettid => s_isX64 ? 186 : 178;

    internal static nint kcmp => s_isX64 ? 312 : 272;

    internal static nint getdents64 => s_isX64 ? 217 : 61;
}
