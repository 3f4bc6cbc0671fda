using Kvmscope.Host.Interop;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Checks;

/// <summary>What the process may do, and what the kernel lets anyone do.</summary>
internal static class PrivilegeChecks
{
    // /proc/1/ns/pid of the first PID namespace: PROC_PID_INIT_INO (include/linux/proc_ns.h).
    private const string InitPidNamespace = "pid:[4026531836]";

    internal static Finding Capabilities(HostFacts facts, IKernelProbe probe)
    {
        const string Name = "capabilities";
        CapabilitySet held = probe.Effective;
        int error = probe.TryLoadProgram();
        string[] missing = held.Has(Capability.SysAdmin) ? []
            : facts.NeedsModuleBtf ? [CapabilitySet.NameOf(Capability.SysAdmin)]
            : [.. Missing(held, Capability.Bpf), .. Missing(held, Capability.Perfmon)];
        if (missing.Length > 0)
        {
            string names = string.Join(", ", missing);
            string enough = facts.NeedsModuleBtf ? "CAP_SYS_ADMIN, which reading the types of modules takes" : "CAP_BPF and CAP_PERFMON";
            return Finding.Refused(Name, $"missing: {names}", $"run as root (sudo), or with {enough}", $"not permitted to trace: {names} missing");
        }
        if (error == Errno.EPERM || error == Errno.EACCES)
        {
            return Finding.Refused(Name, "bpf() is refused in spite of them", "run outside of the container, or with its seccomp and LSM profile off",
                "bpf() is refused although the capabilities are there: by seccomp, an LSM or a user namespace");
        }
        if (error != 0) return Finding.Failed(Name, $"bpf() does not work (errno {error})", "boot a kernel built with CONFIG_BPF_SYSCALL=y");
        // Listing another user's /proc/PID/fd takes the one, reading the links in it the other.
        string[] wanted = [.. MissingToSearch(held), .. Missing(held, Capability.SysPtrace)];
        return wanted.Length == 0
            ? Finding.Ok(Name, held.Has(Capability.SysAdmin) ? "all that is needed" : "CAP_BPF, CAP_PERFMON")
            : Finding.Limited(Name, $"no {string.Join(", ", wanted)}", "add them to have list and --vm find other users' VMs");
    }

    internal static Finding Lockdown(HostFiles files)
    {
        const string Name = "lockdown";
        string? text = files.Text("sys/kernel/security/lockdown");
        if (text is null)
        {
            return files.Names("sys/kernel/security").Count > 0
                ? Finding.Ok(Name, "not in this kernel")
                : Finding.Unknown(Name, "securityfs is not mounted or not readable");
        }
        int open = text.IndexOf('['), close = text.IndexOf(']');
        string mode = open >= 0 && close > open ? text[(open + 1)..close] : "";
        return mode switch
        {
            "confidentiality" => Finding.Failed(Name, "confidentiality: kernel memory cannot be read",
                "boot with lockdown=integrity, or with Secure Boot off", "kernel lockdown is in confidentiality mode: BPF may not read kernel memory"),
            "none" or "integrity" => Finding.Ok(Name, mode),
            _ => Finding.Unknown(Name, "not understood"),
        };
    }

    internal static Finding PidNamespace(HostFiles files) => files.Link("proc/self/ns/pid") switch
    {
        InitPidNamespace => Finding.Ok("PID namespace", "the host's"),
        null => Finding.Unknown("PID namespace", "cannot be read"),
        _ => Finding.Limited("PID namespace", "a container's: VMs are not found by name or pid", "run in the host's PID namespace (--pid=host, hostPID)"),
    };

    private static IEnumerable<string> MissingToSearch(CapabilitySet held) =>
        held.Has(Capability.DacOverride) ? [] : Missing(held, Capability.DacReadSearch);

    private static IEnumerable<string> Missing(CapabilitySet held, Capability needed) =>
        held.Has(needed) ? [] : [CapabilitySet.NameOf(needed)];
}
