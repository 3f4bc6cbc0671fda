using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>The wall clock of a slot's vCPU at one instant. An exit that is open then is split as far as it has progressed.</summary>
internal unsafe ref struct WallClock
{
    private const int MaxTries = 100;

    private static readonly TimePart[] s_parts = [.. Enumerable.Range(0, kvmscope_part.KVMSCOPE_PARTS).Select(PartOf)];

    /// <summary>How long the vCPU was observed, in ns; 0 if it was not.</summary>
    internal ulong WallNs;

    /// <summary>The cell of the open exit, or a value of <see cref="kvmscope_open"/>.</summary>
    internal int Open;

    /// <summary>How long the open exit has taken so far, in ns.</summary>
    internal ulong OpenNs;

    /// <summary>The parts of the open exit.</summary>
    internal TimeParts OpenParts;

    /// <summary>The time outside of exits: in the guest, and what was in no exit.</summary>
    internal TimeParts Outside;

    /// <summary>Reads a slot while the BPF programs write it.</summary>
    /// <param name="slot">The slot, in mapped memory.</param>
    /// <param name="nowNs">CLOCK_MONOTONIC.</param>
    /// <param name="isFinal">The vCPU has ended, whether or not a hook reported when.</param>
    internal void Take(ref kvmscope_slot slot, Func<ulong> nowNs, bool isFinal)
    {
        for (int tries = 0; tries < MaxTries; tries++)
        {
            uint open = Volatile.Read(ref slot.open);
            ulong exit = Volatile.Read(ref slot.exit_ns), entry = Volatile.Read(ref slot.entry_ns);
            ulong output = Volatile.Read(ref slot.out_ns), user = Volatile.Read(ref slot.user_ns);
            TakeAt(ref slot, open, exit, entry, output, user, EndOf(ref slot, nowNs, isFinal));
            Interlocked.MemoryBarrier();
            if (open == Volatile.Read(ref slot.open) && exit == Volatile.Read(ref slot.exit_ns) && entry == Volatile.Read(ref slot.entry_ns)
                && output == Volatile.Read(ref slot.out_ns) && user == Volatile.Read(ref slot.user_ns)) return;
        }
    }

    // Without a hook for the end of vCPUs: it lived at least until its last event.
    private static ulong EndOf(ref kvmscope_slot slot, Func<ulong> nowNs, bool isFinal)
    {
        ulong ended = Volatile.Read(ref slot.ended_ns);
        if (ended != 0) return ended;
        return isFinal
            ? Math.Max(Math.Max(slot.exit_ns, slot.entry_ns), Math.Max(slot.out_ns, Math.Max(slot.user_ns, slot.born_ns)))
            : nowNs();
    }

    private void TakeAt(ref kvmscope_slot slot, uint open, ulong exit, ulong entry, ulong output, ulong user, ulong end)
    {
        WallNs = slot.born_ns == 0 ? 0 : Less(end, slot.born_ns);
        Open = (int)open;
        OpenNs = 0;
        OpenParts = default;
        Outside = default;
        if (WallNs == 0) return;
        for (int i = 0; i < kvmscope_part.KVMSCOPE_PARTS; i++) Outside[PartOf(i)] = Volatile.Read(ref slot.outside[i]);
        Outside[TimePart.Guest] = slot.guest_ns;
        if (entry != 0)
        {
            // It was preempted between the exit of the hardware and KVM's report of it.
            ulong until = output != 0 ? Math.Max(output, entry) : end;
            Outside[TimePart.Guest] += Less(until, entry);
            Outside[TimePart.Runq] += Less(end, until);
        }
        else if (open >= kvmscope_open.KVMSCOPE_FIRST_CELL)
        {
            OpenNs = Less(end, exit);
            SplitOpen(ref slot, output, user, end);
        }
        else if (user != 0) Outside[TimePart.Vmm] += Less(end, user);
        else if (output != 0) Outside[PartOf((int)slot.out_part)] += Less(end, output);
        else if (open == kvmscope_open.KVMSCOPE_OPEN_FRESH && slot.touched == 0) AddSeen(ref slot, end);
    }

    // It was there before the trace, and there was no event: it does what it was found to be doing.
    private void AddSeen(ref kvmscope_slot slot, ulong end)
    {
        TimePart? part = slot.seen switch
        {
            kvmscope_seen.KVMSCOPE_SEEN_USER => TimePart.Vmm,
            kvmscope_seen.KVMSCOPE_SEEN_HALT => TimePart.Halt,
            kvmscope_seen.KVMSCOPE_SEEN_GUEST => TimePart.Guest,
            _ => null,
        };
        if (part is { } does) Outside[does] += Less(end, slot.seen_ns);
    }

    private void SplitOpen(ref kvmscope_slot slot, ulong output, ulong user, ulong end)
    {
        ulong left = OpenNs;
        if (user != 0) Put(TimePart.Vmm, Less(end, user), ref left);
        else if (output != 0) Put(PartOf((int)slot.out_part), Less(end, output), ref left);
        for (int i = 0; i < kvmscope_part.KVMSCOPE_PARTS; i++) Put(PartOf(i), Volatile.Read(ref slot.parts[i]), ref left);
        OpenParts[TimePart.Kvm] = left;
    }

    private void Put(TimePart part, ulong ns, ref ulong left)
    {
        ns = Math.Min(ns, left);
        OpenParts[part] += ns;
        left -= ns;
    }

    /// <summary>The parts of a handling time as the BPF programs keep them; what they do not explain is KVM's.</summary>
    internal static TimeParts PartsOf(ulong* kept, ulong totalNs)
    {
        TimeParts parts = default;
        ulong left = totalNs;
        for (int i = 0; i < kvmscope_part.KVMSCOPE_PARTS; i++)
        {
            ulong ns = Math.Min(left, kept[i]);
            parts[s_parts[i]] = ns;
            left -= ns;
        }
        parts[TimePart.Kvm] = left;
        return parts;
    }

    /// <summary>The part that has this number in the BPF programs.</summary>
    internal static TimePart PartOf(int part) => part switch
    {
        kvmscope_part.KVMSCOPE_PART_VMM => TimePart.Vmm,
        kvmscope_part.KVMSCOPE_PART_RUNQ => TimePart.Runq,
        kvmscope_part.KVMSCOPE_PART_HALT => TimePart.Halt,
        kvmscope_part.KVMSCOPE_PART_POLL => TimePart.Poll,
        _ => TimePart.Sleep,
    };

    private static ulong Less(ulong a, ulong b) => a > b ? a - b : 0;
}
