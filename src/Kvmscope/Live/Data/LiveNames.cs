using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Live.Data;

/// <summary>Names as they are shown, made once each. Names of VMs are foreign text: they are cleaned where they are drawn.</summary>
internal sealed class LiveNames
{
    // Names of VMs and arguments come and go for days.
    private const int Most = 8192;

    private readonly Dictionary<int, VmIdentity> _known = [];
    private readonly Dictionary<int, string> _vms = [];
    private readonly Dictionary<string, int> _pids = [];
    private readonly HashSet<string> _repeated = [];
    private readonly Dictionary<ExitCode, string> _reasons = [];
    private readonly Dictionary<(ExitCode, Qualifier), string> _qualifiers = [];
    private readonly Dictionary<ulong, string> _addresses = [];
    private readonly List<string> _numbers = [], _vcpus = [];
    private Interval? _interval;
    private (int Columns, bool EndsTellApart) _cut = (-1, false);

    /// <summary>The columns of the longest name of a VM.</summary>
    public int LongestVm { get; private set; }

    /// <summary>Learns the VMs of an interval; those of before keep their names.</summary>
    public void Read(Interval? interval)
    {
        if (interval is null || ReferenceEquals(interval, _interval)) return;
        _interval = interval;
        bool isNew = false;
        if (_known.Count > Most) _known.Clear();
        foreach (VmIdentity vm in interval.Vms)
        {
            if (_known.TryGetValue(vm.Ordinal, out VmIdentity? known) && known.Pid == vm.Pid && known.Name == vm.Name) continue;
            _known[vm.Ordinal] = vm;
            isNew = true;
        }
        if (isNew) NameAll();
    }

    /// <summary>The VM's name, with its pid where another process has a VM of that name.</summary>
    public string Vm(int number) => _vms.TryGetValue(number, out string? name) ? name
        : number < 0 ? "all VMs" : _vms[number] = string.Create(CultureInfo.InvariantCulture, $"VM {number}");

    /// <summary>Whether names of VMs that are cut to this width need their ends.</summary>
    public bool EndsTellApart(int columns)
    {
        if (_cut.Columns != columns) _cut = (columns, _repeated.Count > 0 || TextWidth.EndsTellApart(_vms.Values, columns));
        return _cut.EndsTellApart;
    }

    /// <summary>The reason's name.</summary>
    public string Reason(ExitCode code) => _reasons.TryGetValue(code, out string? name) ? name : _reasons[code] = ExitReasons.Name(code);

    /// <summary>The name of a reason's argument; <c>-</c> where it has none, or none is known.</summary>
    public string Argument(ExitCode code, Qualifier qualifier)
    {
        if (_qualifiers.TryGetValue((code, qualifier), out string? name)) return name;
        if (_qualifiers.Count > Most) _qualifiers.Clear();
        return _qualifiers[(code, qualifier)] = Qualifiers.Name(code, qualifier) ?? "-";
    }

    /// <summary>An address of the guest.</summary>
    public string Address(Qualifier address)
    {
        if (address.State != QualifierState.Known) return Qualifiers.Address(address) ?? "-";
        if (_addresses.TryGetValue(address.Raw, out string? name)) return name;
        if (_addresses.Count > Most) _addresses.Clear();
        return _addresses[address.Raw] = Qualifiers.Address(address)!;
    }

    /// <summary><c>vCPU 3</c>.</summary>
    public string Vcpu(int id)
    {
        if (id is < 0 or > Most) return "vCPU " + Number(id);
        while (_vcpus.Count <= id) _vcpus.Add("vCPU " + Number(_vcpus.Count));
        return _vcpus[id];
    }

    /// <summary>Learns a VM that may have ended before the shown time.</summary>
    public void Learn(VmIdentity vm)
    {
        if (_known.TryGetValue(vm.Ordinal, out _)) return;
        _known[vm.Ordinal] = vm;
        NameAll();
    }

    /// <summary>A small number.</summary>
    public string Number(int number)
    {
        if (number is < 0 or > Most) return number.ToString(CultureInfo.InvariantCulture);
        while (_numbers.Count <= number) _numbers.Add(_numbers.Count.ToString(CultureInfo.InvariantCulture));
        return _numbers[number];
    }

    // Names that are shown alike are told apart, also where they differ in what is not shown.
    private void NameAll()
    {
        _pids.Clear();
        _repeated.Clear();
        foreach (VmIdentity vm in _known.Values)
        {
            string shown = ForeignText.Clean(vm.Name);
            if (!_pids.TryAdd(shown, vm.Pid) && _pids[shown] != vm.Pid) _repeated.Add(shown);
        }
        LongestVm = 0;
        _cut = (-1, false);
        foreach (VmIdentity vm in _known.Values)
        {
            string pid = _repeated.Contains(ForeignText.Clean(vm.Name)) ? string.Create(CultureInfo.InvariantCulture, $" ({vm.Pid})") : "";
            // An empty place would be no name at all.
            string name = string.IsNullOrWhiteSpace(vm.Name) ? string.Create(CultureInfo.InvariantCulture, $"pid {vm.Pid}") : vm.Name + pid;
            _vms[vm.Ordinal] = name;
            LongestVm = Math.Max(LongestVm, TextWidth.Of(name));
        }
    }
}
