using System.Runtime.InteropServices;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Gives every VM of the trace one identity. A VM is a process and a struct kvm, the address of which is only used to tell the VMs of one
/// process apart. A VM that is made after another has ended may have its address: KVM destroys all vCPUs of a VM before it frees it, so
/// they are two where a vCPU of one ended before one of the other was made. What is known of VMs and processes is forgotten when they have
/// ended and their slots were given back.
/// </summary>
/// <param name="commandOf">What a process says of the VM that it runs; null where it has ended.</param>
/// <param name="slots">The slots, by which VMs are known; null where VMs are asked for by process and address alone.</param>
/// <param name="forget">Called with each process that is forgotten.</param>
internal sealed class VmDirectory(
    Func<int, VmmCommand?> commandOf, MappedTable<kvmscope_slot>? slots = null, Action<int>? forget = null)
{
    private readonly Dictionary<(uint Tgid, ulong Kvm), List<Vm>> _vms = [];
    private readonly Dictionary<uint, Process> _processes = [];
    private readonly Holding[] _holdings = new Holding[slots?.Count ?? 0];
    private readonly List<int> _unknown = [];

    /// <summary>A VM: how many slots its vCPUs have, and what tells it from another one at its address.</summary>
    private sealed class Vm(VmIdentity identity)
    {
        internal VmIdentity Identity { get; } = identity;

        internal int Slots { get; set; }

        // When the newest of its vCPUs was made, and when the first ended.
        internal ulong LastMadeNs { get; set; }

        internal ulong FirstEndedNs { get; set; } = ulong.MaxValue;
    }

    /// <summary>A process: how many VMs it has had, the last that ended, and how many slots its vCPUs have.</summary>
    private sealed class Process
    {
        internal int Vms { get; set; }

        internal VmIdentity? Last { get; set; }

        internal int Slots { get; set; }
    }

    /// <summary>Whose vCPU a slot is.</summary>
    private readonly record struct Holding(uint Tgid, ulong Kvm, ulong MadeNs, Vm? Vm)
    {
        internal bool IsOf(ref kvmscope_slot slot) => Vm is not null && Tgid == slot.tgid && Kvm == slot.kvm && MadeNs == slot.made_ns;
    }

    /// <summary>The highest number of a VM so far: they are numbered as they are seen.</summary>
    internal int LastOrdinal { get; private set; }

    /// <summary>How many VMs and processes are remembered.</summary>
    internal (int Vms, int Processes) Known => (_vms.Values.Sum(vms => vms.Count), _processes.Count);

    /// <summary>The identity of the VM whose vCPU has the slot.</summary>
    /// <param name="number">The slot's number.</param>
    internal VmIdentity Of(int number)
    {
        MappedTable<kvmscope_slot> table = slots ?? throw new InvalidOperationException("there are no slots");
        if (!_holdings[number].IsOf(ref table[number])) LearnSlots(table, number);
        return _holdings[number].Vm!.Identity;
    }

    /// <summary>The identity of a VM. It is made when the VM is first seen, so that its name is still known after it has ended.</summary>
    /// <param name="tgid">The process.</param>
    /// <param name="kvm">The VM in it.</param>
    /// <param name="comm">What the kernel called the process, padded with NULs: for one that ended before it was looked at.</param>
    internal VmIdentity Of(uint tgid, ulong kvm, ReadOnlySpan<byte> comm = default) => Find(tgid, kvm, 0, 0, comm).Identity;

    /// <summary>The VM of a process, if nothing else is known; the first if it has several; the last that it had if it has none.</summary>
    internal VmIdentity OfProcess(uint tgid)
    {
        VmIdentity? first = null;
        foreach (((uint Tgid, ulong Kvm) key, List<Vm> vms) in _vms)
        {
            if (key.Tgid != tgid) continue;
            foreach (Vm vm in vms)
                if (first is null || vm.Identity.Ordinal < first.Ordinal) first = vm.Identity;
        }
        return first ?? _processes.GetValueOrDefault(tgid)?.Last ?? Of(tgid, 0);
    }

    /// <summary>A VM that is none of the host's: it stands for several.</summary>
    internal VmIdentity Add(string name) => new(++LastOrdinal, VmIdentity.SeveralPids, name);

    /// <summary>The slot is given back.</summary>
    /// <returns>Its VM, if that has no other: it has ended, and is forgotten. Null otherwise.</returns>
    internal VmIdentity? Release(int number)
    {
        (uint tgid, ulong kvm, _, Vm? vm) = _holdings[number];
        _holdings[number] = default;
        if (vm is null) return null;
        if (_processes.TryGetValue(tgid, out Process? process)) process.Slots--;
        if (--vm.Slots > 0) return null;
        if (_vms.TryGetValue((tgid, kvm), out List<Vm>? vms) && vms.Remove(vm) && vms.Count == 0) _vms.Remove((tgid, kvm));
        if (process is not null) process.Last = vm.Identity;
        return vm.Identity;
    }

    /// <summary>Forgets processes that ended and have no slot, so that a new process with the same number is another VM.</summary>
    internal void ForgetEnded(Func<int, bool> isAlive)
    {
        foreach ((uint tgid, Process process) in _processes)
            if (process.Slots == 0 && !isAlive((int)tgid)) Forget(tgid);
    }

    /// <summary>Forgets a process that ended.</summary>
    internal void Forget(uint tgid)
    {
        foreach ((uint Tgid, ulong Kvm) key in _vms.Keys)
            if (key.Tgid == tgid) _vms.Remove(key);
        _processes.Remove(tgid);
        forget?.Invoke((int)tgid);
    }

    // In the order in which they were made, because that is how VMs of one process are numbered. A slot that is in use says when its vCPU
    // was made, and all that ended before say so already: so first which there are, then which have ended.
    private void LearnSlots(MappedTable<kvmscope_slot> table, int asked)
    {
        _unknown.Clear();
        for (int i = 1; i < table.Count; i++)
            if (i == asked || (Volatile.Read(ref table[i].tgid) != 0 && !_holdings[i].IsOf(ref table[i]))) _unknown.Add(i);
        for (int i = 1; i < table.Count; i++)
            if (_holdings[i].IsOf(ref table[i])) NoteEnd(_holdings[i].Vm!, ref table[i]);
        _unknown.Sort((a, b) => table[a].made_ns.CompareTo(table[b].made_ns));
        foreach (int number in _unknown)
        {
            Release(number);
            Learn(ref table[number], number);
        }
    }

    private unsafe void Learn(ref kvmscope_slot slot, int number)
    {
        (uint tgid, ulong kvm, ulong made) = (slot.tgid, slot.kvm, slot.made_ns);
        ulong ended = slot.ended != 0 ? slot.ended_ns : 0;
        Vm vm;
        fixed (byte* comm = slot.comm)
            vm = Find(tgid, kvm, made, ended, new ReadOnlySpan<byte>(comm, kvmscope_limits.KVMSCOPE_COMM_LENGTH));
        vm.Slots++;
        vm.LastMadeNs = Math.Max(vm.LastMadeNs, made);
        NoteEnd(vm, ref slot);
        ProcessOf(tgid).Slots++;
        _holdings[number] = new Holding(tgid, kvm, made, vm);
    }

    private static void NoteEnd(Vm vm, ref kvmscope_slot slot)
    {
        if (slot.ended != 0 && slot.ended_ns != 0) vm.FirstEndedNs = Math.Min(vm.FirstEndedNs, slot.ended_ns);
    }

    private Vm Find(uint tgid, ulong kvm, ulong made, ulong ended, ReadOnlySpan<byte> comm)
    {
        ref List<Vm>? found = ref CollectionsMarshal.GetValueRefOrAddDefault(_vms, (tgid, kvm), out bool isKnown);
        List<Vm> vms = found ??= [];
        foreach (Vm one in vms)
            if (made < one.FirstEndedNs && (ended == 0 || ended > one.LastMadeNs)) return one;
        // It was known by its process alone.
        if (!isKnown && kvm != 0 && _vms.Remove((tgid, 0), out List<Vm>? before))
        {
            vms.AddRange(before);
            return before[0];
        }
        Vm vm = new(Name(tgid, comm));
        vms.Add(vm);
        return vm;
    }

    private VmIdentity Name(uint tgid, ReadOnlySpan<byte> comm)
    {
        int nth = ++ProcessOf(tgid).Vms;
        VmmCommand command = commandOf((int)tgid) ?? VmmCommand.OfComm(comm, (int)tgid);
        return new VmIdentity(++LastOrdinal, (int)tgid, VmNames.Of(command.Name, nth)) { Labels = command.Labels };
    }

    private Process ProcessOf(uint tgid)
    {
        ref Process? process = ref CollectionsMarshal.GetValueRefOrAddDefault(_processes, tgid, out _);
        return process ??= new Process();
    }
}
