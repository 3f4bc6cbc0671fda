using Kvmscope.Core.Captures;
using Kvmscope.Core.Exits;

namespace Kvmscope.Interchange.Text;

/// <summary>What stands after the name of an event, in all the ways that kernels and libtraceevent print it.</summary>
internal sealed class EventText
{
    private const ulong ArmTrap = 2;

    private readonly ReasonNames _reasons = new();

    /// <summary>Which event a name is; None for those that are not used.</summary>
    internal static CapturedKind KindOf(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("sched_switch"u8)) return CapturedKind.Switch;
        if (!name.StartsWith("kvm_"u8)) return CapturedKind.None;
        return name["kvm_".Length..] switch
        {
            var n when n.SequenceEqual("exit"u8) => CapturedKind.Exit,
            var n when n.SequenceEqual("entry"u8) => CapturedKind.Entry,
            var n when n.SequenceEqual("msr"u8) => CapturedKind.Msr,
            var n when n.SequenceEqual("cpuid"u8) => CapturedKind.Cpuid,
            var n when n.SequenceEqual("pio"u8) => CapturedKind.Pio,
            var n when n.SequenceEqual("mmio"u8) => CapturedKind.Mmio,
            var n when n.SequenceEqual("fast_mmio"u8) => CapturedKind.FastMmio,
            var n when n.SequenceEqual("page_fault"u8) => CapturedKind.PageFault,
            var n when n.SequenceEqual("hypercall"u8) => CapturedKind.Hypercall,
            var n when n.SequenceEqual("hv_hypercall"u8) => CapturedKind.HypervHypercall,
            var n when n.SequenceEqual("userspace_exit"u8) => CapturedKind.UserspaceExit,
            var n when n.SequenceEqual("nested_vmexit"u8) => CapturedKind.NestedExit,
            var n when n.SequenceEqual("nested_vmexit_inject"u8) => CapturedKind.NestedInject,
            var n when n.SequenceEqual("nested_vmenter"u8) || n.SequenceEqual("nested_vmrun"u8) => CapturedKind.NestedEnter,
            _ => CapturedKind.None,
        };
    }

    /// <summary>Reads what the body says into the event, whose kind is set.</summary>
    /// <returns>False where it cannot be read.</returns>
    internal bool TryRead(ReadOnlySpan<byte> body, ref CapturedEvent e)
    {
        switch (e.Kind)
        {
            case CapturedKind.Exit: return TryExit(body, ref e);
            case CapturedKind.Entry:
                e.Vcpu = VcpuOf(body);
                return true;
            case CapturedKind.NestedExit: return true;
            case CapturedKind.Msr:
                e.IsWrite = body.StartsWith("msr_write "u8);
                return (e.IsWrite || body.StartsWith("msr_read "u8)) && Words.TryHex(Words.After(body, " "u8), out e.Value);
            case CapturedKind.Cpuid:
                e.HasInfo = Words.TryHex(Words.After(body, " idx "u8), out e.Info1);
                return body.StartsWith("func "u8) && Words.TryHex(body[5..], out e.Value);
            case CapturedKind.Pio:
                e.IsWrite = body.StartsWith("pio_write "u8);
                return (e.IsWrite || body.StartsWith("pio_read "u8)) && Words.TryHex(Words.After(body, " at "u8), out e.Value);
            case CapturedKind.Mmio:
                e.IsWrite = body.StartsWith("mmio write "u8);
                return Words.TryHex(Words.After(body, " gpa "u8), out e.Value);
            case CapturedKind.FastMmio: return Words.TryHex(Words.After(body, "gpa "u8), out e.Value);
            case CapturedKind.Hypercall: return Words.TryHex(Words.After(body, "nr "u8), out e.Value);
            case CapturedKind.HypervHypercall: return Words.TryHex(Words.After(body, "code "u8), out e.Value);
            case CapturedKind.PageFault: return Words.TryHex(Words.After(body, "address "u8), out e.Value);
            case CapturedKind.Switch: return TrySwitch(body, ref e);
            default: return true;
        }
    }

    // prev_state=R+ ==> next_comm=a next_pid=15 of the kernel, 'b:146 [120] R ==> a:15 [120]' of libtraceevent's plugin.
    private static bool TrySwitch(ReadOnlySpan<byte> body, ref CapturedEvent e)
    {
        int arrow = body.IndexOf(" ==> "u8);
        if (arrow < 0) return false;
        ReadOnlySpan<byte> before = body[..arrow], after = body[(arrow + 5)..];
        ReadOnlySpan<byte> state = Words.After(before, " prev_state="u8);
        if (state.IsEmpty) state = before[(before.LastIndexOf((byte)' ') + 1)..];
        e.IsWrite = state.StartsWith("R"u8);
        ReadOnlySpan<byte> next = Words.After(after, " next_pid="u8);
        if (next.IsEmpty && after.LastIndexOf(" ["u8) is > 0 and var bracket)
            next = after[(after[..bracket].LastIndexOf((byte)':') + 1)..bracket];
        bool isRead = Words.TryDecimal(next, out long tid, out _);
        e.Value = (ulong)tid;
        return isRead;
    }

    private bool TryExit(ReadOnlySpan<byte> body, ref CapturedEvent e)
    {
        if (body.IndexOf(" HSR_EC: "u8) is > 0 and var arm) return TryArmExit(body[..arm], body[arm..], ref e);
        if (body.StartsWith("SEPC:"u8)) return TryRiscvExit(body, ref e);
        ReadOnlySpan<byte> text = body.StartsWith("reason "u8) ? body["reason ".Length..] : Words.After(body, " reason "u8);
        if (text.IsEmpty) return false;
        e.Vcpu = VcpuOf(body[..^text.Length]);
        int end = EndOfReason(text);
        e.Code = _reasons.Find(text[..end]);
        text = text[end..];
        if (Words.TryHex(Words.After(text, " rip "u8), out ulong rip)) e.Rip = rip;
        if (Words.TryHex(Words.After(text, " info1 "u8), out e.Info1))
        {
            e.HasInfo = true;
            Words.TryHex(Words.After(text, " info2 "u8), out e.Info2);
        }
        else if (Words.After(text, " info "u8) is { IsEmpty: false } info && Words.TryHex(info, out e.Info1))
        {
            e.HasInfo = true;
            Words.TryHex(Words.After(info, " "u8), out e.Info2);
        }
        if (Words.TryHex(Words.After(text, " intr_info "u8), out ulong interrupt)) e.Interrupt = (uint)interrupt;
        return true;
    }

    // "IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x…": the class counts only for traps.
    private static bool TryArmExit(ReadOnlySpan<byte> returned, ReadOnlySpan<byte> rest, ref CapturedEvent e)
    {
        returned = returned.TrimEnd((byte)':');
        ulong? number = returned switch
        {
            var r when r.SequenceEqual("IRQ"u8) => 0,
            var r when r.SequenceEqual("SERROR"u8) => 1,
            var r when r.SequenceEqual("TRAP"u8) => ArmTrap,
            var r when r.SequenceEqual("IL"u8) => 3,
            var r when r.SequenceEqual("HYP_GONE"u8) => 0xbadca11,
            var r => Words.TryHex(r, out ulong other) ? other & 0x7fff_ffff : null,
        };
        if (number is not { } value || !Words.TryHex(Words.After(rest, "HSR_EC: "u8), out ulong exceptionClass)) return false;
        e.Code = new ExitCode(Isa.Arm64, value << 8 | (value == ArmTrap ? exceptionClass & 0x3f : 0));
        if (Words.TryHex(Words.After(rest, "PC: "u8), out ulong pc)) e.Rip = pc;
        return true;
    }

    // "SEPC:0x…, SCAUSE:0x…, STVAL:0x…, HTVAL:0x…, HTINST:0x…"
    private static bool TryRiscvExit(ReadOnlySpan<byte> body, ref CapturedEvent e)
    {
        if (!Words.TryHex(Words.After(body, " SCAUSE:"u8), out ulong scause)) return false;
        e.Code = new ExitCode(Isa.Riscv64, scause);
        if (Words.TryHex(body["SEPC:".Length..], out ulong pc)) e.Rip = pc;
        e.HasInfo = Words.TryHex(Words.After(body, " STVAL:"u8), out e.Info1);
        Words.TryHex(Words.After(body, " HTVAL:"u8), out e.Info2);
        return true;
    }

    private static int EndOfReason(ReadOnlySpan<byte> text)
    {
        int end = text.Length;
        if (text.IndexOf(" rip "u8) is >= 0 and var rip) end = rip;
        if (text[..end].IndexOf(" info"u8) is >= 0 and var info) end = info;
        return text[..end].TrimEnd((byte)' ').Length;
    }

    private static int VcpuOf(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> after = text.StartsWith("vcpu "u8) ? text["vcpu ".Length..] : Words.After(text, " vcpu "u8);
        return Words.TryId(after, out int id) ? id : CapturedEvent.Unknown;
    }
}
