using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// Numbers of VMs over several recordings. Each recorder numbers VMs by itself, and goes on counting when its files rotate; a VM that was
/// there when another recorder began is known by its process and name.
/// </summary>
/// <param name="running">The trace that is still running; its VMs keep their numbers. Null for none.</param>
internal sealed class VmNumbers(RunningVms? running)
{
    // No trace numbers as many VMs.
    private const int AfterRunning = 1 << 24;

    private readonly Dictionary<(int Recorder, int Ordinal), int> _numbers = [];
    private readonly Dictionary<(string Boot, int Pid, string Name), (int Number, int Recorder)> _last = [];
    private readonly int _version = running?.Version ?? 0;
    private int _recorder, _next = running is null ? 0 : AfterRunning;
    private string _boot = "";
    private bool _isRunning;

    /// <summary>Whether the trace that is running has a VM that has another number here.</summary>
    internal bool IsOutdated => running is not null && running.Version != _version;

    /// <summary>What comes next is from this recording.</summary>
    /// <param name="recorder">The number of its recorder.</param>
    /// <param name="part">The recording.</param>
    internal void Begin(int recorder, RecordingPart part) =>
        (_recorder, _boot, _isRunning) = (recorder, part.Header.BootId, running?.Made(part) == true);

    /// <summary>The VM with its number over all recordings.</summary>
    internal VmIdentity Know(VmIdentity vm)
    {
        if (_isRunning) return vm;
        if (!_numbers.TryGetValue((_recorder, vm.Ordinal), out int number))
        {
            // Two VMs of one recorder are two VMs, also if one has the other's process id and name.
            bool isKnown = _last.TryGetValue((_boot, vm.Pid, vm.Name), out (int Number, int Recorder) last) && last.Recorder != _recorder;
            number = isKnown ? last.Number : running?.NumberOf(_boot, vm) ?? _next++;
            Add(vm.Ordinal, number);
            _last[(_boot, vm.Pid, vm.Name)] = (number, _recorder);
        }
        return vm with { Ordinal = number };
    }

    /// <summary>The number of a VM of a row; of one that was not named before too.</summary>
    internal int Of(int ordinal)
    {
        if (ordinal < 0 || _isRunning) return ordinal;
        if (!_numbers.TryGetValue((_recorder, ordinal), out int number)) Add(ordinal, number = _next++);
        return number;
    }

    private void Add(int ordinal, int number)
    {
        if (_numbers.Count == RecordingLimits.Summed) throw IntervalSum.TooMany(RecordingLimits.Summed);
        _numbers.Add((_recorder, ordinal), number);
    }
}

/// <summary>
/// The VMs of a trace that is running, by the numbers that it gives them, so that those of earlier recordings are found among them. One
/// thread adds, others ask.
/// </summary>
/// <param name="boot">The boot in which it runs.</param>
/// <param name="made">Whether it made a recording.</param>
internal sealed class RunningVms(string boot, Func<RecordingPart, bool> made)
{
    // Those that were there before it began are among the first.
    private const int Most = 16_384;

    private readonly Lock _lock = new();
    private readonly Dictionary<(int Pid, string Name), int> _numbers = [];
    private readonly HashSet<(int Pid, string Name)> _asked = [];
    private IReadOnlyCollection<VmIdentity>? _last;
    private int _version;

    /// <summary>Changes when it has a VM that was asked for before it was known.</summary>
    internal int Version => Volatile.Read(ref _version);

    /// <summary>Whether the trace made a recording.</summary>
    internal bool Made(RecordingPart part) => made(part);

    /// <summary>Adds the VMs of an interval.</summary>
    internal void Add(IReadOnlyCollection<VmIdentity> vms)
    {
        if (ReferenceEquals(vms, _last)) return;
        _last = vms;
        lock (_lock)
        {
            // Of two with one process and name, the first was there before.
            foreach (VmIdentity vm in vms)
                if (_numbers.Count < Most && _numbers.TryAdd((vm.Pid, vm.Name), vm.Ordinal) && _asked.Remove((vm.Pid, vm.Name))) _version++;
        }
    }

    /// <summary>The number that a VM of an earlier recording has in this trace; null where it does not occur here.</summary>
    internal int? NumberOf(string ofBoot, VmIdentity vm)
    {
        if (ofBoot != boot || boot.Length == 0) return null;
        lock (_lock)
        {
            if (_numbers.TryGetValue((vm.Pid, vm.Name), out int number)) return number;
            if (_asked.Count < Most) _asked.Add((vm.Pid, vm.Name));
            return null;
        }
    }
}
