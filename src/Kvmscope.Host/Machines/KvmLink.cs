using System.Buffers.Text;

namespace Kvmscope.Host.Machines;

/// <summary>What an open file of a process is to KVM.</summary>
internal enum KvmLinkKind
{
    /// <summary>Nothing: any other file, KVM's statistics files among them.</summary>
    None,

    /// <summary>A VM.</summary>
    Vm,

    /// <summary>A vCPU.</summary>
    Vcpu,
}

/// <summary>
/// Reads the text of a /proc/PID/fd link. The names are given in virt/kvm/kvm_main.c: "kvm-vm", and "kvm-vcpu:%d" with the vCPU's id.
/// </summary>
internal static class KvmLink
{
    /// <summary>Longer than any link that matters, so that a link that fills it is none.</summary>
    internal const int MaxLength = 64;

    private static ReadOnlySpan<byte> Vm => "anon_inode:kvm-vm"u8;

    private static ReadOnlySpan<byte> Vcpu => "anon_inode:kvm-vcpu"u8;

    /// <summary>Tells what the link is.</summary>
    /// <param name="link">The link's text.</param>
    /// <param name="vcpuId">The vCPU's id; -1 where the kernel is too old to say it (before 4.17), and for what is no vCPU.</param>
    internal static KvmLinkKind Parse(ReadOnlySpan<byte> link, out int vcpuId)
    {
        vcpuId = -1;
        if (link.SequenceEqual(Vm)) return KvmLinkKind.Vm;
        if (!link.StartsWith(Vcpu)) return KvmLinkKind.None;
        ReadOnlySpan<byte> rest = link[Vcpu.Length..];
        if (rest.IsEmpty) return KvmLinkKind.Vcpu;
        // "-stats:3" is the vCPU's statistics file, held beside the vCPU itself.
        if (rest[0] != ':' || !Utf8Parser.TryParse(rest[1..], out int id, out int used) || used != rest.Length - 1 || id < 0)
            return KvmLinkKind.None;
        vcpuId = id;
        return KvmLinkKind.Vcpu;
    }
}
