using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories.Packing;

/// <summary>
/// VMs and vCPUs one after the other, as the difference to the one before. Intervals have the vCPUs of a VM together and in order: most
/// take nothing but two bits.
/// </summary>
internal struct OwnerCodec
{
    /// <summary>The bits that say how it is written.</summary>
    internal const int Mask = 3;

    private const int Same = 0, NextVcpu = 1, SameVm = 2, Any = 3;

    private int _vm, _vcpu;

    internal readonly int Vm => _vm;

    internal readonly int Vcpu => _vcpu;

    internal readonly int FlagsOf(int vm, int vcpu)
    {
        if (vm != _vm) return Any;
        return vcpu == _vcpu ? Same : vcpu == _vcpu + 1 ? NextVcpu : SameVm;
    }

    internal void Write(PackWriter to, int flags, int vm, int vcpu)
    {
        int how = flags & Mask;
        if (how == Any) to.Signed((long)vm - _vm);
        if (how >= SameVm) to.Signed((long)vcpu - _vcpu);
        (_vm, _vcpu) = (vm, vcpu);
    }

    internal void Read(ref PackReader from, int flags)
    {
        int how = flags & Mask;
        if (how == Any) _vm = (int)(_vm + from.Signed());
        if (how >= SameVm) _vcpu = (int)(_vcpu + from.Signed());
        if (how == NextVcpu) _vcpu++;
    }
}

/// <summary>
/// Reasons with their levels, numbered as they are first met; a number is defined where it is first used. What follows a reason is most
/// often what followed it last time.
/// </summary>
internal sealed class CodeTable
{
    private readonly Dictionary<(ExitCode, ExitLevel), int> _numbers = [];
    private readonly List<(ExitCode Code, ExitLevel Level)> _codes = [];
    private readonly List<int> _next = [0];
    private int _last;

    internal int Count => _codes.Count;

    internal (ExitCode Code, ExitLevel Level) this[int number] => _codes[number];

    /// <summary>What is expected to come next.</summary>
    internal int Expected => _next[_last];

    internal void Clear()
    {
        _numbers.Clear();
        _codes.Clear();
        _next.Clear();
        _next.Add(0);
        _last = 0;
    }

    /// <summary>The number of a reason; equal to the count before where it is new.</summary>
    internal int NumberOf(ExitCode code, ExitLevel level)
    {
        int expected = Expected;
        if (expected < _codes.Count && Is(_codes[expected], code, level)) return expected;
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, (code, level), out bool isKnown);
        if (!isKnown)
        {
            number = _codes.Count;
            Define(code, level);
        }
        return number;
    }

    /// <summary>Adds one with the next number, where it was read.</summary>
    internal void Define(ExitCode code, ExitLevel level)
    {
        _codes.Add((code, level));
        _next.Add(0);
    }

    /// <summary>Notes that this one came next.</summary>
    internal void Follow(int number)
    {
        _next[_last] = number;
        _last = number;
    }

    private static bool Is((ExitCode Code, ExitLevel Level) known, ExitCode code, ExitLevel level) =>
        known.Code.Code == code.Code && known.Level == level && known.Code.Isa == code.Isa;
}

/// <summary>The reason's argument, the page and the instruction of a key.</summary>
internal struct PartCodec
{
    private const int PageShift = 2, RipShift = 4, HasPlace = 1 << 6, HasUnknown = 1 << 7;

    private ulong _qualifier, _page, _rip;

    internal static bool HasAny(in GroupKey key) => key.Qualifier != default || key.Place is not null;

    internal void Write(PackWriter to, in GroupKey key)
    {
        Qualifier qualifier = key.Qualifier, page = key.Place?.Page ?? default, rip = key.Place?.Rip ?? default;
        int what = (int)qualifier.State | (int)page.State << PageShift | (int)rip.State << RipShift;
        if (key.Place is not null) what |= HasPlace;
        // What is not known has no number.
        bool isOdd = IsOdd(qualifier) || IsOdd(page) || IsOdd(rip);
        to.Byte((byte)(what | (isOdd ? HasUnknown : 0)));
        Write(to, qualifier, isOdd, ref _qualifier);
        Write(to, page, isOdd, ref _page);
        Write(to, rip, isOdd, ref _rip);
    }

    internal GroupKey Read(ref PackReader from, GroupKey key)
    {
        int what = from.Byte();
        bool isOdd = (what & HasUnknown) != 0;
        Qualifier qualifier = Read(ref from, what, isOdd, ref _qualifier), page = Read(ref from, what >> PageShift, isOdd, ref _page),
            rip = Read(ref from, what >> RipShift, isOdd, ref _rip);
        return key with { Qualifier = qualifier, Place = (what & HasPlace) != 0 ? new Place(page, rip) : null };
    }

    private static bool IsOdd(Qualifier part) => part.State != QualifierState.Known && part.Raw != 0;

    // Addresses near each other, and the same arguments again and again: the difference is small.
    private static void Write(PackWriter to, Qualifier part, bool isOdd, ref ulong last)
    {
        if (part.State != QualifierState.Known && !isOdd) return;
        to.Signed((long)(part.Raw - last));
        last = part.Raw;
    }

    private static Qualifier Read(ref PackReader from, int state, bool isOdd, ref ulong last)
    {
        var known = (QualifierState)(state & 3);
        if (known != QualifierState.Known && !isOdd) return new Qualifier(known, 0);
        last += (ulong)from.Signed();
        return new Qualifier(known, last);
    }
}
