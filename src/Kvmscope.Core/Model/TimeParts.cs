using System.Runtime.CompilerServices;

namespace Kvmscope.Core.Model;

/// <summary>Nanoseconds for each <see cref="TimePart"/>.</summary>
public struct TimeParts
{
    /// <summary>How many parts there are.</summary>
    public const int Count = 8;

    [InlineArray(Count)]
    private struct Values
    {
        private ulong _first;
    }

    private Values _values;

    /// <summary>The ns of a part.</summary>
    public ulong this[TimePart part]
    {
        readonly get => _values[(int)part];
        set => _values[(int)part] = value;
    }

    /// <summary>All parts together, in ns.</summary>
    public readonly ulong Sum
    {
        get
        {
            ulong sum = 0;
            for (int i = 0; i < Count; i++) sum += _values[i];
            return sum;
        }
    }

    /// <summary>Adds each part of the other to the same part of this.</summary>
    public void Add(in TimeParts other)
    {
        Span<ulong> sums = _values;
        ReadOnlySpan<ulong> added = other._values;
        for (int i = 0; i < sums.Length; i++) sums[i] += added[i];
    }

    /// <summary>Whether a part is negative, in two's complement.</summary>
    internal readonly bool HasNegative
    {
        get
        {
            ulong signs = 0;
            foreach (ulong value in (ReadOnlySpan<ulong>)_values) signs |= value;
            return (long)signs < 0;
        }
    }

    /// <summary>Whether all parts are 0.</summary>
    public readonly bool IsZero
    {
        get
        {
            for (int i = 0; i < Count; i++)
                if (_values[i] != 0) return false;
            return true;
        }
    }

    /// <summary>
    /// This minus an earlier reading, part by part, modulo 2^64: a part that shrank is a negative number in two's complement. Such
    /// differences can be added up; <see cref="Settled"/> turns the sum into what can be shown.
    /// </summary>
    public readonly TimeParts Less(in TimeParts earlier)
    {
        TimeParts difference = default;
        for (int i = 0; i < Count; i++) difference._values[i] = unchecked(_values[i] - earlier._values[i]);
        return difference;
    }

    /// <summary>
    /// A difference without negative parts. The parts of an open exit's time are only known when it ends (a wake-up that waits for a CPU
    /// looks like a halt until it runs), so a part may be smaller than it was: it is set to 0, and the missing time is taken from the
    /// largest part, so that the sum stays the difference of the sums.
    /// </summary>
    public readonly TimeParts Settled()
    {
        if (!HasNegative) return this;
        TimeParts settled = this;
        ulong excess = 0;
        for (int i = 0; i < Count; i++)
        {
            if ((long)settled._values[i] >= 0) continue;
            excess += 0 - settled._values[i];
            settled._values[i] = 0;
        }
        while (excess > 0)
        {
            int largest = 0;
            for (int i = 1; i < Count; i++)
                if (settled._values[i] > settled._values[largest]) largest = i;
            ulong taken = Math.Min(excess, settled._values[largest]);
            if (taken == 0) break;
            settled._values[largest] -= taken;
            excess -= taken;
        }
        return settled;
    }
}

/// <summary>Where a vCPU's wall-clock time went. The parts of a vCPU add up to the time that it was observed.</summary>
public enum TimePart
{
    /// <summary>The guest ran (L1 or L2).</summary>
    Guest,

    /// <summary>KVM handled an exit, on the CPU.</summary>
    Kvm,

    /// <summary>The vCPU's thread was in user space, running or waiting: from the return of KVM_RUN to the next.</summary>
    Vmm,

    /// <summary>The thread could run and waited for a CPU.</summary>
    Runq,

    /// <summary>The vCPU was halted, and its thread slept (HLT and the like).</summary>
    Halt,

    /// <summary>The vCPU was halted, and KVM polled for its wake-up on the CPU.</summary>
    Poll,

    /// <summary>The thread slept in the kernel for another reason (a page that comes from disk, a lock).</summary>
    Sleep,

    /// <summary>What could not be attributed.</summary>
    Unattributed,
}
