namespace Kvmscope.Host.Tests.Checks;

/// <summary>The parts of /proc and /sys of some hosts that the checks read.</summary>
internal static class HostTrees
{
    /// <summary>A Debian host: KVM as modules, tracefs mounted, in its own PID namespace.</summary>
    public static TempTree Debian(string release, string? vendor, bool moduleBtf, bool nested = true)
    {
        TempTree tree = Bare(release, vendor == "kvm_intel" ? "vmx" : "svm");
        tree.File("dev/kvm", "").File("sys/module/kvm/initstate", "live\n").File("sys/kernel/btf/vmlinux", "");
        tree.Folder("sys/kernel/tracing/events/kvm/kvm_exit").Folder("sys/kernel/tracing/events/kvm/kvm_entry");
        tree.File("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
        if (moduleBtf) tree.File("sys/kernel/btf/kvm", "");
        if (vendor is null) return tree;
        tree.File($"sys/module/{vendor}/initstate", "live\n");
        tree.File(
            $"sys/module/{vendor}/parameters/nested",
            nested ? (vendor == "kvm_amd" ? "1\n" : "Y\n") : (vendor == "kvm_amd" ? "0\n" : "N\n"));
        if (moduleBtf) tree.File($"sys/kernel/btf/{vendor}", "");
        return tree;
    }

    public static TempTree Debian510() => Debian("5.10.0-32-amd64", "kvm_intel", moduleBtf: false);

    public static TempTree Debian61Amd() => Debian("6.1.0-37-amd64", "kvm_amd", moduleBtf: true);

    public static TempTree Debian612Intel() => Debian("6.12.107+deb13-amd64", "kvm_intel", moduleBtf: true);

    public static TempTree Debian72Amd() => Debian("7.2.13+deb14-amd64", "kvm_amd", moduleBtf: true, nested: false);

    /// <summary>
    /// A guest whose kernel has another KVM built in: the CPU has neither extension, and neither tracefs nor securityfs is mounted.
    /// </summary>
    public static TempTree PvmBuiltIn() => Bare("6.18.44-cloud", "sse2")
        .File("dev/kvm", "").Folder("sys/module/kvm/parameters").Folder("sys/module/kvm_pvm/parameters")
        .File("sys/kernel/btf/vmlinux", "").Folder("sys/kernel/tracing").Folder("sys/kernel/security").Folder("sys/kernel/debug");

    /// <summary>A host without KVM.</summary>
    public static TempTree Bare(string release, string flag) => new TempTree()
        .File("proc/sys/kernel/osrelease", release + "\n")
        .File("proc/cpuinfo", $"processor\t: 0\nvendor_id\t: Any\nflags\t\t: fpu {flag} sse4_2\nvmx flags\t: ept\n\n")
        .File("proc/meminfo", "MemTotal:       24684096 kB\nMemFree:        1000 kB\nMemAvailable:   2097152 kB\n")
        .File("proc/self/limits", "Limit                     Soft Limit           Hard Limit           Units     \n"
            + "Max locked memory         65536                65536                bytes     \n")
        .File("proc/sys/net/core/bpf_jit_enable", "1\n")
        .File("proc/self/mountinfo", "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n")
        .Link("proc/self/ns/pid", "pid:[4026531836]");
}
