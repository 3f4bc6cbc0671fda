using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Gives every VM of the trace one identity. A VM is a process and a struct kvm; the address of that is only used to tell
/// the VMs of one process apart.
/// </summary>
internal sealed class VmDirectory(Func<int, VmmCommand?> commandOf)
{
    private readonly Dictionary<(uint Tgid, ulong Kvm), VmIdentity> _vms = [];
    private readonly Dictionary<uint, int> _vmsOfProcess = [];
    private int _ordinal;

    /// <summary>The identity of the VM whose vCPU has the slot.</summary>
    internal unsafe VmIdentity Of(ref kvmscope_slot slot)
    {
        fixed (byte* comm = slot.comm)
            return Of(slot.tgid, slot.kvm, new ReadOnlySpan<byte>(comm, kvmscope_limits.KVMSCOPE_COMM_LENGTH));
    }

    /// <summary>The identity of a VM. It is made when the VM is first seen, so that its name is still known after it has ended.</summary>
    /// <param name="tgid">The process.</param>
    /// <param name="kvm">The VM in it.</param>
    /// <param name="comm">What the kernel called the process, padded with NULs: for one that ended before it was looked at.</param>
    internal VmIdentity Of(uint tgid, ulong kvm, ReadOnlySpan<byte> comm = default)
    {
        if (_vms.TryGetValue((tgid, kvm), out VmIdentity? known)) return known;
        // It was known by its process alone.
        if (_vms.Remove((tgid, 0), out known))
        {
            _vms.Add((tgid, kvm), known);
            return known;
        }
        int nth = _vmsOfProcess[tgid] = _vmsOfProcess.GetValueOrDefault(tgid) + 1;
        VmmCommand command = commandOf((int)tgid) ?? VmmCommand.OfComm(comm, (int)tgid);
        VmIdentity vm = new(++_ordinal, (int)tgid, VmNames.Of(command.Name, nth)) { Labels = command.Labels };
        _vms.Add((tgid, kvm), vm);
        return vm;
    }

    /// <summary>The VM of a process, if nothing else is known; the first if it has several.</summary>
    internal VmIdentity OfProcess(uint tgid)
    {
        VmIdentity? first = null;
        foreach (((uint Tgid, ulong Kvm) key, VmIdentity vm) in _vms)
            if (key.Tgid == tgid && (first is null || vm.Ordinal < first.Ordinal)) first = vm;
        return first ?? Of(tgid, 0);
    }

    /// <summary>Forgets a process that ended and of which only the process was known: no vCPU of it was ever seen.</summary>
    internal void ForgetUnseen(uint tgid)
    {
        if (_vms.Remove((tgid, 0)) && --_vmsOfProcess[tgid] == 0) _vmsOfProcess.Remove(tgid);
    }

    /// <summary>Forgets a process that ended, so that a new process with the same number is another VM.</summary>
    internal void Forget(uint tgid)
    {
        foreach ((uint Tgid, ulong Kvm) key in _vms.Keys.Where(k => k.Tgid == tgid).ToList()) _vms.Remove(key);
        _vmsOfProcess.Remove(tgid);
    }
}
