using Kvmscope.Core.Histories.Packing;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories;

/// <summary>How fine a form of an interval is; each can be made of the next finer one.</summary>
internal enum HistoryForm
{
    /// <summary>The whole host, by reason and level; its VMs are not kept.</summary>
    Host,

    /// <summary>By VM, reason and level.</summary>
    Vm,

    /// <summary>As it came.</summary>
    Exact,
}

/// <summary>
/// An interval of a live history, or the sum of some, in up to three forms: the coarse ones are made when it comes, so that a finer one is
/// only dropped where there is no room.
/// </summary>
/// <param name="head">It without all that grows with VMs and rows.</param>
/// <param name="vms">Its VMs.</param>
/// <param name="vmBytes">What these take, besides what other entries have.</param>
/// <param name="stepNs">How long it was meant to be.</param>
internal sealed class HistoryEntry(Interval head, VmIdentity[] vms, long vmBytes, long stepNs)
{
    // This object and its head with the accounting; a VM with its name and labels; a reference to one.
    private const long Overhead = 640, OfVm = 256, OfReference = 8, OfArray = 24;

    private readonly PackedInterval?[] _forms = new PackedInterval?[3];

    /// <summary>It without all that grows with VMs and rows.</summary>
    internal Interval Head => head;

    internal long From => head.FromNs;

    internal long To => head.ToNs;

    internal long Middle => head.FromNs + ((head.ToNs - head.FromNs) / 2);

    internal long StepNs => stepNs;

    /// <summary>The last tier for which it was looked at whether it becomes coarser.</summary>
    internal int Tier { get; set; }

    /// <summary>Its VMs; none where it has only the form of the host.</summary>
    internal VmIdentity[] Vms { get; private set; } = vms;

    internal long VmBytes => Vms.Length == 0 ? 0 : vmBytes;

    /// <summary>The finest form that is there.</summary>
    internal HistoryForm Finest => _forms[(int)HistoryForm.Exact] is not null ? HistoryForm.Exact
        : _forms[(int)HistoryForm.Vm] is not null ? HistoryForm.Vm : HistoryForm.Host;

    internal PackedInterval? this[HistoryForm form]
    {
        get => _forms[(int)form];
        init => _forms[(int)form] = value;
    }

    /// <summary>What a list of VMs takes, and what new VMs in it take.</summary>
    internal static long BytesOfList(int vms, int fresh = 0) => OfArray + (OfReference * vms) + (OfVm * fresh);

    /// <summary>What an object with a head and a list of VMs takes that are there already.</summary>
    internal static long BytesOfHead(int vms) => Overhead + BytesOfList(vms);

    /// <summary>The coarsest form that has what this one has.</summary>
    internal PackedInterval AtLeast(HistoryForm form)
    {
        for (int i = (int)form; i < _forms.Length; i++)
            if (_forms[i] is { } there) return there;
        throw new InvalidOperationException($"an entry has no form as fine as {form}");
    }

    /// <summary>What a form takes, with what is kept because of it.</summary>
    internal long BytesOf(HistoryForm form)
    {
        if (_forms[(int)form] is not { } packed) return 0;
        if (form == HistoryForm.Host) return packed.Bytes + Overhead;
        // The VMs are forgotten with the last form that has them.
        bool isLast = form == HistoryForm.Vm || _forms[(int)HistoryForm.Vm] is null;
        return packed.Bytes + (isLast ? VmBytes : 0);
    }

    /// <summary>Forgets a form.</summary>
    /// <returns>What nobody needs any more.</returns>
    internal PackedInterval? Drop(HistoryForm form)
    {
        PackedInterval? dropped = _forms[(int)form];
        _forms[(int)form] = null;
        if (Finest == HistoryForm.Host) Vms = [];
        return dropped;
    }
}
