using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Gives every VM of the trace one identity. A VM is a process and a struct kvm; the address tells the VMs of one
/// process apart and goes nowhere else.
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

    /// <summary>The identity, made at the first sight of the VM so that its name is known when it ends.</summary>
    /// <param name="tgid">The process.</param>
    /// <param name="kvm">The VM in it.</param>
    /// <param name="comm">What the kernel called the process, padded with NULs: for one that ended before it was looked at.</param>
    internal VmIdentity Of(uint tgid, ulong kvm, ReadOnlySpan<byte> comm = default)
    {
        if (_vms.TryGetValue((tgid, kvm), out var known)) return known;
        int nth = _vmsOfProcess[tgid] = _vmsOfProcess.GetValueOrDefault(tgid) + 1;
        VmmCommand command = commandOf((int)tgid) ?? VmmCommand.OfComm(comm, (int)tgid);
        VmIdentity vm = new(++_ordinal, (int)tgid, VmNames.Of(command.Name, nth)) { Labels = command.Labels };
        _vms.Add((tgid, kvm), vm);
        return vm;
    }

    /// <summary>A VM of a process of which no more is known; its first where it has several.</summary>
    internal VmIdentity OfProcess(uint tgid)
    {
        VmIdentity? first = null;
        foreach (var (key, vm) in _vms)
            if (key.Tgid == tgid && (first is null || vm.Ordinal < first.Ordinal)) first = vm;
        return first ?? Of(tgid, 0);
    }

    /// <summary>Forgets a process that ended, so that another of the same number is another VM.</summary>
    internal void Forget(uint tgid)
    {
        foreach (var key in _vms.Keys.Where(k => k.Tgid == tgid).ToList()) _vms.Remove(key);
        _vmsOfProcess.Remove(tgid);
    }
}
