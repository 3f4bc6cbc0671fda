using Kvmscope.Core.Exits;

namespace Kvmscope.Host.Checks;

/// <summary>KVM, its vendor module, and what they make of an exit.</summary>
internal static class KvmChecks
{
    internal static Finding Kvm(HostFacts facts, bool hasDevice)
    {
        if (facts.Kvm == Presence.Absent)
            return Finding.Failed("KVM", "no kvm module", LoadHint(facts), "KVM is not loaded on this host: there are no VM exits to trace");
        string module = facts.Kvm == Presence.BuiltIn ? "kvm built in" : "module kvm";
        return hasDevice
            ? Finding.Ok("KVM", $"/dev/kvm, {module}")
            : Finding.Limited("KVM", $"{module}, no /dev/kvm: no VM can be started here", "run kvmscope on the host itself, not in a container");
    }

    internal static Finding Vendor(HostFacts facts)
    {
        const string Name = "vendor module";
        const string Elsewhere = "run kvmscope on a host whose KVM is kvm_intel or kvm_amd; kvmscope check says more";
        if (facts.Vendor is not null) return Finding.Ok(Name, $"{facts.Vendor}: exits are {IsaInfo.Of(facts.Isa).DisplayName}'s");
        if (facts.OtherVendor is { } other)
        {
            return Finding.Failed(Name, $"{Cut(other)}: this KVM never fires kvm_exit", Elsewhere,
                $"this host's KVM is neither kvm_intel nor kvm_amd but {Cut(other)}: it never fires kvm_exit");
        }
        // Nothing that modprobe could bring: the CPU has neither extension, yet KVM is there.
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
        if (facts.Vendor is null) return Finding.Unknown("nested", "no vendor module to ask");
        IsaInfo isa = IsaInfo.Of(facts.Isa);
        if (!isa.HasLevels) return Finding.Limited("nested", $"not told apart on {isa.DisplayName}: all exits are level 1");
        return files.Text($"sys/module/{facts.Vendor}/parameters/nested") switch
        {
            "Y" or "1" => Finding.Ok("nested", "on: guests may run guests (L2)"),
            "N" or "0" => Finding.Ok("nested", "off: there will be no exits of L2"),
            _ => Finding.Unknown("nested", $"{facts.Vendor} does not say"),
        };
    }

    /// <summary>What lies between kvm_exit and kvm_entry, which is where KVM puts its tracepoints.</summary>
    internal static Finding Interval(HostFacts facts)
    {
        const string Name = "interval";
        if (facts.Vendor is null || facts.Version is not { } version) return Finding.Unknown(Name, "not known");
        if (facts.Isa == Isa.Vmx)
        {
            // The fast path goes back into the guest without a kvm_entry.
            return facts.TracepointHasReason
                ? Finding.Limited(Name, "exits of the fast path are counted, not timed")
                : Finding.Ok(Name, "from the hardware's exit to the next entry");
        }
        if (facts.Isa == Isa.Arm64) return Finding.Limited(Name, "begins after host interrupts were served: IRQ is short");
        if (version.IsAtLeast(6, 12)) return Finding.Ok(Name, "from the hardware's exit to the next entry");
        return version.IsAtLeast(6, 2)
            ? Finding.Unknown(Name, "may begin after host interrupts were served")
            : Finding.Limited(Name, "begins after host interrupts were served: INTR is short");
    }

    /// <summary>How KVM gets loaded on this CPU.</summary>
    internal static string LoadHint(HostFacts facts) => facts.WantedVendor == "kvm"
        ? "boot the kernel in EL2: from firmware, not as a guest"
        : facts.WantedVendor is { } vendor
        ? $"modprobe {vendor}"
        : "turn virtualization on in the firmware, or nesting in the hypervisor below; then modprobe kvm_intel or modprobe kvm_amd";

    private static string Cut(string module) => module.Length <= 24 ? module : module[..24];
}
