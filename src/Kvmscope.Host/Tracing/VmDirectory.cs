using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Gives every VM of the trace one identity. A VM is a process and a struct kvm; the address of that is only used to tell
/// the VMs of one process apart.
/// </summary>
internal sealed class VmDirectory(Func<int, string?> nameOf)
{
    private readonly Dictionary<(uint Tgid, ulong Kvm), VmIdentity> _vms = [];
    private readonly Dictionary<uint, int> _vmsOfProcess = [];
    private int _ordinal;

    /// <summary>The identity of a VM. It is made when the VM is first seen, so that its name is still known after it has ended.</summary>
    internal VmIdentity Of(uint tgid, ulong kvm)
    {
        if (_vms.TryGetValue((tgid, kvm), out VmIdentity? known)) return known;
        int nth = _vmsOfProcess[tgid] = _vmsOfProcess.GetValueOrDefault(tgid) + 1;
        string name = nameOf((int)tgid) ?? $"pid-{tgid}";
        VmIdentity vm = new(++_ordinal, (int)tgid, VmNames.Of(name, nth));
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

    /// <summary>Forgets a process that ended, so that a new process with the same number is another VM.</summary>
    internal void Forget(uint tgid)
    {
        foreach ((uint Tgid, ulong Kvm) key in _vms.Keys.Where(k => k.Tgid == tgid).ToList()) _vms.Remove(key);
        _vmsOfProcess.Remove(tgid);
    }
}
