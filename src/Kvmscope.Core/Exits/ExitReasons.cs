using System.Globalization;
using Kvmscope.Core.Exits.Tables;

namespace Kvmscope.Core.Exits;

/// <summary>
/// Names, classes and meanings of exit reasons. Names are those of the kernel's headers (EXIT_REASON_*, SVM_EXIT_*) without their prefix;
/// <c>SVM_EXIT_EXCP_BASE+UD_VECTOR</c> is <c>EXCP_UD</c>. A code that is not in the tables is never given a name.
/// </summary>
public static class ExitReasons
{
    internal const ulong VmxBasicMask = 0xffff;
    internal const ulong VmxBusLock = 1UL << 26;
    internal const ulong VmxFailedEntry = 1UL << 31;
    internal const int ArmRetShift = 8;
    internal const ulong ArmTrap = 2, ArmClassMask = 0x3f;
    internal const string BusLockSuffix = " (bus lock)";
    internal const string FailedEntrySuffix = " (failed entry)";

    /// <summary>The name of exits whose reason could not be read at all: code 0 of <see cref="Isa.None"/>.</summary>
    public const string Unread = "UNREAD";

    private const ulong TdxError = 0xffff_ffff;
    private const string IdleClass = "idle";

    /// <summary>
    /// The reason's name, in upper case, the same on every host; <c>VMX#71</c>, <c>SVM#0x8f</c> where the number is not known. VMX
    /// flags follow
    /// the name: <c> (failed entry)</c> for bit 31, <c> (bus lock)</c> for bit 26.
    /// </summary>
    public static string Name(ExitCode code) => Name(code, Find(code)?.Name);

    /// <summary>
    /// The name in the drop-in layouts: the original tools' spelling where it differs (RDMSR, MOV_CR), else <see
    /// cref="Name(ExitCode)"/>.
    /// </summary>
    public static string SeedName(ExitCode code)
    {
        ExitReasonInfo? info = Find(code);
        return Name(code, info is { Seed.Length: > 0 } ? info.Seed : info?.Name);
    }

    /// <summary>Whether the number is in the tables.</summary>
    public static bool IsKnown(ExitCode code) => Find(code) is not null;

    /// <summary>
    /// Whether the exit's handling time is the guest waiting for work, not overhead: HLT, MWAIT, UMWAIT, TPAUSE, IDLE_HLT, MWAIT_COND.
    /// MONITOR is not: it only arms the wait that MWAIT does. A failed entry is not either, whatever its reason.
    /// </summary>
    public static bool IsIdle(ExitCode code) => !IsFailedEntry(code) && Find(code)?.Class == IdleClass;

    /// <summary>Whether the VM entry itself failed (VMX, bit 31).</summary>
    public static bool IsFailedEntry(ExitCode code) => code.Isa == Isa.Vmx && code.Code != TdxError && (code.Code & VmxFailedEntry) != 0;

    /// <summary>The class of the reason (insn, msr, pio, mem, idle, nested, …), or <c>unknown</c>.</summary>
    public static string ClassOf(ExitCode code) => Find(code)?.Class ?? "unknown";

    /// <summary>What the guest or the hardware did, or null where the number is not known.</summary>
    public static string? Meaning(ExitCode code) => Find(code)?.Meaning;

    /// <summary>The usual cause and what to do about it, or null where the number is not known.</summary>
    public static string? Hint(ExitCode code) => Find(code)?.Hint;

    /// <summary>All that is known of the reason, or null where the number is not known.</summary>
    public static ExitReasonInfo? Find(ExitCode code) => code.Isa switch
    {
        Isa.Vmx => Find(VmxTable.Rows, code.Code == TdxError ? TdxError : code.Code & VmxBasicMask),
        // KVM's -1 arrives as 32 bits; the table has the manual's 64.
        Isa.Svm => Find(SvmTable.Rows, code.Code == uint.MaxValue ? ulong.MaxValue : code.Code),
        Isa.Arm64 => Find(Arm64Table.Rows, code.Code),
        _ => null,
    };

    /// <summary>All reasons of the ISA, by number; empty for <see cref="Isa.None"/>.</summary>
    public static IReadOnlyList<ExitReasonInfo> All(Isa isa) => isa switch
    {
        Isa.Vmx => VmxTable.Rows,
        Isa.Svm => SvmTable.Rows,
        Isa.Arm64 => Arm64Table.Rows,
        _ => [],
    };

    /// <summary>arm64: what the switch code returned (2 is a trap), and the exception class, null where it is no trap.</summary>
    public static (ulong Ret, ulong? Class) ArmParts(ulong code)
    {
        ulong ret = code >> ArmRetShift;
        return (ret, ret == ArmTrap ? code & ArmClassMask : null);
    }

    /// <summary>The reason's number as people write it: VMX decimal and without flags, SVM hexadecimal, arm64 <c>2/0x16</c> (return value and class) or <c>0</c>.</summary>
    public static string NumberText(ExitCode code) => code.Isa switch
    {
        Isa.Vmx => SortNumber(code).ToString(CultureInfo.InvariantCulture),
        Isa.Svm => "0x" + code.Code.ToString("x", CultureInfo.InvariantCulture),
        Isa.Arm64 => ArmParts(code.Code) switch
        {
            (var ret, { } number) => string.Create(CultureInfo.InvariantCulture, $"{ret}/0x{number:x2}"),
            var (ret, _) => ret.ToString(CultureInfo.InvariantCulture),
        },
        _ => "",
    };

    /// <summary>The number to order reasons by: VMX flags do not take part.</summary>
    internal static ulong SortNumber(ExitCode code) =>
        code.Isa == Isa.Vmx && code.Code != TdxError ? code.Code & VmxBasicMask : code.Code;

    /// <summary>
    /// Reads a reason: a number (decimal or 0x hexadecimal, in the tables or not), <c>VMX#71</c>, or a name in any usual spelling,
    /// whatever its
    /// case: the kernel header's with or without prefix, the tracepoint's and perf's, the original tools', and those of the other
    /// vendor where they
    /// mean exactly the same (<c>IO_INSTRUCTION</c>, <c>IOIO</c> and <c>io</c>; <c>VMCALL</c> and <c>VMMCALL</c>). Not accepted, only
    /// suggested, are names that
    /// mean more or less than one code: <c>WRMSR</c> on SVM (one code for reads and writes), <c>MSR</c> on VMX (two codes), <c>NPF</c>
    /// on VMX and
    /// <c>EPT_VIOLATION</c> on SVM (NPF is also what EPT_MISCONFIG is).
    /// </summary>
    public static bool TryParse(string text, Isa isa, out ulong code) => ExitReasonParser.TryParse(text, isa, out code);

    /// <summary>Up to 3 names of the ISA that may have been meant, the best first; empty where nothing is near.</summary>
    public static IReadOnlyList<string> Suggest(string text, Isa isa) => ExitReasonParser.Suggest(text, isa);

    private static string Name(ExitCode code, string? known)
    {
        if (code.Isa == Isa.Vmx && code.Code != TdxError)
        {
            string name = known ?? "VMX#" + NumberText(code);
            if ((code.Code & VmxFailedEntry) != 0) name += FailedEntrySuffix;
            if ((code.Code & VmxBusLock) != 0) name += BusLockSuffix;
            return name;
        }
        if (known is not null) return known;
        return code.Isa switch
        {
            Isa.Svm => "SVM#" + NumberText(code),
            Isa.Arm64 => "ARM64#" + NumberText(code),
            _ when code.Code == 0 => Unread,
            _ => "#0x" + code.Code.ToString("x", CultureInfo.InvariantCulture),
        };
    }

    private static ExitReasonInfo? Find(ExitReasonInfo[] rows, ulong number)
    {
        int low = 0, high = rows.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            ulong found = rows[middle].Number;
            if (found == number) return rows[middle];
            if (found < number) low = middle + 1;
            else high = middle - 1;
        }
        return null;
    }
}
