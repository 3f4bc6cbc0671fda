using Kvmscope.Host.Interop;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Checks;

/// <summary>What this process is permitted to do, and what the kernel permits at all.</summary>
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
            string enough = facts.NeedsModuleBtf ? "CAP_SYS_ADMIN, which is needed to read module BTF" : "CAP_BPF and CAP_PERFMON";
            return Finding.Refused(
                Name, $"missing: {names}", $"run as root (sudo), or with {enough}", $"not permitted to trace: {names} missing");
        }
        if (error == Errno.EPERM || error == Errno.EACCES)
        {
            return Finding.Refused(Name, "bpf() is refused although they are present",
                "run outside the container, or disable its seccomp and LSM profiles",
                "bpf() is refused although the capabilities are present: by seccomp, an LSM or a user namespace");
        }
        if (error != 0)
            return Finding.Failed(Name, $"bpf() does not work (errno {error})", "boot a kernel built with CONFIG_BPF_SYSCALL=y");
        // The first is needed to list another user's /proc/PID/fd, the second to read the links in it.
        string[] wanted = [.. MissingToSearch(held), .. Missing(held, Capability.SysPtrace)];
        return wanted.Length == 0
            ? Finding.Ok(Name, held.Has(Capability.SysAdmin) ? "all that is needed" : "CAP_BPF, CAP_PERFMON")
            : Finding.Limited(Name, $"no {string.Join(", ", wanted)}", "add them so that list and --vm find other users' VMs");
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
                "boot with lockdown=integrity, or with Secure Boot off",
                "kernel lockdown is in confidentiality mode: BPF cannot read kernel memory"),
            "none" or "integrity" => Finding.Ok(Name, mode),
            _ => Finding.Unknown(Name, "not understood"),
        };
    }

    internal static Finding PidNamespace(HostFiles files) => files.Link("proc/self/ns/pid") switch
    {
        InitPidNamespace => Finding.Ok("PID namespace", "the host's"),
        null => Finding.Unknown("PID namespace", "cannot be read"),
        _ => Finding.Limited("PID namespace", "a container's: VMs are not found by name or pid",
            "run in the host's PID namespace (--pid=host, hostPID)"),
    };

    // Also root's own trace meets it: the names of VMs are read after the privileges were dropped.
    internal static Finding Processes(HostFiles files, IKernelProbe probe)
    {
        const string Name = "processes";
        return ProcMount.Read(files) switch
        {
            null => Finding.Unknown(Name, "the mount options of /proc cannot be read"),
            { HidePid: null } => Finding.Ok(Name, "all can be seen"),
            { } mount when mount.HidesFrom(probe.Effective, files) => Finding.Limited(Name,
                $"/proc has hidepid={mount.HidePid}: others' VMs are hidden",
                "run as root, or mount -o remount,hidepid=0 /proc"),
            { } mount => Finding.Limited(Name, $"/proc has hidepid={mount.HidePid}: names of VMs that start later",
                "VMs that start during a trace are called by their process's name: mount -o remount,hidepid=0 /proc"),
        };
    }

    private static IEnumerable<string> MissingToSearch(CapabilitySet held) =>
        held.Has(Capability.DacOverride) ? [] : Missing(held, Capability.DacReadSearch);

    private static IEnumerable<string> Missing(CapabilitySet held, Capability needed) =>
        held.Has(needed) ? [] : [CapabilitySet.NameOf(needed)];
}
