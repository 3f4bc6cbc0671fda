namespace Kvmscope.Host.Machines;

/// <summary>Reads what <see cref="VmmCommand"/> parses.</summary>
internal static class VmmCommandReader
{
    /// <summary>How much of a command line is read; libvirt's are some 10 KiB, and the name stands near their start.</summary>
    internal const int BufferSize = 64 * 1024;

    private const int LinkSize = 4096;

    /// <summary>Reads one process; a process that is gone is called "unknown".</summary>
    internal static VmmCommand Read(ProcRoot proc, int pid, byte[] buffer)
    {
        int length = Math.Max(proc.Read(pid, "cmdline"u8, buffer), 0);
        Span<byte> link = stackalloc byte[LinkSize];
        return VmmCommand.Parse(buffer.AsSpan(0, length), proc.ReadLink(pid, "exe\0"u8, link));
    }
}
