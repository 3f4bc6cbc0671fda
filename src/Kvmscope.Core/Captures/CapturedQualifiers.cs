using Kvmscope.Core.Exits;
using Kvmscope.Core.Exits.Riscv64;
using Kvmscope.Core.Exits.X86;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Captures;

/// <summary>What is known of an open exit's argument, as in bpf/qualifier.bpf.h.</summary>
internal enum QualifierStage : byte
{
    /// <summary>The reason has none.</summary>
    None,

    /// <summary>Another event may say it.</summary>
    Late,

    /// <summary>Known, and another event may say it better.</summary>
    Guess,

    /// <summary>Known.</summary>
    Known,
}

/// <summary>
/// The arguments of exits from captured events, by the rules of bpf/*/qualifier.bpf.h. What an event does not say for sure stays
/// unknown.
/// </summary>
internal static class CapturedQualifiers
{
    private const ulong FirstWay = 1UL << 32, SecondWay = 2UL << 32, HypervFlag = 1UL << 32;
    private const ulong MmioFlag = 0x100, PageMask = ~0xfffUL;
    private const ulong SvmMsr = 0x7c, VmxEptViolation = 48, VmxApicWrite = 56;
    private const uint ValidInterrupt = 1U << 31;

    /// <summary>What kvm_exit itself says of the argument.</summary>
    internal static QualifierStage AtExit(in CapturedEvent exit, out Qualifier qualifier)
    {
        qualifier = default;
        QualifierKind kind = Qualifiers.KindOf(exit.Code);
        if (kind == QualifierKind.None) return QualifierStage.None;
        ulong raw = 0;
        QualifierStage stage = exit.Code.Isa switch
        {
            Isa.Vmx => OfVmx(exit, kind, ref raw),
            Isa.Svm => OfSvm(exit, kind, ref raw),
            Isa.Riscv64 => OfRiscv(exit, kind, ref raw),
            _ => QualifierStage.Late,
        };
        if (stage > QualifierStage.Late) qualifier = Qualifier.Of(raw);
        return stage;
    }

    /// <summary>What another event says of the argument of the exit that is open.</summary>
    /// <param name="open">The exit.</param>
    /// <param name="more">The event after it, of the same thread.</param>
    /// <returns>Null where it says nothing of it.</returns>
    internal static ulong? From(in CapturedEvent open, in CapturedEvent more)
    {
        QualifierKind kind = Qualifiers.KindOf(open.Code);
        switch (more.Kind)
        {
            case CapturedKind.Pio when kind == QualifierKind.Port:
                return (more.Value & 0xffff) | (more.IsWrite ? SecondWay : FirstWay);
            case CapturedKind.Mmio or CapturedKind.FastMmio when kind is QualifierKind.Memory:
                return (more.Value & PageMask) | MmioFlag;
            case CapturedKind.Mmio when kind is QualifierKind.Abort:
                return (more.Value & PageMask) | MmioFlag | (more.IsWrite ? 2UL : 1UL);
            case CapturedKind.Msr when kind == QualifierKind.Msr:
                return (uint)more.Value | (open.Code is { Isa: Isa.Svm, Code: SvmMsr } ? more.IsWrite ? SecondWay : FirstWay : 0);
            case CapturedKind.Hypercall when kind == QualifierKind.Hypercall:
                return (uint)more.Value;
            case CapturedKind.HypervHypercall when kind == QualifierKind.Hypercall:
                return HypervFlag | (more.Value & 0xffff);
            case CapturedKind.Cpuid when kind == QualifierKind.Cpuid:
                if (!X86Qualifiers.HasSubleaf((uint)more.Value)) return (uint)more.Value;
                return more.HasInfo ? (uint)more.Value | more.Info1 << 32 : null;
            default:
                return null;
        }
    }

    private static QualifierStage OfSvm(in CapturedEvent exit, QualifierKind kind, ref ulong raw)
    {
        if (!exit.HasInfo) return QualifierStage.Late;
        switch (kind)
        {
            case QualifierKind.Port:
                raw = (exit.Info1 >> 16 & 0xffff) | ((exit.Info1 & 1) != 0 ? FirstWay : SecondWay);
                return QualifierStage.Known;
            case QualifierKind.Memory:
                const ulong present = 1, write = 2, reserved = 8, fetch = 16;
                if ((exit.Info1 & reserved) != 0)
                {
                    raw = (exit.Info2 & PageMask) | MmioFlag;
                    return QualifierStage.Known;
                }
                raw = Access((exit.Info1 & write) != 0, (exit.Info1 & fetch) != 0, (exit.Info1 & present) != 0);
                return QualifierStage.Guess;
            case QualifierKind.ApicRegister:
                raw = (exit.Info1 & 0xff0) | ((exit.Info1 >> 32 & 1) != 0 ? SecondWay : FirstWay);
                return QualifierStage.Known;
            default:
                return QualifierStage.Late;
        }
    }

    private static QualifierStage OfVmx(in CapturedEvent exit, QualifierKind kind, ref ulong raw)
    {
        if (kind is QualifierKind.Interrupt or QualifierKind.Exception)
        {
            if (exit.Interrupt is not { } interrupt || (interrupt & ValidInterrupt) == 0) return QualifierStage.Late;
            raw = interrupt & (kind == QualifierKind.Interrupt ? 0xffU : 0x7ffU);
            return QualifierStage.Known;
        }
        if (!exit.HasInfo) return QualifierStage.Late;
        ulong info = exit.Info1;
        switch (kind)
        {
            case QualifierKind.Port:
                raw = (info >> 16 & 0xffff) | ((info & 8) != 0 ? FirstWay : SecondWay);
                return QualifierStage.Known;
            case QualifierKind.Memory when exit.Code.Code == VmxEptViolation:
                raw = Access((info & 2) != 0, (info & 4) != 0, (info >> 3 & 7) != 0);
                return QualifierStage.Guess;
            case QualifierKind.ControlRegister:
                raw = info & 0x3f;
                return QualifierStage.Known;
            case QualifierKind.DebugRegister:
                raw = info & 0x17;
                return QualifierStage.Known;
            case QualifierKind.ApicRegister when exit.Code.Code == VmxApicWrite:
                raw = (info & 0xff0) | SecondWay;
                return QualifierStage.Known;
            case QualifierKind.ApicRegister:
                raw = (info & 0xfff) | (info >> 12 & 0xf) switch { 0 => FirstWay, 1 => SecondWay, _ => 0 };
                return QualifierStage.Known;
            case QualifierKind.Eoi:
                raw = info & 0xff;
                return QualifierStage.Known;
            default:
                return QualifierStage.Late;
        }
    }

    // stval is the instruction. No event says which function of the SBI it was, or whether a fault was MMIO.
    private static QualifierStage OfRiscv(in CapturedEvent exit, QualifierKind kind, ref ulong raw)
    {
        if (kind != QualifierKind.Instruction || exit.Info1 == 0) return QualifierStage.Late;
        raw = Riscv64Qualifiers.InstructionOf((uint)exit.Info1);
        return QualifierStage.Known;
    }

    private static ulong Access(bool isWrite, bool isFetch, bool isPresent) =>
        (isWrite ? 2UL : isFetch ? 4UL : 1UL) | (isPresent ? 8UL : 0);
}
