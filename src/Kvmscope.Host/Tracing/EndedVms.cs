using Kvmscope.Core.Model;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// What vCPUs that ended left behind since the last reading, which takes it. Memory is bounded, however many VMs come and go until then:
/// what the last reading has shown of a VM goes on under its name and number; VMs that came and went since are one by name; and where that
/// would be more rows than <see cref="MostRows"/>, those that end later are together, without vCPUs and without what tells the exits of a
/// reason apart, and counted.
/// </summary>
/// <param name="finest">How finely vCPUs are kept apart.</param>
/// <param name="vms">Numbers what stands for several VMs.</param>
internal sealed class EndedVms(Grouping finest, VmDirectory vms)
{
    /// <summary>How many rows VMs that came and went have at most; about 1 KB each.</summary>
    internal const int MostRows = 8192;

    /// <summary>The name of those that are together.</summary>
    internal const string Rest = "ended VMs";

    private readonly Dictionary<int, Reading> _ending = [];
    private readonly Dictionary<string, VmIdentity> _byName = [];
    private readonly Reading _sum = new(finest);
    private VmIdentity? _rest;

    // VMs up to this number may be in an earlier reading.
    private int _shown;

    /// <summary>How many VMs are together, since the trace began.</summary>
    internal ulong MergedVms { get; private set; }

    /// <summary>Exits that lost their qualifier, page or instruction because of that, since the trace began.</summary>
    internal ulong OtherExits { get; private set; }

    /// <summary>How many rows it has.</summary>
    internal int Rows => _sum.Size + _ending.Values.Sum(one => one.Size);

    /// <summary>Where vCPUs of a VM that end now leave what they have.</summary>
    internal Reading Of(VmIdentity vm)
    {
        if (!_ending.TryGetValue(vm.Ordinal, out Reading? reading)) _ending.Add(vm.Ordinal, reading = new Reading(finest));
        reading.Vms.TryAdd(vm.Ordinal, vm);
        return reading;
    }

    /// <summary>The VM has ended: nothing more will come of it.</summary>
    internal void Close(VmIdentity vm)
    {
        // A vCPU of which nothing was counted leaves nothing.
        if (!_ending.Remove(vm.Ordinal, out Reading? left) || left.Size == 0) return;
        if (vm.Ordinal <= _shown)
        {
            _sum.Add(left);
            return;
        }
        VmIdentity? name = finest == Grouping.Host ? null : NameOf(vm);
        GroupKey Named(GroupKey key) => name is null ? key : key with { Vm = name.Ordinal };
        int more = left.CountNew(_sum, Named);
        if (more == 0 || _sum.Size + more <= MostRows)
        {
            if (name is not null) _byName[vm.Name] = _sum.Vms[name.Ordinal] = name;
            _sum.AddAs(left, Named);
            return;
        }
        OtherExits += left.Rows.Rows.Where(row => !row.Key.IsOther && Together(row.Key).IsOther)
            .Aggregate(0UL, (sum, row) => sum + row.Count);
        if (finest != Grouping.Host) CountRest();
        _sum.AddAs(left, Together);
    }

    /// <summary>Gives what there is to a reading.</summary>
    internal void MoveTo(Reading reading)
    {
        reading.Add(_sum);
        foreach (Reading one in _ending.Values) reading.Add(one);
        _sum.Clear();
        _ending.Clear();
        _byName.Clear();
    }

    /// <summary>The reading is complete: it has shown all VMs that there were.</summary>
    internal void Shown() => _shown = vms.LastOrdinal;

    // One VM keeps its process and labels; several have those in which they agree.
    private VmIdentity NameOf(VmIdentity vm)
    {
        if (!_byName.TryGetValue(vm.Name, out VmIdentity? known)) return vm;
        return known with
        {
            Pid = known.Pid == vm.Pid ? known.Pid : VmIdentity.SeveralPids,
            Labels = known.Labels == vm.Labels ? known.Labels : VmLabels.None,
        };
    }

    private void CountRest()
    {
        MergedVms++;
        _rest ??= vms.Add(Rest);
        _sum.Vms.TryAdd(_rest.Ordinal, _rest);
    }

    private GroupKey Together(GroupKey key) => key with
    {
        Vm = finest == Grouping.Host ? GroupKey.None : _rest?.Ordinal ?? 0,
        Vcpu = GroupKey.None,
        Qualifier = Together(key.Qualifier),
        Place = key.Place is { } place ? Place.Of(Together(place.Page), Together(place.Rip)) : null,
    };

    private static Qualifier Together(Qualifier part) => part.State == QualifierState.Known ? Qualifier.Other : part;
}
