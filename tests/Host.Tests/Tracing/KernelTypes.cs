using System.Buffers.Binary;
using System.Text;
using Kvmscope.ContractGen;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Which kernel the BPF programs are relocated for.</summary>
internal enum KernelKind
{
    /// <summary>5.10: L2 is a flag in hflags; statistics without a group of their own.</summary>
    Old,

    /// <summary>6.1: guest_mode, vcpu_vmx with the exit's fields.</summary>
    Usual,

    /// <summary>7.2: RIP apart from the registers, and vcpu_vt.</summary>
    New,
}

/// <summary>
/// The types of a kernel of the test's own, as BTF: what the programs read of KVM is where the test puts it, and what they read of the
/// current task are fields that a system call sets.
/// </summary>
internal sealed class KernelTypes
{
    // struct kvm_vcpu. What vcpu_vmx and vcpu_svm have in addition is behind it.
    internal const int Kvm = 0, Run = 8, Notifier = 16, Cpu = 32, Id = 36, Mode = 40, Arch = 64, Stat = 320, Vendor = 400, VcpuSize = 512;

    // Within arch: the registers, and RIP where it is apart.
    internal const int Regs = Arch, RegsAvail = Arch + 136, Hflags = Arch + 140, MpState = Arch + 144, Protected = Arch + 148,
        RipApart = Arch + 160, RegsAvailApart = Arch + 168;

    internal const int GuestMode = Stat, PollSuccess = Stat + 8, PollFail = Stat + 16, Blocking = Stat + 24;

    // vcpu_vmx or vcpu_vt; vcpu_svm.
    internal const int ExitReason = Vendor, Qualification = Vendor + 8, Interruption = Vendor + 16, Vmcb = Vendor + 24;

    // struct vmcb.
    internal const int VmcbCode = 64, VmcbInfo1 = 72, VmcbInfo2 = 80;

    // struct kvm.
    internal const int Mm = 0, Hypercall = 8;

    private static readonly Lazy<Dictionary<string, uint>> s_task = new(() =>
        BtfReader.ReadRaw(File.ReadAllBytes("/sys/kernel/btf/vmlinux"))
            .First(type => type is { Kind: BtfType.Struct, Name: "task_struct" }).Members
            .Where(member => member.Name != "").ToDictionary(member => member.Name, member => member.BitOffset / 8));

    private readonly List<byte> _types = [], _strings = [0];
    private readonly Dictionary<string, uint> _structs = [];
    private readonly uint _u8, _u32, _u64, _pointer;
    private uint _count;

    private KernelTypes()
    {
        _u8 = Int("u8", 1);
        _u32 = Int("u32", 4);
        _u64 = Int("u64", 8);
        _pointer = Add("", 2, 0, 0);
    }

    /// <summary>Where the real kernel has a field of its tasks.</summary>
    internal static int TaskField(string name) => (int)s_task.Value[name];

    /// <summary>The BTF of this kind of kernel.</summary>
    internal static byte[] Of(KernelKind kind)
    {
        KernelTypes types = new();
        types.AddTasks();
        types.AddVcpus(kind);
        types.AddVendors(kind);
        return types.ToBytes();
    }

    private void AddTasks()
    {
        Struct("hlist_node", 16, ("next", _pointer, 0), ("pprev", _pointer, 8));
        Struct("hlist_head", 8, ("first", _pointer, 0));
        Struct("sched_info", 8, ("run_delay", _u64, 0));
        Struct("task_struct", 1 << 16,
            ("pid", _u32, TaskField("pid")), ("tgid", _u32, TaskField("tgid")), ("comm", Array(_u8, 16), TaskField("comm")),
            ("group_leader", _pointer, TaskField("group_leader")), ("mm", _pointer, TaskField("mm")),
            // What FakeKernel.Thread sets.
            ("on_rq", _u32, TaskField("pdeath_signal")), ("sched_info", _structs["sched_info"], TaskField("timer_slack_ns")),
            ("preempt_notifiers", _structs["hlist_head"], TaskField("robust_list")));
    }

    private void AddVcpus(KernelKind kind)
    {
        Struct("kvm_hv", 8, ("hv_hypercall", _u64, 0));
        Struct("kvm_arch", 8, ("hyperv", _structs["kvm_hv"], 0));
        Struct("kvm", 16, ("mm", _pointer, Mm), ("arch", _structs["kvm_arch"], Hypercall));
        Struct("preempt_notifier", 16, ("link", _structs["hlist_node"], 0));
        (string, uint, int)[] own = kind == KernelKind.New
            ? [("regs", Array(_u64, 16), 0), ("rip", _u64, RipApart - Arch), ("regs_avail", Array(_u64, 1), RegsAvailApart - Arch)]
            : [("regs", Array(_u64, 17), 0), ("regs_avail", _u32, RegsAvail - Arch)];
        Struct("kvm_vcpu_arch", 256,
            [
                .. own, ("hflags", _u32, Hflags - Arch), ("mp_state", _u32, MpState - Arch),
                ("guest_state_protected", _u8, Protected - Arch),
            ]);
        Struct("kvm_vcpu_stat_generic", 24,
            ("halt_poll_success_ns", _u64, 0), ("halt_poll_fail_ns", _u64, 8), ("blocking", _u64, 16));
        if (kind == KernelKind.Old)
            Struct("kvm_vcpu_stat", 32, ("halt_poll_success_ns", _u64, 8), ("halt_poll_fail_ns", _u64, 16));
        else
            Struct("kvm_vcpu_stat", 32, ("guest_mode", _u64, 0), ("generic", _structs["kvm_vcpu_stat_generic"], 8));
        Struct("kvm_vcpu", VcpuSize,
            ("kvm", _pointer, Kvm), ("run", _pointer, Run), ("preempt_notifier", _structs["preempt_notifier"], Notifier),
            ("cpu", _u32, Cpu), ("vcpu_id", _u32, Id), ("mode", _u32, Mode), ("arch", _structs["kvm_vcpu_arch"], Arch),
            ("stat", _structs["kvm_vcpu_stat"], Stat));
    }

    private void AddVendors(KernelKind kind)
    {
        uint reason = Add("vmx_exit_reason", 5, 1, 4, Text("full"), _u32, 0);
        int at = kind == KernelKind.New ? 0 : Vendor;
        Struct(kind == KernelKind.New ? "vcpu_vt" : "vcpu_vmx", VcpuSize,
            ("exit_reason", reason, at), ("exit_qualification", _u64, at + 8), ("exit_intr_info", _u32, at + 16));
        if (kind == KernelKind.New) Struct("vcpu_vmx", VcpuSize, ("vt", _structs["vcpu_vt"], Vendor));
        Struct("vmcb_control_area", 128, ("exit_code", _u32, VmcbCode), ("exit_info_1", _u64, VmcbInfo1), ("exit_info_2", _u64, VmcbInfo2));
        Struct("vmcb", 128, ("control", _structs["vmcb_control_area"], 0));
        Struct("vcpu_svm", VcpuSize, ("vmcb", Pointer("vmcb"), Vmcb));
    }

    private uint Pointer(string to) => Add("", 2, 0, _structs[to]);

    private uint Int(string name, uint bytes) => Add(name, 1, 0, bytes, 8 * bytes);

    private uint Array(uint element, uint count) => Add("", 3, 0, 0, element, _u32, count);

    private void Struct(string name, uint size, params (string Name, uint Type, int At)[] members) => _structs[name] =
        Add(name, 4, (uint)members.Length, size, [.. members.SelectMany(m => new[] { Text(m.Name), m.Type, (uint)m.At * 8 })]);

    // A type: its name, kind and number of members, its size or what it refers to, and what follows; see Documentation/bpf/btf.rst.
    private uint Add(string name, uint kind, uint count, uint size, params uint[] rest)
    {
        foreach (uint word in (uint[])[Text(name), kind << 24 | count, size, .. rest]) Append(_types, word);
        return ++_count;
    }

    private uint Text(string text)
    {
        if (text == "") return 0;
        int at = _strings.Count;
        _strings.AddRange([.. Encoding.ASCII.GetBytes(text), 0]);
        return (uint)at;
    }

    private byte[] ToBytes()
    {
        List<byte> all = [0x9f, 0xeb, 1, 0];
        foreach (int word in (int[])[24, 0, _types.Count, _types.Count, _strings.Count]) Append(all, (uint)word);
        return [.. all, .. _types, .. _strings];
    }

    private static void Append(List<byte> bytes, uint word)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(four, word);
        bytes.AddRange(four);
    }
}
