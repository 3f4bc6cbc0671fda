using System.Runtime.InteropServices;
using Kvmscope.Core;

namespace Kvmscope.Host.Interop;

/// <summary>
/// errno values (asm-generic/errno-base.h, errno.h; the same on x86, arm64 and riscv). They become typed errors only here.
/// </summary>
internal static class Errno
{
    internal const int EPERM = 1;
    internal const int ENOENT = 2;
    internal const int EINTR = 4;
    internal const int EAGAIN = 11;
    internal const int ENOMEM = 12;
    internal const int EACCES = 13;
    internal const int EMFILE = 24;
    internal const int ENOTSUPP = 524;

    /// <summary>The text of an errno value, including codes that only the kernel uses.</summary>
    internal static string Text(int errno) =>
        errno == ENOTSUPP ? "Operation not supported by this kernel" : Marshal.GetPInvokeErrorMessage(errno);

    /// <summary>Turns the error of a system call into a message for the user.</summary>
    internal static KvmscopeException Error(string doing, int errno, string? hint = null) => errno switch
    {
        EPERM or EACCES => new(ExitStatus.NotPermitted, $"{doing}: {Text(errno)}", hint ?? "run as root, or with CAP_BPF and CAP_PERFMON"),
        ENOMEM => new(ExitStatus.Failed, $"{doing}: {Text(errno)}", hint ?? "free memory, or use a smaller --max-vcpus"),
        _ => new(ExitStatus.Failed, $"{doing}: {Text(errno)}", hint),
    };
}
