using System.Runtime.CompilerServices;
using Kvmscope.Core.Captures;
using Kvmscope.Core.Exits;
using Kvmscope.Interchange.Text;

namespace Kvmscope.Interchange.Formats;

/// <summary>
/// Reads the binary records of events by their formats. Both perf.data and trace.dat have them as the kernel writes them.
/// </summary>
/// <param name="isBigEndian">The byte order of the machine that wrote them.</param>
internal sealed class RecordDecoder(bool isBigEndian)
{
    private const ulong ArmTrap = 2;

    private readonly Layout?[] _layouts = new Layout?[ushort.MaxValue + 1];

    /// <summary>The bytes of the number of an event at the beginning of each record, and where it is.</summary>
    internal EventField TypeField { get; private set; } = new(0, 2);

    /// <summary>Where the thread is in each record.</summary>
    internal EventField PidField { get; private set; } = new(4, 4);

    /// <summary>Adds a format; those of events that are not used are not kept.</summary>
    internal void Add(EventFormat format)
    {
        CapturedKind kind = EventText.KindOf(System.Text.Encoding.UTF8.GetBytes(format.Name));
        if (kind == CapturedKind.None) return;
        TypeField = format["common_type"].Or(TypeField);
        PidField = format["common_pid"].Or(PidField);
        _layouts[format.Id] ??= new Layout(kind, format);
    }

    /// <summary>Which event a record is of.</summary>
    internal CapturedKind KindOf(ReadOnlySpan<byte> record) => LayoutOf(record)?.Kind ?? CapturedKind.None;

    /// <summary>The kind of an event by its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal CapturedKind KindOf(ulong id) => id <= ushort.MaxValue ? _layouts[id]?.Kind ?? CapturedKind.None : CapturedKind.None;

    /// <summary>The thread of a record.</summary>
    internal int TidOf(ReadOnlySpan<byte> record) =>
        TryNumber(record, PidField, out ulong tid) && (int)tid >= 0 ? (int)tid : CapturedEvent.Unknown;

    /// <summary>Reads a record into an event, of which time, thread and CPU are left to the caller.</summary>
    /// <returns>False where it is too short for its format, or of an event that is not used.</returns>
    internal bool TryRead(ReadOnlySpan<byte> record, ref CapturedEvent e)
    {
        if (LayoutOf(record) is not { } layout) return false;
        e.Kind = layout.Kind;
        ulong number;
        switch (layout.Kind)
        {
            case CapturedKind.Exit when !layout.Ret.IsMissing: return TryArmExit(record, layout, ref e);
            case CapturedKind.Exit when !layout.Cause.IsMissing: return TryRiscvExit(record, layout, ref e);
            case CapturedKind.Exit: return TryExit(record, layout, ref e);
            case CapturedKind.Entry:
                if (TryNumber(record, layout.Vcpu, out number)) e.Vcpu = (int)Math.Min(number, int.MaxValue);
                return true;
            case CapturedKind.Mmio:
                if (TryNumber(record, layout.Way, out number)) e.IsWrite = number == 2;
                return TryNumber(record, layout.Value, out e.Value);
            case CapturedKind.Cpuid:
                e.HasInfo = TryNumber(record, layout.Info1, out e.Info1);
                return TryNumber(record, layout.Value, out e.Value);
            case CapturedKind.Pio or CapturedKind.Msr or CapturedKind.FastMmio or CapturedKind.Hypercall or CapturedKind.HypervHypercall
                or CapturedKind.PageFault:
                if (TryNumber(record, layout.Way, out number)) e.IsWrite = number != 0;
                return TryNumber(record, layout.Value, out e.Value);
            case CapturedKind.Switch:
                // The low bits are the reasons to sleep; above them, whether it was preempted (TASK_STATE_MAX).
                if (!TryNumber(record, layout.Way, out number)) return false;
                e.IsWrite = (number & 0xff) == 0;
                return TryNumber(record, layout.Value, out e.Value);
            default: return true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Layout? LayoutOf(ReadOnlySpan<byte> record) =>
        TryNumber(record, TypeField, out ulong type) && type <= ushort.MaxValue ? _layouts[type] : null;

    private bool TryExit(ReadOnlySpan<byte> record, Layout layout, ref CapturedEvent e)
    {
        if (!TryNumber(record, layout.Reason, out ulong reason) || !TryNumber(record, layout.IsaField, out ulong isa)) return false;
        e.Code = isa switch
        {
            // KVM_ISA_VMX, KVM_ISA_SVM. Bits of VMX that have no meaning here are left out: basic reason, bus lock, failed entry.
            1 => new ExitCode(Isa.Vmx, reason & 0x8400_ffff),
            2 => new ExitCode(Isa.Svm, (uint)reason),
            _ => default,
        };
        if (TryNumber(record, layout.Vcpu, out ulong vcpu)) e.Vcpu = (int)Math.Min(vcpu, int.MaxValue);
        if (TryNumber(record, layout.Rip, out ulong rip)) e.Rip = rip;
        e.HasInfo = TryNumber(record, layout.Info1, out e.Info1) && TryNumber(record, layout.Info2, out e.Info2);
        if (TryNumber(record, layout.Interrupt, out ulong interrupt)) e.Interrupt = (uint)interrupt;
        // Up to 5.9 the second number is the interruption information.
        else if (e.HasInfo && layout.Interrupt.IsMissing && isa == 1) e.Interrupt = (uint)e.Info2;
        return true;
    }

    private bool TryArmExit(ReadOnlySpan<byte> record, Layout layout, ref CapturedEvent e)
    {
        if (!TryNumber(record, layout.Ret, out ulong ret) || !TryNumber(record, layout.ExceptionClass, out ulong exceptionClass))
            return false;
        ret &= 0x7fff_ffff;
        e.Code = new ExitCode(Isa.Arm64, ret << 8 | (ret == ArmTrap ? exceptionClass & 0x3f : 0));
        if (TryNumber(record, layout.Rip, out ulong pc)) e.Rip = pc;
        return true;
    }

    private bool TryRiscvExit(ReadOnlySpan<byte> record, Layout layout, ref CapturedEvent e)
    {
        if (!TryNumber(record, layout.Cause, out ulong cause)) return false;
        e.Code = new ExitCode(Isa.Riscv64, cause);
        if (TryNumber(record, layout.Rip, out ulong pc)) e.Rip = pc;
        e.HasInfo = TryNumber(record, layout.Info1, out e.Info1) && TryNumber(record, layout.Info2, out e.Info2);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryNumber(ReadOnlySpan<byte> record, EventField field, out ulong number)
    {
        number = 0;
        if (field.Offset + field.Size > record.Length) return false;
        ReadOnlySpan<byte> bytes = record[field.Offset..];
        switch (field.Size)
        {
            case 1: number = bytes[0]; return true;
            case 2: number = Numbers.U16(bytes, isBigEndian); return true;
            case 4: number = Numbers.U32(bytes, isBigEndian); return true;
            case 8: number = Numbers.U64(bytes, isBigEndian); return true;
            default: return false;
        }
    }

    /// <summary>The fields that are used of an event.</summary>
    private sealed class Layout(CapturedKind kind, EventFormat format)
    {
        internal CapturedKind Kind { get; } = kind;

        internal EventField Reason { get; } = format["exit_reason"];

        internal EventField IsaField { get; } = format["isa"];

        internal EventField Vcpu { get; } = format["vcpu_id"];

        internal EventField Rip { get; } = format["guest_rip"].Or(format["vcpu_pc"]).Or(format["sepc"]);

        internal EventField Info1 { get; } = kind == CapturedKind.Cpuid ? format["index"] : format["info1"].Or(format["stval"]);

        internal EventField Info2 { get; } = format["info2"].Or(format["htval"]);

        internal EventField Interrupt { get; } = format["intr_info"];

        internal EventField Ret { get; } = format["ret"];

        internal EventField Cause { get; } = format["scause"];

        internal EventField ExceptionClass { get; } = format["esr_ec"];

        internal EventField Value { get; } = kind switch
        {
            CapturedKind.Pio => format["port"],
            CapturedKind.Mmio => format["gpa"],
            CapturedKind.FastMmio => format["gpa"].Or(format["fast_mmio"]),
            CapturedKind.Msr => format["ecx"],
            CapturedKind.Cpuid => format["function"],
            CapturedKind.Hypercall => format["nr"],
            CapturedKind.HypervHypercall => format["code"],
            CapturedKind.PageFault => format["fault_address"],
            CapturedKind.Switch => format["next_pid"],
            _ => default,
        };

        internal EventField Way { get; } = kind switch
        {
            CapturedKind.Pio => format["rw"],
            CapturedKind.Mmio => format["type"],
            CapturedKind.Msr => format["write"],
            CapturedKind.Switch => format["prev_state"],
            _ => default,
        };
    }
}
