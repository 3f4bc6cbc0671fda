using System.Globalization;

namespace Kvmscope.Core.Exits;

/// <summary>
/// What KVM_RUN returned with: a KVM_EXIT reason of kvm_run, or an error of the call itself, after which the reason in kvm_run is an older
/// one. A call that a signal or immediate_exit ended (EINTR) is INTR.
/// </summary>
/// <param name="Raw">The number of KVM_EXIT_*; of an error the negative errno.</param>
public readonly record struct VmmReason(int Raw)
{
    // include/uapi/linux/kvm.h of Linux 7.2, by number.
    private static readonly string[] s_names =
    [
        "UNKNOWN", "EXCEPTION", "IO", "HYPERCALL", "DEBUG", "HLT", "MMIO", "IRQ_WINDOW_OPEN", "SHUTDOWN", "FAIL_ENTRY", "INTR", "SET_TPR",
        "TPR_ACCESS", "S390_SIEIC", "S390_RESET", "DCR", "NMI", "INTERNAL_ERROR", "OSI", "PAPR_HCALL", "S390_UCONTROL", "WATCHDOG",
        "S390_TSCH", "EPR", "SYSTEM_EVENT", "S390_STSI", "IOAPIC_EOI", "HYPERV", "ARM_NISV", "X86_RDMSR", "X86_WRMSR", "DIRTY_RING_FULL",
        "AP_RESET_HOLD", "X86_BUS_LOCK", "XEN", "RISCV_SBI", "RISCV_CSR", "NOTIFY", "LOONGARCH_IOCSR", "MEMORY_FAULT", "TDX", "ARM_SEA",
        "ARM_LDST64B", "SNP_REQ_CERTS",
    ];

    // Those that KVM_RUN is known to return (Documentation/virt/kvm/api.rst and the callers of the architectures).
    private static readonly (int Errno, string Name)[] s_errors =
    [
        (1, "EPERM"), (4, "EINTR"), (5, "EIO"), (8, "ENOEXEC"), (11, "EAGAIN"), (12, "ENOMEM"), (14, "EFAULT"), (22, "EINVAL"),
        (38, "ENOSYS"), (95, "EOPNOTSUPP"), (133, "EHWPOISON"),
    ];

    private static readonly string[] s_suberrors =
        ["emulation failed", "simultaneous exceptions", "event not delivered", "unexpected exit"];

    private static readonly string[] s_events = ["shutdown", "reset", "crash", "wake-up", "suspend", "SEV termination", "TDX fatal error"];

    private const int Shutdown = 8, FailEntry = 9, Intr = 10, InternalError = 17, SystemEvent = 24, Again = -11;

    /// <summary>A signal, or immediate_exit.</summary>
    public static VmmReason Interrupted => new(Intr);

    /// <summary>The name as in linux/kvm.h without KVM_EXIT_, or the errno's; a number where neither is known.</summary>
    public string Name => Raw >= 0
        ? Raw < s_names.Length ? s_names[Raw] : Raw.ToString(CultureInfo.InvariantCulture)
        : ErrorName(-(long)Raw);

    /// <summary>Whether KVM_RUN itself failed.</summary>
    public bool IsError => Raw < 0;

    /// <summary>
    /// Whether a vCPU does not go on after it by itself: SHUTDOWN, FAIL_ENTRY, INTERNAL_ERROR, or an error of KVM_RUN other than EAGAIN,
    /// which asks to call it again.
    /// </summary>
    public bool IsAbnormal => Raw is Shutdown or FailEntry or InternalError || (IsError && Raw != Again);

    /// <summary>
    /// What kvm_run says besides: why the hardware refused, what KVM could not do, which event. Null where it says nothing.
    /// </summary>
    /// <param name="detail">The first number of kvm_run's data for the reason.</param>
    public string? DetailText(ulong detail) => Raw switch
    {
        FailEntry => string.Create(CultureInfo.InvariantCulture, $"hardware_entry_failure_reason 0x{detail:x}"),
        InternalError => Named(s_suberrors, detail, "suberror"),
        SystemEvent => Named(s_events, detail, "type"),
        _ => null,
    };

    /// <summary>Whether kvm_run has a number besides.</summary>
    public bool HasDetail => Raw is FailEntry or InternalError or SystemEvent;

    /// <summary>The reason of a name, in any case; null where there is none.</summary>
    public static VmmReason? Find(string name)
    {
        int at = Array.FindIndex(s_names, n => n.Equals(name, StringComparison.OrdinalIgnoreCase));
        return at >= 0 ? new VmmReason(at) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    // Both enumerations begin with 1.
    private static string Named(string[] names, ulong number, string what) => number is > 0 && number <= (ulong)names.Length
        ? names[number - 1]
        : string.Create(CultureInfo.InvariantCulture, $"{what} {number}");

    private static string ErrorName(long errno)
    {
        foreach ((int number, string name) in s_errors)
            if (number == errno) return name;
        return string.Create(CultureInfo.InvariantCulture, $"errno {errno}");
    }
}
