using Kvmscope.Core.Exits;

namespace Kvmscope.Host.Checks;

/// <summary>KVM, its vendor module, and what they report of an exit.</summary>
internal static class KvmChecks
{
    internal static Finding Kvm(HostFacts facts, bool hasDevice)
    {
        if (facts.Kvm == Presence.Absent)
        {
            return Finding.Failed(
                "KVM", "no kvm module", LoadHint(facts), "KVM is not loaded on this host: there are no VM exits to trace");
        }
        string module = facts.Kvm == Presence.BuiltIn ? "kvm built in" : "module kvm";
        return hasDevice
            ? Finding.Ok("KVM", $"/dev/kvm, {module}")
            : Finding.Limited(
                "KVM", $"{module}, no /dev/kvm: no VM can be started here", "run kvmscope on the host itself, not in a container");
    }

    internal static Finding Vendor(HostFacts facts)
    {
        const string Name = "vendor module";
        const string Elsewhere = "run kvmscope on a host whose KVM is kvm_intel or kvm_amd; for details: kvmscope check";
        if (facts.Vendor is not null) return Finding.Ok(Name, $"{facts.Vendor}: {IsaInfo.Of(facts.Isa).DisplayName} exits");
        if (facts.OtherVendor is { } other)
        {
            return Finding.Failed(Name, $"{Cut(other)}: this KVM never fires kvm_exit", Elsewhere,
                $"this host's KVM is neither kvm_intel nor kvm_amd but {Cut(other)}: it never fires kvm_exit");
        }
        // modprobe does not help: the CPU has neither extension, but KVM is present.
        if (facts.Kvm != Presence.Absent && facts.WantedVendor is null)
        {
            return Finding.Failed(Name, "neither kvm_intel nor kvm_amd: kvm_exit never fires", Elsewhere,
                "this host's KVM is neither kvm_intel nor kvm_amd: it never fires kvm_exit");
        }
        return Finding.Failed(Name, $"{facts.WantedVendor ?? "kvm_intel or kvm_amd"} is not loaded", LoadHint(facts),
            $"the vendor module {facts.WantedVendor ?? "kvm_intel or kvm_amd"} is not loaded: there are no VM exits to trace");
    }

    internal static Finding Nested(HostFacts facts, HostFiles files)
    {
        if (facts.Vendor is null) return Finding.Unknown("nested", "not known without a vendor module");
        IsaInfo isa = IsaInfo.Of(facts.Isa);
        if (!isa.HasLevels) return Finding.Limited("nested", $"levels are not told apart on {isa.DisplayName}: all exits are level 1");
        return files.Text($"sys/module/{facts.Vendor}/parameters/nested") switch
        {
            "Y" or "1" => Finding.Ok("nested", "on: guests may run guests (L2)"),
            "N" or "0" => Finding.Ok("nested", "off: no L2 exits"),
            _ => Finding.Unknown("nested", $"{facts.Vendor} has no parameter 'nested'"),
        };
    }

    /// <summary>What the time from kvm_exit to kvm_entry contains: it depends on where KVM has its tracepoints.</summary>
    internal static Finding Interval(HostFacts facts)
    {
        const string Name = "interval";
        if (facts.Vendor is null || facts.Version is not { } version) return Finding.Unknown(Name, "not known");
        if (facts.Isa == Isa.Vmx)
        {
            // The fast path enters the guest again without kvm_entry.
            return facts.TracepointHasReason
                ? Finding.Limited(Name, "fast-path exits are counted, but not timed")
                : Finding.Ok(Name, "from the hardware exit to the next entry");
        }
        if (facts.Isa == Isa.Arm64) return Finding.Limited(Name, "starts after host interrupts are served: IRQ is too short");
        if (version.IsAtLeast(6, 12)) return Finding.Ok(Name, "from the hardware exit to the next entry");
        return version.IsAtLeast(6, 2)
            ? Finding.Unknown(Name, "may start after host interrupts are served")
            : Finding.Limited(Name, "starts after host interrupts are served: INTR is too short");
    }

    /// <summary>How to load KVM on this CPU.</summary>
    internal static string LoadHint(HostFacts facts) => facts.WantedVendor == "kvm"
        ? "boot the kernel in EL2: from firmware, not as a guest"
        : facts.WantedVendor is { } vendor
        ? $"modprobe {vendor}"
        : "enable virtualization in the firmware, or nested virtualization in the hypervisor below; then modprobe kvm_intel or kvm_amd";

    private static string Cut(string module) => module.Length <= 24 ? module : module[..24];
}
