using System.Runtime.CompilerServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>Reads the last exits of vCPUs: of those that ended before their slots are given back, of all others at the end.</summary>
/// <param name="slots">The slots.</param>
/// <param name="vmms">Calls of KVM_RUN, by slot.</param>
/// <param name="ring">The exits, <paramref name="perVcpu"/> for each slot.</param>
/// <param name="perVcpu">How many are kept.</param>
/// <param name="vms">Names the VMs.</param>
internal sealed unsafe class LastReader(
    MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_vmm> vmms, MappedTable<kvmscope_last> ring, int perVcpu, VmDirectory vms)
{
    // A writer is done within a microsecond, unless this host is a guest that stands still.
    private const int MaxTries = 1000;

    private List<VcpuHistory> _ended = [];

    /// <summary>Reads a slot whose vCPU has ended, and empties what belongs to it.</summary>
    internal void End(ref kvmscope_slot slot, int number)
    {
        _ended.Add(Take(ref slot, number, hasEnded: true));
        for (int at = number * perVcpu; at < (number + 1) * perVcpu; at++) Clear(ref ring[at]);
        Clear(ref vmms[number]);
    }

    /// <summary>Those that ended since the call before; with <paramref name="all"/> then those that have a slot.</summary>
    internal IReadOnlyList<VcpuHistory> Take(bool all)
    {
        List<VcpuHistory> taken = _ended;
        _ended = [];
        for (int i = 1; all && i < slots.Count; i++)
            if (slots[i].tgid != 0) taken.Add(Take(ref slots[i], i, Volatile.Read(ref slots[i].ended) != 0));
        return taken;
    }

    private VcpuHistory Take(ref kvmscope_slot slot, int number, bool hasEnded)
    {
        ref kvmscope_vmm vmm = ref vmms[number];
        ulong end = Volatile.Read(ref slot.ended_ns);
        long at = hasEnded && end != 0 ? (long)end : MonotonicClock.NowNs();
        (List<kvmscope_last> copies, int unread) = Copy(number);
        return new VcpuHistory(vms.Of(ref slot), (int)slot.vcpu_id, (int)slot.tid, MonotonicClock.ToWallClock(at), hasEnded)
        {
            Place = ReturnReader.PlaceOf(Volatile.Read(ref vmm.open)),
            LastReturn = ReturnOf(ref vmm, at),
            Seen = Volatile.Read(ref slot.last_number),
            Unread = unread,
            Exits = [.. Enumerable.Range(0, copies.Count).Select(i => ExitOf(copies[i], i == 0 ? default : copies[i - 1]))],
        };
    }

    // The oldest first.
    private (List<kvmscope_last> Copies, int Unread) Copy(int slot)
    {
        var copies = new List<kvmscope_last>(perVcpu);
        int unread = 0;
        for (int at = slot * perVcpu; at < (slot + 1) * perVcpu; at++)
        {
            ref kvmscope_last entry = ref ring[at];
            if (Volatile.Read(ref entry.version) == 0) continue; // never written
            if (TryCopy(ref entry, out kvmscope_last copy)) copies.Add(copy);
            else unread++;
        }
        copies.Sort((a, b) => a.number.CompareTo(b.number));
        return (copies, unread);
    }

    private static bool TryCopy(ref kvmscope_last entry, out kvmscope_last copy)
    {
        for (int tries = 0; tries < MaxTries; tries++)
        {
            uint version = Volatile.Read(ref entry.version);
            copy = entry;
            Interlocked.MemoryBarrier();
            if (version % 2 == 0 && version == Volatile.Read(ref entry.version)) return true;
        }
        copy = default;
        return false;
    }

    private static VmmReturn? ReturnOf(ref kvmscope_vmm vmm, long at)
    {
        if (vmm.return_ns == 0) return null;
        var reason = new VmmReason((int)vmm.return_kind);
        ulong before = (ulong)Math.Max(0, at - (long)vmm.return_ns);
        return new VmmReturn(
            reason, MonotonicClock.ToWallClock((long)vmm.return_ns), reason.HasDetail ? vmm.return_detail : null, before);
    }

    private static LastExit ExitOf(in kvmscope_last exit, in kvmscope_last before) => new(
        exit.number, MonotonicClock.ToWallClock((long)exit.exit_ns),
        before.number != 0 && before.number == exit.number - 1 ? exit.exit_ns - Math.Min(before.exit_ns, exit.exit_ns) : null,
        (ExitLevel)exit.level, new ExitCode((Isa)exit.isa, exit.code))
    {
        Qualifier = exit.qualifier_state == kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN
            ? Qualifier.Of(exit.qualifier)
            : Qualifier.None,
        Rip = exit.rip_state == kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN ? exit.rip : null,
        HandlingNs = exit.end_ns == 0 ? null : exit.end_ns - Math.Min(exit.exit_ns, exit.end_ns),
        Return = exit.returns == 0 ? null : new VmmReason((int)exit.return_kind),
        Returns = exit.returns,
    };

    private static void Clear<T>(ref T value) where T : unmanaged =>
        Unsafe.InitBlockUnaligned(ref Unsafe.As<T, byte>(ref value), 0, (uint)sizeof(T));
}
