namespace Kvmscope.Core.Exits;

/// <summary>
/// Names, classes and meanings of exit reasons, whatever their ISA (<see cref="IsaInfo"/>). Names are those of the kernel's headers
/// (EXIT_REASON_*, SVM_EXIT_*) without their prefix; <c>SVM_EXIT_EXCP_BASE+UD_VECTOR</c> is <c>EXCP_UD</c>. A code that is not in the
/// tables is never given a name.
/// </summary>
public static class ExitReasons
{
    /// <summary>The name of exits whose reason could not be read at all: code 0 of <see cref="Isa.None"/>.</summary>
    public const string Unread = "UNREAD";

    private const string IdleClass = "idle";

    /// <summary>
    /// The reason's name, in upper case, the same on every host; <c>VMX#71</c>, <c>SVM#0x8f</c> where the number is not known. VMX flags
    /// follow the name: <c> (failed entry)</c> for bit 31, <c> (bus lock)</c> for bit 26.
    /// </summary>
    public static string Name(ExitCode code) => IsaInfo.Of(code.Isa).NameOf(code.Code, Find(code)?.Name);

    /// <summary>
    /// The name in the drop-in layouts: the original tools' spelling where it differs (RDMSR, MOV_CR), else <see cref="Name"/>.
    /// </summary>
    public static string DropInName(ExitCode code)
    {
        ExitReasonInfo? info = Find(code);
        return IsaInfo.Of(code.Isa).NameOf(code.Code, info is { DropIn.Length: > 0 } ? info.DropIn : info?.Name);
    }

    /// <summary>Whether the number is in the tables.</summary>
    public static bool IsKnown(ExitCode code) => Find(code) is not null;

    /// <summary>
    /// Whether the guest waits for work with this reason, so that its handling time may be no overhead: HLT, IDLE_HLT, WFx,
    /// VIRTUAL_INST_FAULT. MWAIT, UMWAIT and TPAUSE do not wait where they exit: KVM does nothing for the first, and the others are L2's. A
    /// failed entry does not either, whatever its reason.
    /// </summary>
    public static bool IsIdle(ExitCode code) => Find(code)?.Class == IdleClass && !IsaInfo.Of(code.Isa).IsFailedEntry(code.Code);

    /// <summary>The class of the reason (insn, msr, pio, mem, idle, nested, …), or <c>unknown</c>.</summary>
    public static string ClassOf(ExitCode code) => Find(code)?.Class ?? "unknown";

    /// <summary>What is known of the reason, or null where the number is not known.</summary>
    public static ExitReasonInfo? Find(ExitCode code) => IsaInfo.Of(code.Isa).Find(code.Code);

    /// <summary>All reasons of the ISA, by number; empty for <see cref="Isa.None"/>.</summary>
    public static IReadOnlyList<ExitReasonInfo> All(Isa isa) => IsaInfo.Of(isa).Reasons;

    /// <summary>
    /// The reason's number as people write it: VMX decimal and without flags, SVM hexadecimal, arm64 <c>2/0x16</c> (return value and class)
    /// or <c>0</c>, riscv64 <c>22</c> or <c>1/5</c> (an interrupt).
    /// </summary>
    public static string NumberText(ExitCode code) => IsaInfo.Of(code.Isa).NumberText(code.Code);

    /// <summary>The number to order reasons by, without VMX flags.</summary>
    internal static ulong SortNumber(ExitCode code) => IsaInfo.Of(code.Isa).NumberOf(code.Code);

    /// <summary>
    /// Reads a reason: a number (decimal or 0x hexadecimal, in the tables or not), <c>VMX#71</c>, or a name in any usual spelling, whatever
    /// its case: the kernel header's with or without prefix, the tracepoint's and perf's, the original tools', and those of the other
    /// vendor where they mean exactly the same (<c>IO_INSTRUCTION</c>, <c>IOIO</c> and <c>io</c>; <c>VMCALL</c> and <c>VMMCALL</c>). Not
    /// accepted, only suggested, are names that mean more or less than one code: <c>WRMSR</c> on SVM (one code for reads and writes),
    /// <c>MSR</c> on VMX (two codes), <c>NPF</c> on VMX and <c>EPT_VIOLATION</c> on SVM (NPF is also what EPT_MISCONFIG is).
    /// </summary>
    public static bool TryParse(string text, Isa isa, out ulong code) => IsaInfo.Of(isa).TryParse(text.AsSpan().Trim(), out code);

    /// <summary>Up to 3 names of the ISA that may have been meant, the best first; empty where nothing is near.</summary>
    public static IReadOnlyList<string> Suggest(string text, Isa isa) => ExitReasonParser.Suggest(text, IsaInfo.Of(isa));
}
