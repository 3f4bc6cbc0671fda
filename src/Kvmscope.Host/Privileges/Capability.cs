namespace Kvmscope.Host.Privileges;

/// <summary>The capabilities that are used here, with their numbers in linux/capability.h.</summary>
public enum Capability
{
    /// <summary>CAP_CHOWN: give files to others.</summary>
    Chown = 0,

    /// <summary>CAP_DAC_OVERRIDE: open files whatever their mode.</summary>
    DacOverride = 1,

    /// <summary>CAP_DAC_READ_SEARCH: list and read files whatever their mode.</summary>
    DacReadSearch = 2,

    /// <summary>CAP_FOWNER: remove others' files in a folder with the sticky bit.</summary>
    Fowner = 3,

    /// <summary>CAP_KILL: signal other users' processes.</summary>
    Kill = 5,

    /// <summary>CAP_SYS_PTRACE: inspect other users' processes.</summary>
    SysPtrace = 19,

    /// <summary>CAP_SYS_ADMIN: includes CAP_BPF and CAP_PERFMON, and reads the BTF of modules through bpf().</summary>
    SysAdmin = 21,

    /// <summary>CAP_SYS_RESOURCE: raise resource limits.</summary>
    SysResource = 24,

    /// <summary>CAP_PERFMON (5.8): trace the kernel.</summary>
    Perfmon = 38,

    /// <summary>CAP_BPF (5.8): load BPF programs and make BPF maps.</summary>
    Bpf = 39,
}
