using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// How long open exits have been open. Where the programs take times, the slot says since when. Where they only count, an exit has been
/// open at least since it was first seen to be: it is the same one as long as no exit has ended in its cell.
/// </summary>
internal sealed class OpenExitWatch(MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_cell> cells, TraceOptions options)
{
    private const int MaxTries = 100;

    // What makes the programs write `exit_ns`.
    private readonly bool _hasTimes = options.WantTime || options.WantsMore;
    private readonly Sighting[] _sightings = new Sighting[slots.Count];

    /// <summary>An open exit as it was first seen: its cell, how many exits had ended there, and when.</summary>
    private readonly record struct Sighting(uint Open, ulong Ended, ulong Ns);

    /// <summary>Looks at all slots, where only that tells how long an exit has been open.</summary>
    internal void Look()
    {
        if (_hasTimes) return;
        for (int i = 1; i < slots.Count; i++)
        {
            ref kvmscope_slot slot = ref slots[i];
            if (slot.tgid != 0 && slot.ended == 0) SeenFor(i, Volatile.Read(ref slot.open));
        }
    }

    /// <summary>Forgets a slot, which will have another owner.</summary>
    internal void Forget(int number) => _sightings[number] = default;

    /// <summary>
    /// How long the slot's exit has been open, and whether it may have been for longer; null where it is not open any more.
    /// </summary>
    /// <param name="slot">The slot, which the programs write meanwhile.</param>
    /// <param name="number">Its number.</param>
    /// <param name="open">What it had open just before.</param>
    internal (ulong Ns, bool IsAtLeast)? AgeOf(ref kvmscope_slot slot, int number, uint open)
    {
        if (!_hasTimes) return SeenFor(number, open) is { } seen ? (seen, true) : null;
        for (int tries = 0; tries < MaxTries; tries++)
        {
            // The programs write `exit_ns` before `open`: if neither has changed, the exit is the one that this time belongs to.
            ulong exit = Volatile.Read(ref slot.exit_ns), now = (ulong)MonotonicClock.NowNs();
            Interlocked.MemoryBarrier();
            uint still = Volatile.Read(ref slot.open);
            if (still != open) return null;
            if (exit == Volatile.Read(ref slot.exit_ns)) return (now > exit ? now - exit : 0, false);
        }
        return null;
    }

    /// <summary>One entry per group, with its oldest exit.</summary>
    /// <param name="ages">Of each vCPU.</param>
    /// <param name="finest">How finely vCPUs may be kept apart.</param>
    internal static OpenAge[] Merge(List<OpenAge> ages, Grouping finest) => finest == Grouping.Vcpu
        ? [.. ages]
        :
        [
            .. ages.GroupBy(o => o.Key.At(finest)).Select(g => g.MaxBy(o => o.Ns) with { Key = g.Key, Count = (ulong)g.Count() }),
        ];

    private ulong? SeenFor(int number, uint open)
    {
        ref Sighting before = ref _sightings[number];
        if (open < kvmscope_open.KVMSCOPE_FIRST_CELL || open >= cells.Count)
        {
            before = default;
            return null;
        }
        ulong ended = Volatile.Read(ref cells[(int)open].ended), now = (ulong)MonotonicClock.NowNs();
        if (before.Open == open && before.Ended == ended) return now - before.Ns;
        before = new Sighting(open, ended, now);
        return 0;
    }
}
