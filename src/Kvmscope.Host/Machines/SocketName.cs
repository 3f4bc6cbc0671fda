namespace Kvmscope.Host.Machines;

/// <summary>
/// Names a VM after its control socket: <c>/run/vms/web1.sock</c> is web1. Where the file is called alike for every VM, its
/// folder tells them apart: Kata's <c>/run/vc/vm/ID/clh-api.sock</c> is ID.
/// </summary>
internal static class SocketName
{
    private const int MaxParents = 3;

    /// <summary>The name as raw bytes; empty where the path tells nothing.</summary>
    internal static ReadOnlySpan<byte> From(ReadOnlySpan<byte> path)
    {
        for (int i = 0; i < MaxParents && !path.IsEmpty; i++)
        {
            path = path.TrimEnd((byte)'/');
            int slash = path.LastIndexOf((byte)'/');
            ReadOnlySpan<byte> name = WithoutExtension(path[(slash + 1)..]);
            if (!IsGeneric(name)) return name;
            path = slash < 0 ? [] : path[..slash];
        }
        return [];
    }

    private static ReadOnlySpan<byte> WithoutExtension(ReadOnlySpan<byte> file) =>
        file.EndsWith(".sock"u8) ? file[..^5] : file.EndsWith(".socket"u8) ? file[..^7] : file;

    private static bool IsGeneric(ReadOnlySpan<byte> name) => System.Text.Encoding.UTF8.GetString(name[..Math.Min(name.Length, 32)]) is
        "" or "." or ".." or "api" or "api-socket" or "ch" or "ch-api" or "clh" or "clh-api" or "cloud-hypervisor" or "cloud-hypervisor-api"
        or "control" or "crosvm" or "crosvm_control" or "internal" or "run" or "sock" or "socket" or "tmp" or "var" or "vm" or "vmm";
}
