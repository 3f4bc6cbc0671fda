namespace Kvmscope.Core.Exits;

/// <summary>What is known of one exit reason: a line of an ISA's reasons.tsv, which was checked against the headers of Linux 7.2.</summary>
/// <param name="Number">VMX: the basic reason; SVM: EXITCODE, of which KVM shows the low 32 bits; arm64: the code of
/// <see cref="Isa.Arm64"/>; riscv64: scause.</param>
/// <param name="Name">The name that is shown: the kernel header's without its prefix; the architecture manual's where no header has
/// one.</param>
/// <param name="KernelName">The kernel header's define, or empty.</param>
/// <param name="TraceName">The name that the kvm_exit tracepoint and perf print, or empty.</param>
/// <param name="Handler">Whether KVM handles it: yes, no, nested, fatal, ghcb, l1.</param>
/// <param name="Class">What kind of reason it is; <c>idle</c> is the class whose handling time is the guest waiting for work.</param>
/// <param name="DetailTracepoint">Tracepoints that tell more about one such exit, or empty.</param>
/// <param name="Meaning">What the guest or the hardware did.</param>
/// <param name="Hint">The usual cause, and what to do about it.</param>
/// <param name="DropIn">The name in the drop-in layouts, or empty where it is <paramref name="Name"/>.</param>
/// <param name="Aliases">Other names of exactly this reason, separated by spaces.</param>
/// <param name="Near">Names of similar meaning: suggested, never accepted. Separated by spaces.</param>
public sealed record ExitReasonInfo(
    ulong Number, string Name, string KernelName, string TraceName, string Handler, string Class, string DetailTracepoint,
    string Meaning, string Hint, string DropIn, string Aliases, string Near);
