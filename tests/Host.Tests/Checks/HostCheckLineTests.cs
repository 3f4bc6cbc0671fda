using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Checks;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Tests.Checks;

/// <summary>What each line of <c>kvmscope check</c> says, and its fix.</summary>
public sealed class HostCheckLineTests
{
    // Verdict, what was found, and the fix after a bar.
    private static string Line(TempTree tree, string name, FakeProbe? probe = null, long tableBytes = 0)
    {
        HostCheck check = new HostChecker(tree.Root, probe ?? new FakeProbe()).Check(tableBytes).Single(check => check.Name == name);
        return $"{check.Verdict}: {check.Found}" + (check.Hint is { } hint ? $" | {hint}" : "");
    }

    private static TempTree Arm(string release) => HostTrees.Bare(release, "none")
        .File("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n")
        .File("dev/kvm", "").Folder("sys/module/kvm/parameters").File("sys/kernel/btf/vmlinux", "")
        .Folder("sys/kernel/tracing/events/kvm/kvm_exit").Folder("sys/kernel/tracing/events/kvm/kvm_entry");

    private static TempTree Without(TempTree tree, string path)
    {
        if (File.Exists(Path.Join(tree.Root, path))) File.Delete(Path.Join(tree.Root, path));
        else Directory.Delete(Path.Join(tree.Root, path), recursive: true);
        return tree;
    }

    [Fact]
    public void An_arm64_host_has_kvm_in_its_kernel()
    {
        using TempTree tree = Arm("6.12.107+deb13-arm64");
        var probe = new FakeProbe { Machine = "aarch64", Effective = CapabilitySet.Of(Capability.Bpf, Capability.Perfmon) };
        Assert.Equal((Isa.Arm64, AttachPath.TpBtf), (HostChecker.DetectIsa(tree.Root), HostChecker.DetectAttachPath(tree.Root)));
        new HostChecker(tree.Root, probe).ThrowIfUntraceable();
        Assert.Equal("Ok: 6.12.107+deb13-arm64 aarch64", Line(tree, "kernel", probe));
        Assert.Equal("Ok: /dev/kvm, kvm built in", Line(tree, "KVM", probe));
        Assert.Equal("Ok: kvm: arm64 exits", Line(tree, "vendor module", probe));
        Assert.Equal("Ok: kvm (built in, kernel BTF)", Line(tree, "module BTF", probe));
        Assert.Equal("Ok: tp_btf", Line(tree, "attach path", probe));
        Assert.Equal("Limited: levels are not told apart on arm64: all exits are level 1", Line(tree, "nested", probe));
        Assert.Equal("Limited: starts after host interrupts are served: IRQ is too short", Line(tree, "interval", probe));
    }

    [Theory]
    [InlineData("5.10.0", AttachPath.RawTp)]
    [InlineData("5.11.0", AttachPath.TpBtf)]
    [InlineData("unknown", AttachPath.TpBtf)]
    public void The_tracepoint_of_arm64_is_read_by_btf_from_511_on(string release, AttachPath path)
    {
        using TempTree tree = Arm(release);
        Assert.Equal(path, HostChecker.DetectAttachPath(tree.Root));
    }

    [Fact]
    public void An_arm64_kernel_that_was_not_booted_in_el2_has_no_kvm()
    {
        using TempTree tree = Without(Arm("6.12.0"), "sys/module/kvm");
        Assert.Equal((Isa.None, AttachPath.None), (HostChecker.DetectIsa(tree.Root), HostChecker.DetectAttachPath(tree.Root)));
        const string fix = "boot the kernel in EL2: from firmware, not as a guest";
        Assert.Equal("Failed: no kvm module | " + fix, Line(tree, "KVM"));
        Assert.Equal("Failed: kvm is not loaded | " + fix, Line(tree, "vendor module"));
    }

    [Theory]
    [InlineData("5.15.9", AttachPath.RawTp, "Limited: fast-path exits are counted, but not timed")]
    [InlineData("5.16.0", AttachPath.None, "Ok: from the hardware exit to the next entry")]
    public void The_tracepoint_of_vmx_has_the_reason_up_to_515(string release, AttachPath path, string interval)
    {
        using TempTree tree = HostTrees.Debian(release, "kvm_intel", moduleBtf: false);
        Assert.Equal(path, HostChecker.DetectAttachPath(tree.Root));
        Assert.Equal(interval, Line(tree, "interval"));
    }

    [Theory]
    [InlineData("6.1.9", "Limited: starts after host interrupts are served: INTR is too short")]
    [InlineData("6.2.0", "Unknown: may start after host interrupts are served")]
    [InlineData("6.11.9", "Unknown: may start after host interrupts are served")]
    [InlineData("6.12.0", "Ok: from the hardware exit to the next entry")]
    [InlineData("unknown", "Unknown: not known")]
    public void What_the_time_of_an_svm_exit_contains_depends_on_the_kernel(string release, string line)
    {
        using TempTree tree = HostTrees.Debian(release, "kvm_amd", moduleBtf: true);
        Assert.Equal(line, Line(tree, "interval"));
    }

    [Theory]
    [InlineData("5.10.0", "x86_64", "Ok: 5.10.0 x86_64")]
    [InlineData("5.9.16", "x86_64", "Failed: 5.9.16 x86_64: older than 5.10 | boot kernel 5.10 or newer (Debian 11 and later have one)")]
    [InlineData("custom", "x86_64", "Unknown: custom x86_64: version not understood")]
    [InlineData("", "aarch64", "Unknown: aarch64: version not understood")]
    [InlineData("6.1.0", "riscv64", "Failed: 6.1.0 riscv64: not x86_64 or aarch64 | run kvmscope on an x86_64 or aarch64 host")]
    [InlineData("6.1.0-0123456789012345678901234567", "x86_64", "Ok: 6.1.0-01234567890123456789012345 x86_64")]
    public void The_kernel_must_be_510_or_newer(string release, string machine, string line)
    {
        using TempTree tree = HostTrees.Bare(release, "svm");
        Assert.Equal(line, Line(tree, "kernel", new FakeProbe { Machine = machine }));
    }

    [Fact]
    public void Btf_of_the_kernel_and_of_modules_is_told_apart()
    {
        const string fix = "boot a kernel built with CONFIG_DEBUG_INFO_BTF_MODULES=y, with the modules of the same build";
        using TempTree bare = HostTrees.Bare("6.1.0", "svm");
        Assert.Equal(
            "Failed: no /sys/kernel/btf/vmlinux | boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, as Debian's are since Debian 11",
            Line(bare, "BTF"));
        Assert.Equal("Unknown: kvm is not loaded", Line(bare, "module BTF"));
        Assert.Equal("Unknown: not known without BTF", Line(bare, "attach path"));
        using TempTree noVendor = HostTrees.Debian("6.1.0", vendor: null, moduleBtf: true);
        Assert.Equal("Unknown: kvm has BTF; no vendor module is loaded", Line(noVendor, "module BTF"));
        Assert.Equal("Unknown: not known without a vendor module", Line(noVendor, "attach path"));
        Assert.Equal("Unknown: not known without a vendor module", Line(noVendor, "nested"));
        Assert.Equal("Unknown: not known", Line(noVendor, "interval"));
        using TempTree none = HostTrees.Debian("6.1.0", "kvm_amd", moduleBtf: false);
        Assert.Equal("Failed: no /sys/kernel/btf/kvm | " + fix, Line(none, "module BTF"));
        Assert.Equal("Failed: none: the exit reason cannot be read | " + fix, Line(none, "attach path"));
    }

    [Fact]
    public void Modules_that_are_built_in_have_the_kernel_s_btf()
    {
        using TempTree tree = Without(HostTrees.Debian61Amd(), "sys/module/kvm/initstate");
        Assert.Equal("Ok: kvm (built in, kernel BTF), kvm_amd", Line(tree, "module BTF"));
        Without(tree, "sys/module/kvm_amd/initstate");
        Assert.Equal("Ok: kvm, kvm_amd (built in, kernel BTF)", Line(tree, "module BTF"));
        // The kernel's own BTF is in a file, so that no CAP_SYS_ADMIN is needed to read it.
        var user = new FakeProbe { Effective = CapabilitySet.Of(Capability.Bpf, Capability.Perfmon, Capability.SysResource) };
        new HostChecker(tree.Root, user).ThrowIfUntraceable();
    }

    [Fact]
    public void Either_module_s_btf_needs_sys_admin()
    {
        var user = new FakeProbe { Effective = CapabilitySet.Of(Capability.Bpf, Capability.Perfmon, Capability.SysResource) };
        const string says = "Failed: missing: CAP_SYS_ADMIN | "
            + "run as root (sudo), or with CAP_SYS_ADMIN, which is needed to read module BTF";
        using TempTree vendor = Without(HostTrees.Debian61Amd(), "sys/module/kvm/initstate");
        Assert.Equal(says, Line(vendor, "capabilities", user));
        using TempTree kvm = Without(HostTrees.Debian61Amd(), "sys/module/kvm_amd/initstate");
        Assert.Equal(says, Line(kvm, "capabilities", user));
    }

    [Fact]
    public void Tracepoints_are_found_in_either_place()
    {
        using TempTree tree = HostTrees.Bare("6.1.0", "svm");
        Assert.Equal(
            "Limited: tracefs is not mounted or not readable (not needed) | mount -t tracefs tracefs /sys/kernel/tracing",
            Line(tree, "tracepoints"));
        tree.Folder("sys/kernel/debug/tracing/events/kvm/kvm_exit");
        Assert.Equal("Failed: no kvm:kvm_exit, kvm:kvm_entry | modprobe kvm_amd", Line(tree, "tracepoints"));
        tree.Folder("sys/kernel/debug/tracing/events/kvm/kvm_entry");
        Assert.Equal("Ok: kvm:kvm_exit, kvm:kvm_entry", Line(tree, "tracepoints"));
    }

    [Fact]
    public void A_traced_kernel_without_kvm_exit_is_said()
    {
        using TempTree tree = Without(HostTrees.Debian61Amd(), "sys/kernel/tracing/events/kvm/kvm_exit");
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => new HostChecker(tree.Root, new FakeProbe()).ThrowIfUntraceable());
        Assert.Equal((ExitStatus.HostUnsupported, "this kernel has no tracepoint kvm:kvm_exit"), (error.Status, error.Message));
    }

    [Theory]
    [InlineData(null, "Unknown: net.core.bpf_jit_enable cannot be read here")]
    [InlineData("0", "Limited: off: every exit costs several times more | sysctl net.core.bpf_jit_enable=1")]
    [InlineData("2", "Ok: on")]
    public void The_jit_is_on_or_off(string? value, string line)
    {
        using TempTree tree = Without(HostTrees.Debian61Amd(), "proc/sys/net/core/bpf_jit_enable");
        if (value is not null) tree.File("proc/sys/net/core/bpf_jit_enable", value + "\n");
        Assert.Equal(line, Line(tree, "JIT"));
    }

    [Fact]
    public void Kvm_and_its_vendor_are_said_with_the_fix()
    {
        const string elsewhere = " | run kvmscope on a host whose KVM is kvm_intel or kvm_amd; for details: kvmscope check";
        using TempTree bare = HostTrees.Bare("6.1.0", "none");
        const string firmware = " | enable virtualization in the firmware, or nested virtualization in the hypervisor below; "
            + "then modprobe kvm_intel or kvm_amd";
        Assert.Equal("Failed: no kvm module" + firmware, Line(bare, "KVM"));
        Assert.Equal("Failed: kvm_intel or kvm_amd is not loaded" + firmware, Line(bare, "vendor module"));
        using TempTree amd = HostTrees.Debian("6.1.0", vendor: null, moduleBtf: true).Folder("sys/module/kvm_guest");
        Assert.Equal("Failed: kvm_amd is not loaded | modprobe kvm_amd", Line(amd, "vendor module"));
        Without(amd, "dev/kvm");
        Assert.Equal(
            "Limited: module kvm, no /dev/kvm: no VM can be started here | run kvmscope on the host itself, not in a container",
            Line(amd, "KVM"));
        using TempTree other = HostTrees.PvmBuiltIn();
        Assert.Equal("Failed: kvm_pvm: this KVM never fires kvm_exit" + elsewhere, Line(other, "vendor module"));
        Without(other, "sys/module/kvm_pvm").Folder("sys/module/kvm_0123456789012345678901234");
        Assert.Equal("Failed: kvm_01234567890123456789: this KVM never fires kvm_exit" + elsewhere, Line(other, "vendor module"));
        Without(other, "sys/module/kvm_0123456789012345678901234");
        Assert.Equal("Failed: neither kvm_intel nor kvm_amd: kvm_exit never fires" + elsewhere, Line(other, "vendor module"));
    }

    [Theory]
    [InlineData("Y", "Ok: on: guests may run guests (L2)")]
    [InlineData("0", "Ok: off: no L2 exits")]
    [InlineData("N", "Ok: off: no L2 exits")]
    [InlineData("?", "Unknown: kvm_amd has no parameter 'nested'")]
    public void Whether_guests_run_guests_is_the_module_s_parameter(string value, string line)
    {
        using TempTree tree = HostTrees.Debian61Amd().File("sys/module/kvm_amd/parameters/nested", value + "\n");
        Assert.Equal(line, Line(tree, "nested"));
    }

    private const long MiB = 1 << 20, GiB = 1 << 30;

    [Theory]
    [InlineData(0, "Ok: 2.0 GiB available")]
    [InlineData(GiB / 2, "Ok: 2.0 GiB available, tables take 512.0 MiB")]
    [InlineData((GiB / 2) + 1, "Limited: 2.0 GiB available, tables take 512.0 MiB | make the tables smaller with --max-vcpus")]
    [InlineData(2 * GiB, "Limited: 2.0 GiB available, tables take 2.0 GiB | make the tables smaller with --max-vcpus")]
    [InlineData((2 * GiB) + 1, "Failed: 2.0 GiB available, tables take 2.0 GiB | make the tables smaller with --max-vcpus")]
    [InlineData(GiB, "Limited: 2.0 GiB available, tables take 1.0 GiB | make the tables smaller with --max-vcpus")]
    [InlineData(MiB, "Ok: 2.0 GiB available, tables take 1.0 MiB")]
    [InlineData(MiB - 1024, "Ok: 2.0 GiB available, tables take 1023 KiB")]
    [InlineData(1025, "Ok: 2.0 GiB available, tables take 2 KiB")]
    public void Tables_should_take_a_quarter_of_the_free_memory_at_most(long tables, string line)
    {
        using TempTree tree = HostTrees.Debian61Amd();
        Assert.Equal(line, Line(tree, "memory", tableBytes: tables));
    }

    [Theory]
    [InlineData("MemTotal: 1 kB\n")]
    [InlineData("MemAvailable: many kB\n")]
    [InlineData("MemAvailable: 9223372036854775807 kB\n")]
    public void Memory_that_cannot_be_read_is_not_known(string text)
    {
        using TempTree tree = HostTrees.Debian61Amd().File("proc/meminfo", text);
        Assert.Equal("Unknown: available memory cannot be read", Line(tree, "memory"));
    }

    [Theory]
    [InlineData(0, "Limited: ulimit -l is 64 KiB, and limits BPF maps here | ulimit -l unlimited, or run with CAP_SYS_RESOURCE")]
    [InlineData(65_537, "Failed: ulimit -l is 64 KiB, tables take 65 KiB | ulimit -l unlimited, or run with CAP_SYS_RESOURCE")]
    [InlineData(65_536, "Ok: 2.0 GiB available, tables take 64 KiB")]
    public void Locked_memory_is_a_limit_up_to_510(long tables, string line)
    {
        var user = new FakeProbe { Effective = CapabilitySet.Of(Capability.Bpf, Capability.Perfmon) };
        using TempTree tree = HostTrees.Debian510();
        Assert.Equal(line, Line(tree, "memory", user, tables));
        var able = new FakeProbe { Effective = CapabilitySet.Of(Capability.Bpf, Capability.Perfmon, Capability.SysResource) };
        Assert.StartsWith("Ok: ", Line(tree, "memory", able, tables));
        tree.File("proc/sys/kernel/osrelease", "5.11.0\n");
        Assert.StartsWith("Ok: ", Line(tree, "memory", user, tables));
    }

    [Theory]
    [InlineData("none [integrity] confidentiality", "Ok: integrity")]
    [InlineData("[none] integrity confidentiality", "Ok: none")]
    [InlineData("none integrity [confidentiality]",
        "Failed: confidentiality: kernel memory cannot be read | boot with lockdown=integrity, or with Secure Boot off")]
    [InlineData("none ]integrity[", "Unknown: not understood")]
    [InlineData("none", "Unknown: not understood")]
    [InlineData(null, "Ok: not in this kernel")]
    public void Lockdown_is_the_mode_in_brackets(string? text, string line)
    {
        using TempTree tree = Without(HostTrees.Debian61Amd(), "sys/kernel/security/lockdown").Folder("sys/kernel/security/apparmor");
        if (text is not null) tree.File("sys/kernel/security/lockdown", text + "\n");
        Assert.Equal(line, Line(tree, "lockdown"));
    }

    [Fact]
    public void A_container_s_pid_namespace_is_said_with_the_fix()
    {
        using TempTree tree = Without(HostTrees.Debian61Amd(), "proc/self/ns/pid");
        Assert.Equal("Unknown: cannot be read", Line(tree, "PID namespace"));
        tree.Link("proc/self/ns/pid", "pid:[4026532999]");
        Assert.Equal(
            "Limited: a container's: VMs are not found by name or pid | run in the host's PID namespace (--pid=host, hostPID)",
            Line(tree, "PID namespace"));
    }

    [Fact]
    public void What_hidepid_hides_is_said_with_the_fix()
    {
        using TempTree tree = HostTrees.Debian61Amd().File("proc/self/mountinfo", "22 28 0:21 / /proc rw - proc proc rw,hidepid=2\n");
        Assert.Equal(
            "Limited: /proc has hidepid=2: others' VMs are hidden | run as root, or mount -o remount,hidepid=0 /proc",
            Line(tree, "processes", new FakeProbe { Effective = CapabilitySet.Of(Capability.SysAdmin) }));
        Assert.Equal(
            "Limited: /proc has hidepid=2: names of VMs that start later | "
            + "VMs that start during a trace are called by their process's name: mount -o remount,hidepid=0 /proc",
            Line(tree, "processes"));
    }

    [Theory]
    [InlineData(0UL, 0, "Failed: missing: CAP_BPF, CAP_PERFMON | run as root (sudo), or with CAP_BPF and CAP_PERFMON")]
    [InlineData(3UL << 38, 1, "Failed: bpf() is refused although they are present | "
        + "run outside the container, or disable its seccomp and LSM profiles")]
    [InlineData(3UL << 38, 38, "Failed: bpf() does not work (errno 38) | boot a kernel built with CONFIG_BPF_SYSCALL=y")]
    [InlineData(3UL << 38, 0, "Limited: no CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE | "
        + "add them so that list and --vm find other users' VMs")]
    [InlineData((3UL << 38) | (1UL << 2), 0, "Limited: no CAP_SYS_PTRACE | add them so that list and --vm find other users' VMs")]
    [InlineData((3UL << 38) | (1UL << 1) | (1UL << 19), 0, "Ok: CAP_BPF, CAP_PERFMON")]
    [InlineData((1UL << 21) | (1UL << 1) | (1UL << 19), 0, "Ok: all that is needed")]
    public void Capabilities_are_said_with_the_fix(ulong capabilities, int loadError, string line)
    {
        using TempTree tree = HostTrees.Debian510();
        Assert.Equal(line, Line(tree, "capabilities", new FakeProbe { Effective = new(capabilities), LoadError = loadError }));
    }

    [Fact]
    public void The_identity_of_a_host_is_what_its_files_say()
    {
        using TempTree tree = Arm("6.12.0").File("proc/sys/kernel/hostname", "arm1\n").File("proc/sys/kernel/random/boot_id", "b-1\n");
        var files = new HostFiles(tree.Root);
        Assert.Equal(new HostIdentity("arm1", "6.12.0", "arm64 0x41/0xd0c", 4, "b-1"), HostIdentityReader.Read(files, 4));
        tree.File("proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n");
        Assert.Equal("Some CPU @ 2 GHz", HostIdentityReader.Read(files, 4).Cpu);
        using var nothing = new TempTree();
        Assert.Equal(new HostIdentity("", "", "", 1, ""), HostIdentityReader.Read(new HostFiles(nothing.Root), 1));
    }
}
