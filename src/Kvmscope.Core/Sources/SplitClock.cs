using Kvmscope.Core.Model;

namespace Kvmscope.Core.Sources;

/// <summary>
/// The wall clock of a vCPU from captured events (bpf/wallclock.bpf.h). It goes from event to event: what happens between the last event
/// and a reading is in a later interval.
/// </summary>
internal struct SplitClock
{
    private long _ns;
    private bool _isRunning, _isOff;
    private TimePart _part, _onCpu;
    private TimeParts _open, _outside;

    /// <summary>How long it went since the last reading, ns.</summary>
    internal ulong WallNs { get; private set; }

    /// <summary>The parts of the open exit so far.</summary>
    internal readonly TimeParts Open => _open;

    /// <summary>The parts that are of no exit, since the last reading.</summary>
    internal readonly TimeParts Outside => _outside;

    /// <summary>kvm_exit: the guest's time ends.</summary>
    internal void Exit(long ns)
    {
        Advance(ns, isOpen: false);
        (_part, _isOff, _open) = (TimePart.Kvm, false, default);
    }

    /// <summary>kvm_entry: the time of the open exit ends, if one is open.</summary>
    internal void Enter(long ns, bool isOpen)
    {
        Advance(ns, isOpen);
        (_part, _isOff) = (TimePart.Guest, false);
    }

    /// <summary>KVM_RUN returns while an exit is open.</summary>
    internal void ToUser(long ns)
    {
        Advance(ns, isOpen: true);
        if (_isOff) _onCpu = TimePart.Vmm;
        else _part = TimePart.Vmm;
    }

    /// <summary>The thread leaves the CPU.</summary>
    /// <param name="ns">When.</param>
    /// <param name="canRun">Whether it could go on.</param>
    /// <param name="isOpen">Whether an exit is open.</param>
    /// <param name="isIdle">Whether that exit is a halt.</param>
    internal void Leave(long ns, bool canRun, bool isOpen, bool isIdle)
    {
        if (!_isRunning || _isOff) return;
        Advance(ns, isOpen);
        (_isOff, _onCpu) = (true, _part);
        _part = canRun ? TimePart.Runq
            : _onCpu == TimePart.Vmm ? TimePart.Vmm
            : isIdle ? TimePart.Halt
            : isOpen ? TimePart.Sleep
            : TimePart.Unattributed;
    }

    /// <summary>The thread has a CPU again.</summary>
    internal void Resume(long ns, bool isOpen)
    {
        if (!_isOff) return;
        Advance(ns, isOpen);
        (_isOff, _part) = (false, _onCpu);
    }

    /// <summary>The open exit has no end, or what goes on is not known any more.</summary>
    internal void Lose()
    {
        _outside[TimePart.Unattributed] += _open.Sum;
        (_open, _part, _isOff) = (default, TimePart.Unattributed, false);
    }

    /// <summary>The parts of the exit that has ended are in its row.</summary>
    internal void Settle() => _open = default;

    /// <summary>What was read is over.</summary>
    internal void Clear() => (WallNs, _outside) = (0, default);

    private void Advance(long ns, bool isOpen)
    {
        if (!_isRunning)
        {
            (_isRunning, _ns, _part) = (true, ns, TimePart.Unattributed);
            return;
        }
        if (ns <= _ns) return;
        ulong by = (ulong)(ns - _ns);
        _ns = ns;
        WallNs += by;
        if (isOpen) _open[_part] += by;
        else _outside[_part] += by;
    }
}
