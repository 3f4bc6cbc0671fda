using System.Runtime.InteropServices;

namespace Kvmscope.Host.Interop;

internal static partial class Libc
{
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int kill(int pid, int signal);
}
