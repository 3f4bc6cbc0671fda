using System.Runtime.InteropServices;
using System.Text;

namespace Kvmscope.Host.Bpf;

/// <summary>Keeps libbpf's warnings for the error that follows them, instead of letting them reach the screen.</summary>
internal static unsafe class BpfMessages
{
    private const int Warn = 0;
    private static readonly Lock s_gate = new();
    private static readonly List<string> s_lines = [];

    /// <summary>Starts to collect, and drops what was collected before.</summary>
    internal static void Collect()
    {
        lock (s_gate) s_lines.Clear();
        Interop.Libbpf.libbpf_set_print(&Print);
    }

    /// <summary>The warnings since <see cref="Collect"/>.</summary>
    internal static string[] Lines()
    {
        lock (s_gate) return [.. s_lines];
    }

    // A va_list argument is passed as a pointer on x86-64, arm64 and riscv64, so it can be passed on to vsnprintf.
    [UnmanagedCallersOnly]
    private static int Print(int level, byte* format, nint arguments)
    {
        if (level != Warn) return 0;
        const int Size = 1024;
        byte* buffer = stackalloc byte[Size];
        int length = Interop.Libc.vsnprintf(buffer, Size, format, arguments);
        if (length > 0)
            lock (s_gate) s_lines.Add(Encoding.UTF8.GetString(buffer, Math.Min(length, Size - 1)).TrimEnd());
        return length;
    }
}
