using System.Text;

namespace Kvmscope.Host.Machines;

/// <summary>
/// Names a VM by a file of its own: <c>/run/vms/web1.sock</c> is web1. Where the file is called the same for every VM, its
/// folder tells them apart: Kata's <c>/run/vc/vm/ID/clh-api.sock</c> is ID.
/// </summary>
internal static class PathName
{
    private static readonly string[] s_extensions =
        [".sock", ".socket", ".json", ".cfg", ".conf", ".config", ".toml", ".yaml", ".yml", ".ini", ".hvt", ".ukvm", ".bin", ".pid"];

    // fc-ID.sock: the VMM of a VM is shown beside its name.
    private static readonly string[] s_prefixes =
        ["fc-", "firecracker-", "ch-", "clh-", "cloud-hypervisor-", "crosvm-", "stratovirt-", "qmp-", "qmp_"];

    // What tells no VM from another.
    private static readonly HashSet<string> s_common = new(StringComparer.OrdinalIgnoreCase)
    {
        "", ".", "..", "api", "api-sock", "api-socket", "ch", "clh", "cloud-hypervisor", "config", "control", "crosvm",
        "crosvm_control", "fc", "fcconfig", "firecracker", "firecracker_config", "hvt", "internal", "krunkit",
        "microvm", "monitor", "qemu", "qmp", "root", "rootfs", "run", "snapshot", "sock", "socket", "state",
        "stratovirt", "unikernel", "vm", "vm_config", "vm-config", "vmconfig", "vmm",
    };

    // Folders that hold the files of many VMs, and say nothing of one: the walk up ends there. A * stands for one folder.
    private static readonly string[][] s_shared =
    [
        ["tmp"], ["var", "tmp"], ["var", "run"], ["var", "lib"], ["run", "user", "*"], ["run"], ["home", "*"], ["root"],
        ["etc"], ["srv"], ["opt"], ["usr"], ["dev"], ["var"],
    ];

    /// <summary>The name; empty where the path tells nothing.</summary>
    /// <param name="path">A path, also as <c>unix:PATH,OPTIONS</c> or <c>file://PATH</c>.</param>
    internal static ReadOnlySpan<byte> From(ReadOnlySpan<byte> path)
    {
        string text = Encoding.UTF8.GetString(WithoutScheme(path));
        string[] parts = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int least = text.StartsWith('/') ? s_shared.Select(shared => SharedLength(parts, shared)).Max() : 0;
        for (int i = parts.Length - 1; i >= least; i--)
        {
            string name = WithoutPrefix(WithoutExtension(parts[i]));
            if (!s_common.Contains(name)) return Encoding.UTF8.GetBytes(name);
        }
        return [];
    }

    private static ReadOnlySpan<byte> WithoutScheme(ReadOnlySpan<byte> path)
    {
        if (path.StartsWith("unix:"u8)) path = path[5..];
        else if (path.StartsWith("file:"u8)) path = path[5..];
        else if (path.StartsWith("fd="u8) || path.StartsWith("tcp:"u8) || path.StartsWith("stdio"u8)) return [];
        int comma = path.IndexOf((byte)',');
        return comma < 0 ? path : path[..comma];
    }

    private static int SharedLength(string[] parts, string[] shared) =>
        parts.Length > shared.Length && shared.Zip(parts).All(pair => pair.First == "*" || pair.First == pair.Second) ? shared.Length : 0;

    private static string WithoutExtension(string file) =>
        s_extensions.FirstOrDefault(e => file.EndsWith(e, StringComparison.Ordinal)) is { } extension ? file[..^extension.Length] : file;

    // A number alone would be taken for a pid.
    private static string WithoutPrefix(string name) =>
        s_prefixes.FirstOrDefault(p => name.StartsWith(p, StringComparison.Ordinal)) is { } prefix
            && name[prefix.Length..].Any(char.IsLetter)
                ? name[prefix.Length..]
                : name;
}
