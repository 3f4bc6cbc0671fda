namespace Kvmscope.Host.Checks;

/// <summary>Whether the kernel has what tracing needs.</summary>
internal static class KernelChecks
{
    private const int OldestMajor = 5;
    private const int OldestMinor = 10;

    internal static Finding Kernel(HostFacts facts, string machine)
    {
        string found = facts.Release.Length == 0 ? machine : $"{Short(facts.Release)} {machine}";
        if (machine is not ("x86_64" or "aarch64"))
        {
            return Finding.Failed("kernel", $"{found}: not x86_64 or aarch64", "run kvmscope on an x86_64 or aarch64 host",
                $"this host is {machine}: only x86_64 and aarch64 can be traced");
        }
        if (facts.Version is not { } version) return Finding.Unknown("kernel", $"{found}: version not understood");
        return version.IsAtLeast(OldestMajor, OldestMinor)
            ? Finding.Ok("kernel", found)
            : Finding.Failed("kernel", $"{found}: older than {OldestMajor}.{OldestMinor}",
                $"boot kernel {OldestMajor}.{OldestMinor} or newer (Debian 11 and later have one)",
                $"this kernel, {Short(facts.Release)}, is too old: kvmscope needs {OldestMajor}.{OldestMinor} or newer");
    }

    internal static Finding Btf(HostFacts facts) => facts.HasBtf
        ? Finding.Ok("BTF", "/sys/kernel/btf/vmlinux")
        : Finding.Failed("BTF", "no /sys/kernel/btf/vmlinux",
            "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, as Debian's are since Debian 11",
            "this kernel has no BTF: the layout of its structures is not known");

    internal static Finding ModuleBtf(HostFacts facts)
    {
        const string Name = "module BTF";
        if (facts.Kvm == Presence.Absent) return Finding.Unknown(Name, "kvm is not loaded");
        if (facts.HasKvmBtf && facts.HasVendorBtf) return Finding.Ok(Name, Where(facts));
        if (facts.TracepointHasReason) return Finding.Limited(Name, "none; not needed with raw_tp");
        if (facts.Vendor is null && facts.HasKvmBtf) return Finding.Unknown(Name, "kvm has BTF; no vendor module is loaded");
        string missing = facts.HasKvmBtf ? facts.Vendor! : "kvm";
        return Finding.Failed(Name, $"no /sys/kernel/btf/{missing}", BtfHint, MissingBtf(missing));
    }

    internal static Finding Attach(HostFacts facts)
    {
        const string Name = "attach path";
        if (!facts.HasBtf) return Finding.Unknown(Name, "not known without BTF");
        if (facts.Kvm == Presence.Absent || facts.Vendor is null) return Finding.Unknown(Name, "not known without a vendor module");
        return facts.AttachPath switch
        {
            AttachPath.TpBtf => Finding.Ok(Name, "tp_btf"),
            AttachPath.RawTp => Finding.Ok(Name, "raw_tp, with the reason from the tracepoint"),
            _ => Finding.Failed(Name, "none: the exit reason cannot be read", BtfHint, MissingBtf(facts.Vendor)),
        };
    }

    internal static Finding Tracepoints(HostFacts facts, HostFiles files)
    {
        const string Name = "tracepoints";
        // tracefs is useful here, but not needed: programs attach by the tracepoint's name.
        foreach (string events in (ReadOnlySpan<string>)["sys/kernel/tracing/events", "sys/kernel/debug/tracing/events"])
        {
            if (!files.Exists(events)) continue;
            if (files.Exists(events + "/kvm/kvm_exit") && files.Exists(events + "/kvm/kvm_entry"))
                return Finding.Ok(Name, "kvm:kvm_exit, kvm:kvm_entry");
            return Finding.Failed(
                Name, "no kvm:kvm_exit, kvm:kvm_entry", KvmChecks.LoadHint(facts), "this kernel has no tracepoint kvm:kvm_exit");
        }
        return Finding.Limited(
            Name, "tracefs is not mounted or not readable (not needed)", "mount -t tracefs tracefs /sys/kernel/tracing");
    }

    internal static Finding Jit(HostFiles files) => files.Text("proc/sys/net/core/bpf_jit_enable") switch
    {
        // The setting is visible in the host's own network namespace only.
        null => Finding.Unknown("JIT", "net.core.bpf_jit_enable cannot be read here"),
        "0" => Finding.Limited("JIT", "off: every exit costs several times more", "sysctl net.core.bpf_jit_enable=1"),
        _ => Finding.Ok("JIT", "on"),
    };

    private const string BtfHint = "boot a kernel built with CONFIG_DEBUG_INFO_BTF_MODULES=y, with the modules of the same build";

    private static string MissingBtf(string module) => $"{module} has no BTF (/sys/kernel/btf/{module}): the exit reason cannot be read";

    private static string Where(HostFacts facts) => facts.Vendor == "kvm" ? "kvm (built in, kernel BTF)" : Parts(facts);

    private static string Parts(HostFacts facts) => (facts.Kvm, facts.VendorPresence) switch
    {
        (Presence.BuiltIn, Presence.BuiltIn) => $"kvm, {facts.Vendor} (built in, kernel BTF)",
        (Presence.BuiltIn, _) => $"kvm (built in, kernel BTF), {facts.Vendor}",
        _ => $"kvm, {facts.Vendor}",
    };

    private static string Short(string release) => release.Length <= 32 ? release : release[..32];
}
