using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Checks;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Tests.Checks;

public sealed class HostCheckerTests
{
    private static readonly string[] s_order =
    [
        "kernel", "KVM", "vendor module", "BTF", "module BTF", "attach path", "tracepoints", "capabilities", "lockdown",
        "PID namespace", "processes", "JIT", "memory", "nested", "interval",
    ];

    [Fact]
    public void Debian_510_uses_raw_tp()
    {
        using TempTree tree = HostTrees.Debian510();
        Expect(tree, Isa.Vmx, AttachPath.RawTp, [
            "kernel Ok 5.10.0-32-amd64 x86_64",
            "KVM Ok /dev/kvm, module kvm",
            "vendor module Ok kvm_intel: VMX exits",
            "BTF Ok /sys/kernel/btf/vmlinux",
            "module BTF Limited none; not needed with raw_tp",
            "attach path Ok raw_tp, with the reason from the tracepoint",
            "tracepoints Ok kvm:kvm_exit, kvm:kvm_entry",
            "capabilities Ok all that is needed",
            "lockdown Ok none",
            "PID namespace Ok the host's",
            "processes Ok all can be seen",
            "JIT Ok on",
            "memory Ok 2.0 GiB available, tables take 16.0 MiB",
            "nested Ok on: guests may run guests (L2)",
            "interval Limited fast-path exits are counted, but not timed",
        ]);
    }

    [Fact]
    public void Debian_61_on_amd_uses_tp_btf()
    {
        using TempTree tree = HostTrees.Debian61Amd();
        Expect(tree, Isa.Svm, AttachPath.TpBtf, [
            "vendor module Ok kvm_amd: SVM exits",
            "module BTF Ok kvm, kvm_amd",
            "attach path Ok tp_btf",
            "nested Ok on: guests may run guests (L2)",
            "interval Limited starts after host interrupts are served: INTR is too short",
        ]);
    }

    [Fact]
    public void Debian_612_on_intel_and_72_on_amd_have_no_limits()
    {
        using TempTree intel = HostTrees.Debian612Intel();
        Expect(
            intel, Isa.Vmx, AttachPath.TpBtf,
            ["kernel Ok 6.12.107+deb13-amd64 x86_64", "interval Ok from the hardware exit to the next entry"]);
        using TempTree amd = HostTrees.Debian72Amd();
        Expect(
            amd, Isa.Svm, AttachPath.TpBtf,
            ["nested Ok off: no L2 exits", "interval Ok from the hardware exit to the next entry"]);
        Assert.All(new HostChecker(amd.Root, new FakeProbe()).Check(), check => Assert.Equal(CheckVerdict.Ok, check.Verdict));
    }

    [Fact]
    public void Another_built_in_kvm_never_fires()
    {
        using TempTree tree = HostTrees.PvmBuiltIn();
        Fails(tree, ExitStatus.HostUnsupported, "this host's KVM is neither kvm_intel nor kvm_amd but kvm_pvm: it never fires kvm_exit",
            "run kvmscope on a host whose KVM is kvm_intel or kvm_amd; for details: kvmscope check");
        Expect(tree, Isa.None, AttachPath.None, [
            "KVM Ok /dev/kvm, kvm built in",
            "vendor module Failed kvm_pvm: this KVM never fires kvm_exit",
            "tracepoints Limited tracefs is not mounted or not readable (not needed)",
            "lockdown Unknown securityfs is not mounted or not readable",
        ], fine: false);
    }

    [Fact]
    public void An_unnamed_other_kvm_never_fires()
    {
        using TempTree tree = HostTrees.PvmBuiltIn();
        Directory.Delete(Path.Join(tree.Root, "sys/module/kvm_pvm"), recursive: true);
        Fails(
            tree, ExitStatus.HostUnsupported, "this host's KVM is neither kvm_intel nor kvm_amd: it never fires kvm_exit",
            "run kvmscope on a host");
    }

    [Theory]
    [InlineData("svm", "modprobe kvm_amd")]
    [InlineData("vmx", "modprobe kvm_intel")]
    [InlineData("sse3", "enable virtualization in the firmware")]
    public void No_kvm_module_is_fixed_by_modprobe(string flag, string hint)
    {
        using TempTree tree = HostTrees.Bare("6.1.0-37-amd64", flag).File("sys/kernel/btf/vmlinux", "");
        Fails(tree, ExitStatus.HostUnsupported, "KVM is not loaded on this host: there are no VM exits to trace", hint);
    }

    [Fact]
    public void A_missing_vendor_module_is_fixed_by_modprobe()
    {
        using TempTree tree = HostTrees.Debian("6.1.0-37-amd64", vendor: null, moduleBtf: true);
        Fails(
            tree, ExitStatus.HostUnsupported, "the vendor module kvm_amd is not loaded: there are no VM exits to trace",
            "modprobe kvm_amd");
    }

    [Fact]
    public void A_built_in_vendor_counts_on_its_own_cpu_only()
    {
        using TempTree tree = HostTrees.Bare("6.1.0", "svm").Folder("sys/module/kvm").Folder("sys/module/kvm_intel/parameters")
            .Folder("sys/module/kvm_amd/parameters").File("sys/kernel/btf/vmlinux", "");
        Assert.Equal(Isa.Svm, HostChecker.DetectIsa(tree.Root));
        Assert.Equal(AttachPath.TpBtf, HostChecker.DetectAttachPath(tree.Root));
        using TempTree other = HostTrees.Bare("6.1.0", "none").Folder("sys/module/kvm").Folder("sys/module/kvm_intel/parameters");
        Assert.Equal(Isa.None, HostChecker.DetectIsa(other.Root));
    }

    [Fact]
    public void No_btf_fails()
    {
        using TempTree tree = HostTrees.Debian61Amd();
        File.Delete(Path.Join(tree.Root, "sys/kernel/btf/vmlinux"));
        Fails(
            tree, ExitStatus.HostUnsupported, "this kernel has no BTF: the layout of its structures is not known",
            "CONFIG_DEBUG_INFO_BTF=y");
    }

    [Theory]
    [InlineData("sys/kernel/btf/kvm_amd", "kvm_amd has no BTF (/sys/kernel/btf/kvm_amd): the exit reason cannot be read")]
    [InlineData("sys/kernel/btf/kvm", "kvm has no BTF (/sys/kernel/btf/kvm): the exit reason cannot be read")]
    public void No_module_btf_fails_from_516_on(string file, string error)
    {
        using TempTree tree = HostTrees.Debian61Amd();
        File.Delete(Path.Join(tree.Root, file));
        Fails(tree, ExitStatus.HostUnsupported, error, "CONFIG_DEBUG_INFO_BTF_MODULES=y");
        Assert.Equal(AttachPath.None, HostChecker.DetectAttachPath(tree.Root));
    }

    [Fact]
    public void An_old_kernel_and_another_machine_fail_first()
    {
        using TempTree old = HostTrees.Debian("4.19.0-27-amd64", "kvm_intel", moduleBtf: false);
        Fails(
            old, ExitStatus.HostUnsupported, "this kernel, 4.19.0-27-amd64, is too old: kvmscope needs 5.10 or newer",
            "boot kernel 5.10");
        using TempTree arm = HostTrees.Bare("6.1.0-37-arm64", "none");
        Fails(
            arm, ExitStatus.HostUnsupported, "this host is riscv64: only x86_64 and aarch64 can be traced", "x86_64",
            new FakeProbe { Machine = "riscv64" });
    }

    [Fact]
    public void Lockdown_fails_in_confidentiality_mode_only()
    {
        using TempTree tree = HostTrees.Debian61Amd().File("sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
        Fails(
            tree, ExitStatus.HostUnsupported, "kernel lockdown is in confidentiality mode: BPF cannot read kernel memory",
            "lockdown=integrity");
        tree.File("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        new HostChecker(tree.Root, new FakeProbe()).ThrowIfUntraceable();
    }

    [Theory]
    [InlineData(0UL, 1, "not permitted to trace: CAP_BPF, CAP_PERFMON missing")]
    [InlineData(1UL << 39, 1, "not permitted to trace: CAP_PERFMON missing")]
    [InlineData(1UL << 38, 0, "not permitted to trace: CAP_BPF missing")]
    [InlineData(3UL << 38, 13, "bpf() is refused although the capabilities are present: by seccomp, an LSM or a user namespace")]
    [InlineData(3UL << 38, 1, "bpf() is refused although the capabilities are present: by seccomp, an LSM or a user namespace")]
    public void An_unprivileged_user_is_told_what_is_missing(ulong capabilities, int loadError, string error)
    {
        using TempTree tree = HostTrees.Debian510();
        Fails(tree, ExitStatus.NotPermitted, error, "run ", new FakeProbe { Effective = new(capabilities), LoadError = loadError });
    }

    [Theory]
    [InlineData(22)]
    [InlineData(38)]
    public void A_kernel_without_bpf_is_no_matter_of_permission(int errno)
    {
        using TempTree tree = HostTrees.Debian510();
        Fails(tree, ExitStatus.HostUnsupported, $"capabilities: bpf() does not work (errno {errno})", "CONFIG_BPF_SYSCALL=y",
            new FakeProbe { LoadError = errno });
    }

    private const ulong Ptrace = 1UL << 19, Tracing = 3UL << 38 | 1UL << 2;

    // The options as kernels from 5.8 on show them, and as those before do.
    [Theory]
    [InlineData("rw,hidepid=invisible", Tracing, "/proc has hidepid=invisible: others' VMs are hidden", true)]
    [InlineData("rw,gid=27,hidepid=2", Tracing, "/proc has hidepid=2: others' VMs are hidden", true)]
    [InlineData("rw,hidepid=noaccess", Tracing, "/proc has hidepid=noaccess: others' VMs are hidden", true)]
    [InlineData("rw,gid=100,hidepid=ptraceable", Tracing, "/proc has hidepid=ptraceable: others' VMs are hidden", true)]
    [InlineData("rw,gid=100,hidepid=2", Tracing, "/proc has hidepid=2: names of VMs that start later", false)]
    [InlineData("rw,gid=1000,hidepid=invisible", Tracing, "/proc has hidepid=invisible: names of VMs that start later", false)]
    [InlineData("rw,hidepid=invisible", Tracing | Ptrace, "/proc has hidepid=invisible: names of VMs that start later", false)]
    public void Processes_that_proc_hides_are_said(string options, ulong capabilities, string found, bool hides)
    {
        using TempTree tree = HostTrees.Debian510()
            .File("proc/self/status", "Name:\tkvmscope\nGid:\t1000\t1000\t1000\t1000\nGroups:\t4 100 \n")
            .File("proc/self/limits", "Max locked memory         unlimited            unlimited            bytes     \n")
            .File("proc/self/mountinfo", "20 28 0:21 / /proc rw - proc proc rw\n22 28 0:21 / /proc rw,nosuid shared:12 - proc proc "
                + options + "\n"
                + "23 28 0:22 / /proc/sys/fs/binfmt_misc rw - binfmt_misc none rw\n24 28 0:23 / /chroot/proc rw - proc none rw\n");
        FakeProbe probe = new() { Effective = new(capabilities) };
        Expect(tree, Isa.Vmx, AttachPath.RawTp, [$"processes Limited {found}"], probe);
        Assert.Equal(hides, new HostChecker(tree.Root, probe).HidesProcesses);
    }

    [Fact]
    public void What_proc_hides_is_not_known_without_its_mounts()
    {
        using TempTree tree = HostTrees.Debian61Amd();
        Assert.False(new HostChecker(tree.Root, new FakeProbe()).HidesProcesses);
        File.Delete(Path.Join(tree.Root, "proc/self/mountinfo"));
        Expect(tree, Isa.Svm, AttachPath.TpBtf, ["processes Unknown the mount options of /proc cannot be read"]);
        Assert.False(new HostChecker(tree.Root, new FakeProbe()).HidesProcesses);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(3UL << 38)]
    public void Module_btf_needs_more_capabilities(ulong capabilities)
    {
        using TempTree tree = HostTrees.Debian61Amd();
        Fails(tree, ExitStatus.NotPermitted, "not permitted to trace: CAP_SYS_ADMIN missing", "run as root (sudo), or with CAP_SYS_ADMIN",
            new FakeProbe { Effective = new(capabilities) });
    }

    [Theory]
    [InlineData(3UL << 38, "capabilities Limited no CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE")]
    [InlineData(1UL << 21, "capabilities Limited no CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE")]
    [InlineData(3UL << 38 | 1UL << 2 | 1UL << 19, "capabilities Ok CAP_BPF, CAP_PERFMON")]
    public void Enough_to_trace_is_enough(ulong capabilities, string line)
    {
        using TempTree tree = HostTrees.Debian510().File(
            "proc/self/limits", "Max locked memory         unlimited            unlimited            bytes     \n");
        Expect(tree, Isa.Vmx, AttachPath.RawTp, [line], new FakeProbe { Effective = new(capabilities) });
    }

    [Fact]
    public void Locked_memory_counts_before_511_only()
    {
        var user = new FakeProbe { Effective = CapabilitySet.Of(Capability.Bpf, Capability.Perfmon) };
        using TempTree old = HostTrees.Debian510();
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => new HostChecker(old.Root, user).ThrowIfUntraceable(16 << 20));
        Assert.Equal(
            (ExitStatus.NotPermitted, "ulimit -l is too small on this kernel: 64 KiB, and the tables take 16.0 MiB"),
            (error.Status, error.Message));
        Assert.StartsWith("ulimit -l unlimited", error.Hint);
        old.File("proc/self/limits", "Max locked memory         unlimited            unlimited            bytes     \n");
        new HostChecker(old.Root, user).ThrowIfUntraceable(16 << 20);
        using TempTree newer = HostTrees.Debian61Amd();
        new HostChecker(newer.Root, new FakeProbe { Effective = CapabilitySet.Of(Capability.SysAdmin) }).ThrowIfUntraceable(16 << 20);
    }

    [Fact]
    public void Tables_of_automatic_size_take_at_most_a_quarter_of_the_free_memory()
    {
        using TempTree tree = HostTrees.Debian61Amd();
        Assert.Equal(512L << 20, new HostChecker(tree.Root, new FakeProbe()).MostTableBytes());
        tree.File("proc/meminfo", "MemTotal: unknown\n");
        Assert.Equal(long.MaxValue, new HostChecker(tree.Root, new FakeProbe()).MostTableBytes());
    }

    [Fact]
    public void Tables_of_automatic_size_keep_to_the_limit_of_the_service_or_container()
    {
        using TempTree tree = HostTrees.Debian61Amd();
        tree.File("proc/self/cgroup", "0::/system.slice/kvmscope-record.service\n");
        tree.File("sys/fs/cgroup/system.slice/kvmscope-record.service/memory.max", "max\n");
        Assert.Equal(512L << 20, new HostChecker(tree.Root, new FakeProbe()).MostTableBytes());
        tree.File("sys/fs/cgroup/system.slice/memory.max", "1073741824\n");
        Assert.Equal(256L << 20, new HostChecker(tree.Root, new FakeProbe()).MostTableBytes());
        tree.File("sys/fs/cgroup/system.slice/kvmscope-record.service/memory.max", "536870912\n");
        Assert.Equal(128L << 20, new HostChecker(tree.Root, new FakeProbe()).MostTableBytes());
        tree.File("proc/self/cgroup", "0::/\n");
        tree.File("sys/fs/cgroup/memory.max", "268435456\n");
        Assert.Equal(64L << 20, new HostChecker(tree.Root, new FakeProbe()).MostTableBytes());
    }

    [Fact]
    public void Tables_larger_than_the_free_memory_fail()
    {
        using TempTree tree = HostTrees.Debian61Amd();
        KvmscopeException error = Assert.Throws<KvmscopeException>(
            () => new HostChecker(tree.Root, new FakeProbe()).ThrowIfUntraceable(3L << 30));
        Assert.Equal("not enough memory: 2.0 GiB available, tables take 3.0 GiB", error.Message);
        Assert.Equal("make the tables smaller with --max-vcpus", error.Hint);
        Assert.Contains(
            new HostChecker(tree.Root, new FakeProbe()).Check(1L << 30),
            check => check is { Name: "memory", Verdict: CheckVerdict.Limited });
    }

    [Fact]
    public void Smaller_problems_are_limits()
    {
        using TempTree tree = HostTrees.Debian61Amd().File("proc/sys/net/core/bpf_jit_enable", "0\n");
        File.Delete(Path.Join(tree.Root, "proc/self/ns/pid"));
        tree.Link("proc/self/ns/pid", "pid:[4026532999]");
        File.Delete(Path.Join(tree.Root, "dev/kvm"));
        Expect(tree, Isa.Svm, AttachPath.TpBtf, [
            "KVM Limited module kvm, no /dev/kvm: no VM can be started here",
            "PID namespace Limited a container's: VMs are not found by name or pid",
            "JIT Limited off: every exit costs several times more",
        ]);
    }

    [Fact]
    public void An_empty_root_does_not_crash()
    {
        using var tree = new TempTree();
        Assert.Equal(s_order, new HostChecker(tree.Root, new FakeProbe()).Check().Select(check => check.Name));
        Assert.Equal(Isa.None, HostChecker.DetectIsa(tree.Root));
    }

    [Fact]
    public void This_host_can_be_checked()
    {
        IReadOnlyList<HostCheck> checks = new HostChecker().Check(1 << 20);
        AssertWellFormed(checks);
        Assert.NotEqual("", checks[0].Found);
    }

    private static void Expect(TempTree tree, Isa isa, AttachPath path, string[] lines, FakeProbe? probe = null, bool fine = true)
    {
        var checker = new HostChecker(tree.Root, probe ?? new FakeProbe());
        IReadOnlyList<HostCheck> checks = checker.Check(16 << 20);
        AssertWellFormed(checks);
        string[] shown = [.. checks.Select(check => $"{check.Name} {check.Verdict} {check.Found}")];
        Assert.All(lines, line => Assert.Contains(line, shown));
        Assert.Equal(isa, HostChecker.DetectIsa(tree.Root));
        Assert.Equal(path, HostChecker.DetectAttachPath(tree.Root));
        if (fine) checker.ThrowIfUntraceable(16 << 20);
    }

    private static void Fails(TempTree tree, ExitStatus status, string error, string hint, FakeProbe? probe = null)
    {
        var checker = new HostChecker(tree.Root, probe ?? new FakeProbe());
        AssertWellFormed(checker.Check());
        KvmscopeException thrown = Assert.Throws<KvmscopeException>(() => checker.ThrowIfUntraceable());
        Assert.Equal((status, error), (thrown.Status, thrown.Message));
        Assert.Contains(hint, thrown.Hint);
    }

    /// <summary>True for every host: all checks, in order, on one line each, and each failure with its fix.</summary>
    private static void AssertWellFormed(IReadOnlyList<HostCheck> checks)
    {
        Assert.Equal(s_order, checks.Select(check => check.Name));
        Assert.All(checks, check =>
        {
            Assert.InRange(check.Found.Length, 1, 60);
            Assert.DoesNotContain('\n', check.Found);
            if (check.Verdict == CheckVerdict.Failed) Assert.False(string.IsNullOrEmpty(check.Hint));
        });
    }
}
