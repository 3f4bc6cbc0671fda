using System.Collections.Immutable;
using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Server.Http;

namespace Kvmscope.Server.Requests;

/// <summary>Which exits a request is about.</summary>
internal sealed class ExitChoice
{
    private readonly IReadOnlyList<string> _vms;
    private readonly ExitFilter _filter;
    private readonly int? _pid;
    private readonly string? _qualifier;

    private ExitChoice(IReadOnlyList<string> vms, int? pid, ExitFilter filter, string? qualifier, bool namesReasons) =>
        (_vms, _pid, _filter, _qualifier, NamesReasons) = (vms, pid, filter, qualifier, namesReasons);

    /// <summary>Reads which VMs.</summary>
    /// <exception cref="Problem">A value makes no sense.</exception>
    public static ExitChoice ReadVms(Query query) => new(Vms(query), Pid(query), new ExitFilter(), null, false);

    /// <summary>Reads all parameters about exits.</summary>
    /// <exception cref="Problem">A value makes no sense.</exception>
    public static ExitChoice Read(Query query, Isa isa)
    {
        var filter = new ExitFilter
        {
            VcpuIds = Vcpus(query),
            Codes = Codes(query, "reason", isa),
            ExcludedCodes = Codes(query, "exclude", isa),
            Level = query.Text("level") switch
            {
                null => null,
                "l1" or "L1" or "1" => ExitLevel.L1,
                "l2" or "L2" or "2" => ExitLevel.L2,
                _ => throw Problem.Bad("level", "level is neither l1 nor l2"),
            },
        };
        return new ExitChoice(Vms(query), Pid(query), filter, query.Text("qualifier"), !filter.Codes.IsEmpty);
    }

    /// <summary>Whether reasons are named.</summary>
    public bool NamesReasons { get; }

    /// <summary>Whether VMs are chosen.</summary>
    public bool NamesVms => _vms.Count > 0 || _pid is not null;

    /// <summary>Whether vCPUs are chosen.</summary>
    public bool NamesVcpus => !_filter.VcpuIds.IsEmpty;

    /// <summary>The qualifier that is chosen; null for all.</summary>
    public string? Qualifier => _qualifier;

    /// <summary>Whether no reason, level or qualifier is left out.</summary>
    public bool HasAllExits =>
        _filter.Codes.IsEmpty && _filter.ExcludedCodes.IsEmpty && _filter.Level is null && _qualifier is null;

    /// <summary>How fine vCPUs must be kept apart to choose.</summary>
    public Grouping Grouping => NamesVcpus ? Grouping.Vcpu : NamesVms ? Grouping.Vm : Grouping.Host;

    /// <summary>What exits of a reason must be kept apart by to choose.</summary>
    public ExitParts Parts => _qualifier is null ? ExitParts.None : ExitParts.Qualifier;

    /// <summary>Which of some VMs are meant.</summary>
    /// <param name="known">VMs of the chosen time.</param>
    /// <param name="mayBeUnknown">Whether a VM may come later; else one that is not there is a problem.</param>
    /// <exception cref="Problem">There is no such VM, or it is not clear which is meant.</exception>
    public Func<VmIdentity, bool> VmsAmong(IReadOnlyCollection<VmIdentity> known, bool mayBeUnknown)
    {
        if (!NamesVms) return static _ => true;
        HashSet<string> exact = [.. _vms.Where(text => known.Any(vm => IsNamed(vm, text)))];
        string[] others = [.. _vms.Where(text => !exact.Contains(text))];
        VmFilter filter = FilterOf(others, [.. known.Where(IsOfProcess)]);
        if (filter.Unknown is { } unknown && !mayBeUnknown)
        {
            throw new Problem(ProblemType.NoSuchVm, VmFilter.NoSuch(unknown, " in that time"),
                known.Count == 0 ? null : $"There are: {WordList.Some([.. known.Select(vm => $"{vm.Name} ({vm.Pid})")])}")
            { Parameter = "vm" };
        }
        return vm => IsOfProcess(vm) && (_vms.Count == 0 || exact.Contains(vm.Name) || (others.Length > 0 && filter.Matches(vm)));
    }

    /// <summary>Which rows and wall clocks are meant; VMs apart.</summary>
    public bool Has(GroupKey key) => (_filter.VcpuIds.IsEmpty || key.VcpuId is not { } id || _filter.PassesVcpu(id))
        && (key.Level == default || (_filter.PassesExit(key.Code.Code, key.Level) && HasQualifier(key.Code, key.Qualifier)));

    /// <summary>Whether a slow exit is meant; VMs apart.</summary>
    public bool Has(in SlowExit exit) => _filter.PassesVcpu(exit.Vcpu) && _filter.PassesExit(exit.Code.Code, exit.Level)
        && HasQualifier(exit.Code, exit.Qualifier);

    private bool HasQualifier(ExitCode code, Qualifier qualifier) => _qualifier is null || Qualifiers.Name(code, qualifier) == _qualifier;

    private bool IsNamed(VmIdentity vm, string name) => vm.Name == name && IsOfProcess(vm);

    private bool IsOfProcess(VmIdentity vm) => _pid is not { } pid || vm.Pid == pid;

    private static VmFilter FilterOf(string[] typed, IReadOnlyCollection<VmIdentity> known)
    {
        try
        {
            return VmFilter.Resolve(typed, [.. known.Select(KnownVm.Of)]);
        }
        catch (KvmscopeException error)
        {
            throw Problem.Bad("vm", error);
        }
    }

    private static IReadOnlyList<string> Vms(Query query) => query.Texts("vm");

    private static int? Pid(Query query) => query.Text("vm_pid") is null ? null
        : (int)query.Number("vm_pid", 0, int.MaxValue, 0);

    private static ImmutableArray<int> Vcpus(Query query)
    {
        if (query.Text("vcpu") is not { } text) return [];
        return IdRanges.TryParse(text, out ImmutableArray<int> ids) ? ids
            : throw Problem.Bad("vcpu", "vcpu is not a list of vCPU ids", "Give numbers or ranges: 0, 0,2 or 0-3");
    }

    private static ImmutableArray<ulong> Codes(Query query, string name, Isa isa)
    {
        try
        {
            return [.. query.Items(name).SelectMany(reason => ReasonSelector.Codes(reason, isa)).Distinct()];
        }
        catch (KvmscopeException error)
        {
            throw Problem.Bad(name, error);
        }
    }

    /// <summary>The same for two requests about the same exits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{string.Join('\n', _vms)}|{_pid}|{string.Join(',', _filter.VcpuIds)}|{string.Join(',', _filter.Codes)}|"
        + $"{string.Join(',', _filter.ExcludedCodes)}|{_filter.Level}|{_qualifier}");
}
