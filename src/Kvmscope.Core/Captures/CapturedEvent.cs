using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Captures;

/// <summary>Which event of the kernel a <see cref="CapturedEvent"/> is.</summary>
public enum CapturedKind : byte
{
    /// <summary>None that is used.</summary>
    None,

    /// <summary>kvm_exit.</summary>
    Exit,

    /// <summary>kvm_entry.</summary>
    Entry,

    /// <summary>kvm_nested_vmexit: the exit before it is one of L2.</summary>
    NestedExit,

    /// <summary>kvm_nested_vmexit_inject: the exit is reflected to L1.</summary>
    NestedInject,

    /// <summary>kvm_nested_vmenter, up to 5.x kvm_nested_vmrun: L2 is entered next.</summary>
    NestedEnter,

    /// <summary>kvm_userspace_exit.</summary>
    UserspaceExit,

    /// <summary>kvm_pio; <see cref="CapturedEvent.Value"/> is the port, <see cref="CapturedEvent.IsWrite"/> OUT.</summary>
    Pio,

    /// <summary>kvm_mmio of a read or a write; <see cref="CapturedEvent.Value"/> is the guest-physical address.</summary>
    Mmio,

    /// <summary>kvm_fast_mmio; <see cref="CapturedEvent.Value"/> is the guest-physical address.</summary>
    FastMmio,

    /// <summary>kvm_msr; <see cref="CapturedEvent.Value"/> is the MSR.</summary>
    Msr,

    /// <summary>
    /// kvm_cpuid; <see cref="CapturedEvent.Value"/> is the leaf, <see cref="CapturedEvent.Info1"/> the sub-leaf where
    /// <see cref="CapturedEvent.HasInfo"/>.
    /// </summary>
    Cpuid,

    /// <summary>kvm_hypercall; <see cref="CapturedEvent.Value"/> is its number.</summary>
    Hypercall,

    /// <summary>kvm_hv_hypercall; <see cref="CapturedEvent.Value"/> is its code.</summary>
    HypervHypercall,

    /// <summary>kvm_page_fault; <see cref="CapturedEvent.Value"/> is the address.</summary>
    PageFault,

    /// <summary>
    /// sched_switch: the thread leaves the CPU; <see cref="CapturedEvent.Value"/> is the thread that comes, and
    /// <see cref="CapturedEvent.IsWrite"/> says that it leaves although it could run.
    /// </summary>
    Switch,

    /// <summary>The thread has ended.</summary>
    ThreadEnd,

    /// <summary>
    /// Events of any thread are missing before this point; <see cref="CapturedEvent.Value"/> is how many, 0 where that is not said.
    /// </summary>
    Lost,
}

/// <summary>
/// One event of a capture, whatever it was read from. Readers reuse one and <see cref="Clear"/> it; what the input does not say is
/// <see cref="Unknown"/>, null, 0 or false.
/// </summary>
public struct CapturedEvent
{
    /// <summary>A number that the input does not say.</summary>
    public const int Unknown = -1;

    /// <summary>Which event.</summary>
    public CapturedKind Kind;

    /// <summary>When, in ns of the capture's clock.</summary>
    public long Ns;

    /// <summary>The host CPU.</summary>
    public int Cpu;

    /// <summary>The thread.</summary>
    public int Tid;

    /// <summary>The process (thread group) of the thread.</summary>
    public int Pid;

    /// <summary>The vCPU's id.</summary>
    public int Vcpu;

    /// <summary>The reason of an exit.</summary>
    public ExitCode Code;

    /// <summary>The guest's instruction pointer.</summary>
    public ulong? Rip;

    /// <summary>Whether <see cref="Info1"/> and <see cref="Info2"/> are known.</summary>
    public bool HasInfo;

    /// <summary>VMX: exit qualification; SVM: EXITINFO1; riscv64: stval.</summary>
    public ulong Info1;

    /// <summary>SVM: EXITINFO2; of VMX it depends on the kernel; riscv64: htval.</summary>
    public ulong Info2;

    /// <summary>VMX: VM-exit interruption information; null where not said.</summary>
    public uint? Interrupt;

    /// <summary>What the event is about: see <see cref="CapturedKind"/>.</summary>
    public ulong Value;

    /// <summary>A write, or the way of a switch: see <see cref="CapturedKind"/>.</summary>
    public bool IsWrite;

    /// <summary>Makes it an event of which nothing is known.</summary>
    public void Clear()
    {
        this = default;
        Cpu = Tid = Pid = Vcpu = Unknown;
    }

    /// <summary>Whether an exit or entry is the same one again: an event that a capture holds twice.</summary>
    internal readonly bool IsSame(in CapturedEvent other) =>
        Kind == other.Kind && Ns == other.Ns && Cpu == other.Cpu && Vcpu == other.Vcpu && Code == other.Code && Rip == other.Rip
        && Info1 == other.Info1 && Info2 == other.Info2 && Interrupt == other.Interrupt;
}
