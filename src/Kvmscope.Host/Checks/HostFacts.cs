using Kvmscope.Core.Exits;

namespace Kvmscope.Host.Checks;

/// <summary>Whether a part of the kernel is there.</summary>
internal enum Presence
{
    /// <summary>Neither loaded nor built in.</summary>
    Absent,

    /// <summary>A loaded module.</summary>
    Module,

    /// <summary>Part of the kernel image.</summary>
    BuiltIn,
}

/// <summary>What a host is, read once and then judged by the checks.</summary>
internal sealed record HostFacts
{
    /// <summary>The release as uname(2) gives it; empty where not known.</summary>
    internal required string Release { get; init; }

    /// <summary>Its version, or null where the release does not begin with one.</summary>
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

    /// <summary>The vendor module that this CPU wants, or null where it shows neither VMX nor SVM.</summary>
    internal required string? WantedVendor { get; init; }

    /// <summary>/sys/kernel/btf/vmlinux.</summary>
    internal required bool HasBtf { get; init; }

    /// <summary>The types of the kvm module are there, in its own BTF or the kernel's.</summary>
    internal required bool HasKvmBtf { get; init; }

    /// <summary>The types of the vendor module are there.</summary>
    internal required bool HasVendorBtf { get; init; }

    private const string Arm = "kvm";

    /// <summary>5.16 and later hand the vCPU to kvm_exit, up to 5.15 the reason (commit 0a62a0319abb).</summary>
    internal bool TracepointHasReason => Isa != Isa.Arm64 && Version is { } version && !version.IsAtLeast(5, 16);

    /// <summary>How the programs would attach.</summary>
    internal AttachPath AttachPath => !HasBtf ? AttachPath.None
        : Isa == Isa.Arm64 ? Version is { } version && !version.IsAtLeast(5, 11) ? AttachPath.RawTp : AttachPath.TpBtf
        : HasKvmBtf && (HasVendorBtf || TracepointHasReason) ? AttachPath.TpBtf
        : TracepointHasReason ? AttachPath.RawTp
        : AttachPath.None;

    /// <summary>Whether the load has to find types in a module's BTF. libbpf asks bpf() for those (BPF_BTF_GET_NEXT_ID), which takes CAP_SYS_ADMIN; the kernel's own it reads from /sys.</summary>
    internal bool NeedsModuleBtf => AttachPath == AttachPath.TpBtf && (Kvm == Presence.Module || VendorPresence == Presence.Module);

    /// <summary>Reads a host.</summary>
    internal static HostFacts Read(HostFiles files)
    {
        string release = files.Text("proc/sys/kernel/osrelease") ?? "";
        string? wanted = WantedVendorOf(files);
        bool arm = files.Field("proc/cpuinfo", "CPU implementer") is not null;
        Presence kvm = PresenceOf(files, "kvm");
        // KVM of arm64 is one part, in the kernel itself.
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

    // Modules that came with an initstate were loaded; a built-in one has none.
    private static Presence PresenceOf(HostFiles files, string module) =>
        files.Exists($"sys/module/{module}/initstate") ? Presence.Module
        : files.Exists($"sys/module/{module}") ? Presence.BuiltIn
        : Presence.Absent;

    private static string? VendorOf(HostFiles files, string? wanted)
    {
        foreach (string vendor in (ReadOnlySpan<string>)["kvm_intel", "kvm_amd"])
        {
            Presence presence = PresenceOf(files, vendor);
            // A vendor module loads only on its own CPUs, but one that is built in shows in /sys/module on every CPU.
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
