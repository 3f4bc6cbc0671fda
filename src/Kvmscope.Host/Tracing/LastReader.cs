using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>Reads the last exits of vCPUs: of those that ended before their slots are given back, of all others at the end.</summary>
/// <param name="slots">The slots.</param>
/// <param name="vmms">Calls of KVM_RUN, by slot.</param>
/// <param name="ring">The exits that have ended, <see cref="TableSizes.LastPlaces"/> for each slot.</param>
/// <param name="perVcpu">How many are wanted.</param>
/// <param name="vms">Names the VMs.</param>
internal sealed unsafe class LastReader(
    MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_vmm> vmms, MappedTable<kvmscope_last> ring, int perVcpu, VmDirectory vms)
{
    // UNREAD_CODE of bpf/kvm_compat.bpf.h.
    private const ulong UnreadCode = ulong.MaxValue;

    // A writer is done within a microsecond, unless this host is a guest that stands still.
    private const int MaxTries = 1000;

    private readonly int _places = TableSizes.LastPlaces(perVcpu);
    private List<VcpuHistory> _ended = [];

    /// <summary>Reads a slot whose vCPU has ended, and empties what belongs to it.</summary>
    internal void End(ref kvmscope_slot slot, int number)
    {
        _ended.Add(Take(ref slot, number, hasEnded: true));
        for (int at = number * _places; at < (number + 1) * _places; at++) Clear(ref ring[at]);
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
        (List<kvmscope_last> copies, ulong seen, int unread) = Copy(ref slot, number);
        return new VcpuHistory(vms.Of(number), (int)slot.vcpu_id, (int)slot.tid, MonotonicClock.ToWallClock(at), hasEnded)
        {
            Place = ReturnReader.PlaceOf(Volatile.Read(ref vmm.open)),
            LastReturn = ReturnOf(ref vmm, at),
            Seen = seen,
            Unread = unread,
            Exits = [.. Enumerable.Range(0, copies.Count).Select(i => ExitOf(copies[i], i == 0 ? default : copies[i - 1]))],
        };
    }

    // The oldest first; how many exits there were, and how many could not be copied whole.
    private (List<kvmscope_last> Copies, ulong Seen, int Unread) Copy(ref kvmscope_slot slot, int number)
    {
        bool isWhole = TryCopyOpen(ref slot, out kvmscope_last open, out ulong ended);
        var copies = new List<kvmscope_last>(_places + 1);
        int unread = isWhole ? 0 : 1;
        for (int i = 0; i < _places && (ulong)i < ended; i++)
        {
            if (TryCopy(ref ring[(number * _places) + i], out kvmscope_last copy)) copies.Add(copy);
            else unread++;
        }
        copies.Sort((a, b) => a.number.CompareTo(b.number));
        ulong seen = copies.Count == 0 ? ended : Math.Max(ended, copies[^1].number);
        // It may have ended meanwhile, or is just about to.
        bool isNew = open.number > seen && (copies.Count == 0 || copies[^1].exit_ns != open.exit_ns);
        if (isNew) copies.Add(open);
        copies.RemoveRange(0, Math.Max(0, copies.Count - perVcpu));
        return (copies, isNew ? open.number : seen, unread);
    }

    private static bool TryCopy(ref kvmscope_last entry, out kvmscope_last copy)
    {
        for (int tries = 0; tries < MaxTries; tries++)
        {
            ulong number = Volatile.Read(ref entry.number);
            copy = entry;
            Interlocked.MemoryBarrier();
            if (number != 0 && number == Volatile.Read(ref entry.number)) return true;
        }
        copy = default;
        return false;
    }

    // The exit that is open (without a number if none is), and how many had ended before it.
    private static bool TryCopyOpen(ref kvmscope_slot slot, out kvmscope_last copy, out ulong ended)
    {
        for (int tries = 0; tries < MaxTries; tries++)
        {
            ended = Volatile.Read(ref slot.last_number);
            copy = OpenOf(ref slot, ended + 1);
            Interlocked.MemoryBarrier();
            // What is known of an open exit changes: its qualifier, its returns.
            kvmscope_last again = OpenOf(ref slot, Volatile.Read(ref slot.last_number) + 1);
            if (BytesOf(ref copy).SequenceEqual(BytesOf(ref again))) return true;
        }
        copy = default;
        ended = Volatile.Read(ref slot.last_number);
        return false;
    }

    private static ReadOnlySpan<byte> BytesOf(ref kvmscope_last exit) => MemoryMarshal.AsBytes(new Span<kvmscope_last>(ref exit));

    private static kvmscope_last OpenOf(ref kvmscope_slot slot, ulong number)
    {
        if (Volatile.Read(ref slot.open) < kvmscope_open.KVMSCOPE_OPEN_DROPPED) return default;
        return new kvmscope_last
        {
            number = number,
            exit_ns = slot.exit_ns,
            code = slot.last_code,
            qualifier = slot.qualifier,
            rip = slot.rip,
            returns = slot.last_returns,
            traits = slot.traits,
            qualifier_state = slot.qualifier_state,
        };
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
        (exit.traits & kvmscope_trait.KVMSCOPE_TRAIT_L2) != 0 ? ExitLevel.L2 : ExitLevel.L1,
        exit.code == UnreadCode ? default : new ExitCode(IsaOf(exit), exit.code))
    {
        Qualifier = exit.qualifier_state == kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN
            ? Qualifier.Of(exit.qualifier)
            : Qualifier.None,
        Rip = (exit.traits & kvmscope_trait.KVMSCOPE_TRAIT_RIP) != 0 ? exit.rip : null,
        HandlingNs = exit.end_ns == 0 ? null : exit.end_ns - Math.Min(exit.exit_ns, exit.end_ns),
        Return = (uint)exit.returns == 0 ? null : new VmmReason((int)(exit.returns >> 32)),
        Returns = (uint)exit.returns,
    };

    private static Isa IsaOf(in kvmscope_last exit) =>
        (Isa)((exit.traits >> kvmscope_trait.KVMSCOPE_TRAIT_ISA) & kvmscope_trait.KVMSCOPE_TRAIT_ISA_MASK);

    private static void Clear<T>(ref T value) where T : unmanaged =>
        Unsafe.InitBlockUnaligned(ref Unsafe.As<T, byte>(ref value), 0, (uint)sizeof(T));
}
