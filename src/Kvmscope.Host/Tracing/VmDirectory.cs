using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Gives every VM of the trace one identity. A VM is a process and a struct kvm; the address tells the VMs of one
/// process apart and goes nowhere else.
/// </summary>
internal sealed class VmDirectory(Func<int, string?> nameOf)
{
    private readonly Dictionary<(uint Tgid, ulong Kvm), VmIdentity> _vms = [];
    private readonly Dictionary<uint, int> _vmsOfProcess = [];
    private int _ordinal;

    /// <summary>The identity, made at the first sight of the VM so that its name is known when it ends.</summary>
    internal VmIdentity Of(uint tgid, ulong kvm)
    {
        if (_vms.TryGetValue((tgid, kvm), out VmIdentity? known)) return known;
        int nth = _vmsOfProcess[tgid] = _vmsOfProcess.GetValueOrDefault(tgid) + 1;
        string name = nameOf((int)tgid) ?? $"pid-{tgid}";
        VmIdentity vm = new(++_ordinal, (int)tgid, VmNames.Of(name, nth));
        _vms.Add((tgid, kvm), vm);
        return vm;
    }

    /// <summary>A VM of a process of which no more is known; its first where it has several.</summary>
    internal VmIdentity OfProcess(uint tgid)
    {
        VmIdentity? first = null;
        foreach (((uint Tgid, ulong Kvm) key, VmIdentity vm) in _vms)
            if (key.Tgid == tgid && (first is null || vm.Ordinal < first.Ordinal)) first = vm;
        return first ?? Of(tgid, 0);
    }

    /// <summary>Forgets a process that ended, so that another of the same number is another VM.</summary>
    internal void Forget(uint tgid)
    {
        foreach ((uint Tgid, ulong Kvm) key in _vms.Keys.Where(k => k.Tgid == tgid).ToList()) _vms.Remove(key);
        _vmsOfProcess.Remove(tgid);
    }
}
