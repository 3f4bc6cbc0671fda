using System.Collections.Immutable;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Captures;

/// <summary>
/// Makes intervals of the events of a capture: finds the vCPU of each event by its thread, drops events that are in the capture twice,
/// learns vCPU numbers, levels and arguments from the events that tell them, and leaves counting and timing to <see cref="EventPairing"/>.
/// Events of one thread are given in the order of time. Memory is bounded by the vCPUs and by the rows of one interval.
/// </summary>
/// <param name="options">What is made.</param>
/// <param name="nameOf">The name of a process, or where that is not known of a thread (the second number); null where none is.</param>
/// <param name="take">Takes an interval.</param>
public sealed class CapturePairing(CaptureOptions options, Func<int, int, string?> nameOf, Action<Interval> take)
{
    // An interval is ended early where it has more rows, and a time without any event is one interval where it has more than so many.
    private const int MostRows = 1 << 17, MostEmpty = 60;

    private static readonly ExitCode s_unread = default;

    private readonly Dictionary<int, CaptureThread> _threads = [];
    private readonly CaptureVms _vms = new();
    private EventPairing? _pairing;
    private int _vcpus;
    private long _first, _toNs, _lastNs, _intervals;
    private Isa _isa;
    private Accounting _losses = new();
    private readonly HashSet<int> _dropped = [];

    /// <summary>How many intervals were given.</summary>
    public long Intervals => _intervals;

    /// <summary>What the capture lacks, from the next interval on.</summary>
    public ImmutableArray<MissingSource> Missing { get; set; } = [];

    /// <summary>Nothing was captured between the event before and the next: exits that are open are counted and not timed.</summary>
    public void Break() => _pairing?.LoseAll();

    /// <summary>Takes the next event.</summary>
    public void Add(in CapturedEvent e)
    {
        if (e.Kind == CapturedKind.Lost)
        {
            Lose(e);
            return;
        }
        if (e.Kind is CapturedKind.None or CapturedKind.PageFault) return;
        if (e.Kind == CapturedKind.Switch)
        {
            Switch(e);
            return;
        }
        if (e.Kind is not (CapturedKind.Exit or CapturedKind.Entry) && !_threads.ContainsKey(e.Tid)) return;
        EventPairing pairing = GoTo(e.Ns);
        if (e.Kind == CapturedKind.ThreadEnd)
        {
            End(e.Tid);
            return;
        }
        if (VcpuOf(pairing, e) is not { } vcpu) return;
        var at = new EventPoint(e.Ns, Math.Max(0, e.Cpu), e.Tid);
        switch (e.Kind)
        {
            case CapturedKind.Exit: Exit(pairing, vcpu, at, e); break;
            case CapturedKind.Entry: Enter(pairing, vcpu, at, e); break;
            case CapturedKind.NestedExit:
                pairing.SetLevel(vcpu.Number, ExitLevel.L2);
                vcpu.EntersL2 = true;
                break;
            case CapturedKind.UserspaceExit: pairing.ReturnToUser(vcpu.Number, e.Ns); break;
            case CapturedKind.NestedInject: vcpu.EntersL2 = false; break;
            case CapturedKind.NestedEnter: vcpu.EntersL2 = true; break;
            default: Explain(pairing, vcpu, e); break;
        }
    }

    /// <summary>Gives the last interval.</summary>
    public void End()
    {
        if (_pairing is not { } pairing) return;
        pairing.CountOpen();
        Read(pairing, Math.Max(_lastNs, _toNs - options.IntervalNs));
    }

    private void Exit(EventPairing pairing, CaptureVcpu vcpu, in EventPoint at, in CapturedEvent e)
    {
        if (IsTwice(vcpu, e)) return;
        if (e.Code.Isa != Isa.None) _isa = e.Code.Isa;
        ExitCode code = e.Code.Isa != Isa.None ? e.Code : e.Code.Code != 0 && _isa != Isa.None ? e.Code with { Isa = _isa } : s_unread;
        vcpu.Exit = e;
        vcpu.Exit.Code = code;
        vcpu.EntersL2 = false;
        vcpu.Stage = CapturedQualifiers.AtExit(vcpu.Exit, out Qualifier qualifier);
        pairing.Exit(vcpu.Number, at, code, ExitLevel.L1, qualifier, e.Rip);
        // Without a thread, nothing says which entry is of the same vCPU.
        if (e.Tid < 0) pairing.Lose(vcpu.Number);
    }

    private void Enter(EventPairing pairing, CaptureVcpu vcpu, in EventPoint at, in CapturedEvent e)
    {
        if (IsTwice(vcpu, e)) return;
        pairing.Entry(vcpu.Number, at, vcpu.EntersL2 ? ExitLevel.L2 : ExitLevel.L1);
        vcpu.Stage = QualifierStage.None;
    }

    // Of a thread that runs several vCPUs, the one that it runs now.
    private void Switch(in CapturedEvent e)
    {
        if (!options.WantSplit || _pairing is null) return;
        CaptureVcpu? leaves = _threads.GetValueOrDefault(e.Tid)?.Current;
        CaptureVcpu? comes = e.Value <= int.MaxValue ? _threads.GetValueOrDefault((int)e.Value)?.Current : null;
        if (leaves is null && comes is null) return;
        EventPairing pairing = GoTo(e.Ns);
        if (leaves is not null) pairing.LeaveCpu(leaves.Number, e.Ns, e.IsWrite);
        if (comes is not null) pairing.TakeCpu(comes.Number, e.Ns);
    }

    // The first event that says it counts: emulation may do more of the same later.
    private static void Explain(EventPairing pairing, CaptureVcpu vcpu, in CapturedEvent e)
    {
        if (vcpu.Stage is not (QualifierStage.Late or QualifierStage.Guess)) return;
        if (CapturedQualifiers.From(vcpu.Exit, e) is not { } raw) return;
        pairing.SetQualifier(vcpu.Number, raw);
        vcpu.Stage = QualifierStage.Known;
    }

    private bool IsTwice(CaptureVcpu vcpu, in CapturedEvent e)
    {
        bool isTwice = vcpu.Last.IsSame(e);
        if (isTwice) _losses = _losses with { DuplicateEvents = _losses.DuplicateEvents + 1 };
        else vcpu.Last = e;
        return isTwice;
    }

    private CaptureVcpu? VcpuOf(EventPairing pairing, in CapturedEvent e)
    {
        if (_threads.TryGetValue(e.Tid, out CaptureThread? thread) && thread.Pid != e.Pid && e.Pid >= 0)
        {
            // The number of a thread that ended was given to another.
            End(e.Tid);
            thread = null;
        }
        if (thread?.Find(e.Vcpu) is { } known)
        {
            if (known.Id < 0 && e.Vcpu >= 0) pairing.Identify(known.Number, thread.Vm, known.Id = e.Vcpu);
            return known;
        }
        if (e.Kind is not (CapturedKind.Exit or CapturedKind.Entry)) return null;
        if (_vcpus >= options.MostVcpus)
        {
            Drop(e);
            return null;
        }
        if (thread is null)
        {
            string? name = nameOf(e.Pid, e.Tid);
            _threads.Add(e.Tid, thread = new CaptureThread(_vms.Of(e.Pid, e.Tid, name), e.Pid));
        }
        _vcpus++;
        int id = e.Vcpu >= 0 ? e.Vcpu : GroupKey.None;
        return thread.Add(new CaptureVcpu { Number = pairing.Add(thread.Vm, id), Id = id });
    }

    private void Drop(in CapturedEvent e)
    {
        if (e.Kind != CapturedKind.Exit) return;
        if (_dropped.Count < (int)Accounting.MaxDroppedVcpus) _dropped.Add(e.Tid);
        _losses = _losses with { DroppedExits = _losses.DroppedExits + 1 };
    }

    private void End(int tid)
    {
        if (_pairing is null || !_threads.Remove(tid, out CaptureThread? thread)) return;
        foreach (CaptureVcpu vcpu in thread.Vcpus) _pairing.End(vcpu.Number);
        _vcpus -= thread.Vcpus.Count;
        if (thread.Pid == tid) _vms.Forget(tid);
    }

    private void Lose(in CapturedEvent e)
    {
        _losses = _losses with { LostRecords = _losses.LostRecords + Math.Max(1, e.Value) };
        _pairing?.LoseAll();
        foreach (CaptureThread thread in _threads.Values)
            foreach (CaptureVcpu vcpu in thread.Vcpus) vcpu.Stage = QualifierStage.None;
    }

    // Ends the intervals before a time. Events of several threads may be a little out of order: those belong to the present interval.
    private EventPairing GoTo(long ns)
    {
        if (_pairing is null)
        {
            _pairing = new EventPairing(
                new TraceOptions
                {
                    WantNested = options.WantNested,
                    WantSplit = options.WantSplit,
                    WantQualifiers = true,
                    SlowNs = options.SlowNs,
                },
                options.Zero, ns, hasLateLevels: true)
            { MostSlow = options.MostSlow };
            (_first, _lastNs, _toNs) = (ns, ns, Later(ns, options.IntervalNs));
        }
        EventPairing pairing = _pairing;
        if (ns >= _toNs)
        {
            Read(pairing, _toNs);
            long empty = (ns - _toNs) / options.IntervalNs;
            if (empty > MostEmpty) Read(pairing, _toNs = Later(_first, (ns - _first) / options.IntervalNs * options.IntervalNs));
            else
                for (; empty > 0; empty--) Read(pairing, _toNs = Later(_toNs, options.IntervalNs));
            _toNs = Later(_toNs, options.IntervalNs);
        }
        else if (pairing.RowCount >= MostRows && ns > _lastNs)
        {
            Read(pairing, ns);
        }
        _lastNs = Math.Max(_lastNs, ns);
        return pairing;
    }

    private void Read(EventPairing pairing, long toNs)
    {
        Interval interval = pairing.Read(toNs);
        Accounting losses = _losses with { DroppedVcpus = (ulong)_dropped.Count };
        take(interval with { First = _intervals++, Missing = Missing, Accounting = interval.Accounting.With(losses) });
        _losses = new Accounting();
        _dropped.Clear();
    }

    private static long Later(long ns, long by) => ns > long.MaxValue - by ? long.MaxValue : ns + by;
}
