using Kvmscope.Core.Exits;

namespace Kvmscope.Host.Checks;

/// <summary>Whether a part of the kernel is present.</summary>
internal enum Presence
{
    /// <summary>Neither loaded nor built in.</summary>
    Absent,

    /// <summary>A loaded module.</summary>
    Module,

    /// <summary>Part of the kernel image.</summary>
    BuiltIn,
}

/// <summary>What is known about a host: read once, then judged by the checks.</summary>
internal sealed record HostFacts
{
    /// <summary>The release as uname(2) gives it; empty if not known.</summary>
    internal required string Release { get; init; }

    /// <summary>Its version, or null if the release does not begin with one.</summary>
    internal required KernelVersion? Version { get; init; }

    /// <summary>KVM itself.</summary>
    internal required Presence Kvm { get; init; }

    /// <summary>The ISA of the exits, by the vendor module in use.</summary>
    internal required Isa Isa { get; init; }

    /// <summary>The vendor module in use, or null.</summary>
    internal required string? Vendor { get; init; }

    /// <summary>Whether <see cref="Vendor"/> is a module or built in.</summary>
    internal required Presence VendorPresence { get; init; }

    /// <summary>A vendor module that kvmscope does not know, such as kvm_pvm, or null.</summary>
    internal required string? OtherVendor { get; init; }

    /// <summary>The vendor module for this CPU, or null if the CPU has neither VMX nor SVM.</summary>
    internal required string? WantedVendor { get; init; }

    /// <summary>Whether /sys/kernel/btf/vmlinux exists.</summary>
    internal required bool HasBtf { get; init; }

    /// <summary>Whether BTF has the types of the kvm module, in its own BTF or the kernel's.</summary>
    internal required bool HasKvmBtf { get; init; }

    /// <summary>Whether BTF has the types of the vendor module.</summary>
    internal required bool HasVendorBtf { get; init; }

    private const string Arm = "kvm";

    /// <summary>Up to 5.15 the reason is an argument of kvm_exit; from 5.16 on the vCPU is (commit 0a62a0319abb).</summary>
    internal bool TracepointHasReason => Isa != Isa.Arm64 && Version is { } version && !version.IsAtLeast(5, 16);

    /// <summary>How the programs would attach.</summary>
    internal AttachPath AttachPath => !HasBtf ? AttachPath.None
        : Isa == Isa.Arm64 ? Version is { } version && !version.IsAtLeast(5, 11) ? AttachPath.RawTp : AttachPath.TpBtf
        : HasKvmBtf && (HasVendorBtf || TracepointHasReason) ? AttachPath.TpBtf
        : TracepointHasReason ? AttachPath.RawTp
        : AttachPath.None;

    /// <summary>
    /// Whether the load needs types from a module's BTF. libbpf reads those through bpf() (BPF_BTF_GET_NEXT_ID), which needs CAP_SYS_ADMIN;
    /// the kernel's own BTF it reads from /sys.
    /// </summary>
    internal bool NeedsModuleBtf => AttachPath == AttachPath.TpBtf && (Kvm == Presence.Module || VendorPresence == Presence.Module);

    /// <summary>Reads a host.</summary>
    internal static HostFacts Read(HostFiles files)
    {
        string release = files.Text("proc/sys/kernel/osrelease") ?? "";
        string? wanted = WantedVendorOf(files);
        bool arm = files.Field("proc/cpuinfo", "CPU implementer") is not null;
        Presence kvm = PresenceOf(files, "kvm");
        // On arm64, KVM is one part, built into the kernel.
        if (arm) wanted = Arm;
        string? vendor = arm ? kvm == Presence.Absent ? null : Arm : VendorOf(files, wanted);
        Presence vendorPresence = vendor is null ? Presence.Absent : PresenceOf(files, vendor);
        bool btf = files.Exists("sys/kernel/btf/vmlinux");
        return new HostFacts
        {
            Release = release,
            Version = KernelVersion.TryParse(release, out KernelVersion version) ? version : null,
            Kvm = kvm,
            Isa = vendor switch { "kvm_intel" => Isa.Vmx, "kvm_amd" => Isa.Svm, Arm => Isa.Arm64, _ => Isa.None },
            Vendor = vendor,
            VendorPresence = vendorPresence,
            OtherVendor = files.Names("sys/module").FirstOrDefault(IsOtherVendor),
            WantedVendor = wanted,
            HasBtf = btf,
            HasKvmBtf = HasBtfOf(files, "kvm", kvm, btf),
            HasVendorBtf = vendor is not null && HasBtfOf(files, vendor, vendorPresence, btf),
        };
    }

    private static bool HasBtfOf(HostFiles files, string module, Presence presence, bool kernelHasBtf) =>
        presence == Presence.BuiltIn ? kernelHasBtf : files.Exists($"sys/kernel/btf/{module}");

    // A loaded module has the file initstate; a built-in one does not.
    private static Presence PresenceOf(HostFiles files, string module) =>
        files.Exists($"sys/module/{module}/initstate") ? Presence.Module
        : files.Exists($"sys/module/{module}") ? Presence.BuiltIn
        : Presence.Absent;

    private static string? VendorOf(HostFiles files, string? wanted)
    {
        foreach (string vendor in (ReadOnlySpan<string>)["kvm_intel", "kvm_amd"])
        {
            Presence presence = PresenceOf(files, vendor);
            // A vendor module loads only on its own CPUs, but a built-in one is in /sys/module on every CPU.
            if (presence == Presence.Module || (presence == Presence.BuiltIn && wanted == vendor)) return vendor;
        }
        return null;
    }

    private static string? WantedVendorOf(HostFiles files)
    {
        string[] flags = files.Field("proc/cpuinfo", "flags")?.Split(' ') ?? [];
        return flags.Contains("vmx") ? "kvm_intel" : flags.Contains("svm") ? "kvm_amd" : null;
    }

    private static bool IsOtherVendor(string module) =>
        module.StartsWith("kvm_", StringComparison.Ordinal) && module is not ("kvm_intel" or "kvm_amd" or "kvm_guest");
}

/// <summary>How the programs attach to the tracepoints.</summary>
public enum AttachPath
{
    /// <summary>They cannot attach: the exit reason could not be read.</summary>
    None,

    /// <summary><c>raw_tp</c>: kernels up to 5.15 without module BTF, where the reason is an argument of the tracepoint.</summary>
    RawTp,

    /// <summary><c>tp_btf</c>: where BTF has the types of the tracepoint: the module's BTF, or the kernel's if KVM is built in.</summary>
    TpBtf,
}
