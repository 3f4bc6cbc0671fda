using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// Numbers of VMs over several recordings. Each recorder numbers VMs by itself, and goes on counting when its files rotate; a VM that was
/// there when another recorder began is known by its process and name.
/// </summary>
internal sealed class VmNumbers
{
    private readonly Dictionary<(int Recorder, int Ordinal), int> _numbers = [];
    private readonly Dictionary<(string Boot, int Pid, string Name), (int Number, int Recorder)> _last = [];
    private int _recorder, _next;
    private string _boot = "";

    /// <summary>What comes next is from this recorder.</summary>
    internal void Begin(int recorder, string boot) => (_recorder, _boot) = (recorder, boot);

    /// <summary>The VM with its number over all recordings.</summary>
    internal VmIdentity Know(VmIdentity vm)
    {
        if (!_numbers.TryGetValue((_recorder, vm.Ordinal), out int number))
        {
            // Two VMs of one recorder are two VMs, also if one has the other's process id and name.
            bool isKnown = _last.TryGetValue((_boot, vm.Pid, vm.Name), out (int Number, int Recorder) last) && last.Recorder != _recorder;
            number = isKnown ? last.Number : _next++;
            Add(vm.Ordinal, number);
            _last[(_boot, vm.Pid, vm.Name)] = (number, _recorder);
        }
        return vm with { Ordinal = number };
    }

    /// <summary>The number of a VM of a row; of one that was not named before too.</summary>
    internal int Of(int ordinal)
    {
        if (ordinal < 0) return ordinal;
        if (!_numbers.TryGetValue((_recorder, ordinal), out int number)) Add(ordinal, number = _next++);
        return number;
    }

    private void Add(int ordinal, int number)
    {
        if (_numbers.Count == RecordingLimits.Summed) throw IntervalSum.TooMany(RecordingLimits.Summed);
        _numbers.Add((_recorder, ordinal), number);
    }
}
