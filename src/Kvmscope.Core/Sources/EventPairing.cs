using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Sources;

/// <summary>
/// Makes intervals of kvm_exit and kvm_entry events that were captured elsewhere, by the rules of bpf/pairing.bpf.h: a live trace of the
/// same events has the same rows. The events of each vCPU are given in the order of time. Memory is bounded by the vCPUs that have not
/// ended and the rows of one interval; nothing is allocated per event.
/// </summary>
/// <param name="options">
/// What is wanted. The split needs other events: <see cref="ReturnToUser"/>, <see cref="LeaveCpu"/>, <see cref="TakeCpu"/>; halt polling is
/// not told apart. How many vCPUs there may be is left to the caller.
/// </param>
/// <param name="zero">Wall-clock time at which the clock of the source was 0.</param>
/// <param name="fromNs">Where the first interval begins, by the clock of the source.</param>
/// <param name="hasLateLevels">
/// Whether the level of an exit is known only after the exit (<see cref="SetLevel"/>). An exit is then in no row until it ends.
/// </param>
public sealed class EventPairing(TraceOptions options, DateTimeOffset zero, long fromNs = 0, bool hasLateLevels = false)
{
    private const long NsPerTick = 100;

    // By reason, level and qualifier; the VM of a key is the number of the vCPU, as whose vCPU it is may turn out later.
    private readonly RowTable _rows = new(Grouping.Vcpu);
    private readonly Stack<int> _free = [];
    private readonly List<int> _ended = [];
    private readonly List<GroupKey> _openBefore = [];
    private readonly List<SlowExit> _slow = [];
    private readonly bool _wantTime = options.WantTime || options.WantNested;
    private PairedVcpu[] _vcpus = new PairedVcpu[16];
    private int _count;
    private long _fromNs = fromNs;
    private ulong _unpairedExits, _unpairedEntries, _cutExits, _slowLeftOut;

    /// <summary>How many slow exits an interval has at most; further ones are counted as lost.</summary>
    public int MostSlow { get; init; } = 10_000;

    /// <summary>How many rows there are since the last reading: where they become too many, read earlier.</summary>
    public int RowCount => _rows.Rows.Count;

    /// <summary>Adds a vCPU: an id of a VM, or a thread of which that is not known yet.</summary>
    /// <param name="vm">The VM, by its ordinal; its pid is what filters look at.</param>
    /// <param name="id">The vCPU's id; <see cref="GroupKey.None"/> where it is not known yet.</param>
    /// <returns>The number under which its events are given.</returns>
    public int Add(VmIdentity vm, int id)
    {
        if (!_free.TryPop(out int vcpu)) vcpu = _count++;
        if (vcpu == _vcpus.Length) Array.Resize(ref _vcpus, 2 * vcpu);
        Identify(vcpu, vm, id);
        return vcpu;
    }

    /// <summary>Says whose vCPU it is, which holds for all that was not read yet.</summary>
    public void Identify(int vcpu, VmIdentity vm, int id)
    {
        ref PairedVcpu of = ref _vcpus[vcpu];
        (of.Vm, of.Id) = (vm, id);
        of.IsForeign = !(options.Filter.Pids.IsEmpty || options.Filter.Pids.Contains(vm.Pid)) || !options.Filter.PassesVcpu(id);
    }

    /// <summary>kvm_exit.</summary>
    /// <param name="vcpu">The number of the vCPU.</param>
    /// <param name="at">When and where.</param>
    /// <param name="code">The reason.</param>
    /// <param name="level">L1 or L2.</param>
    /// <param name="qualifier">The reason's argument, where it is known by now.</param>
    /// <param name="rip">The guest's instruction pointer, for slow exits.</param>
    public void Exit(
        int vcpu, in EventPoint at, ExitCode code, ExitLevel level = ExitLevel.L1, Qualifier qualifier = default, ulong? rip = null)
    {
        ref PairedVcpu of = ref _vcpus[vcpu];
        if (of.IsForeign) return;
        if (of.State == PairingState.Open) EndUnpaired(ref of);
        if (options.WantSplit) of.Clock.Exit(at.Ns);
        bool isQualified = IsQualified(code);
        of.Key = new GroupKey(vcpu, GroupKey.None, code, level, isQualified ? qualifier : default);
        (of.Exit, of.Rip, of.Row, of.WasOpen) = (at, rip, null, false);
        of.State = StateOf(of.Key);
        of.IsCounted = of.State == PairingState.Open && !isQualified && !hasLateLevels;
        if (of.IsCounted) (of.Row = _rows.RowOf(of.Key)).Count++;
    }

    /// <summary>The argument of the exit that the vCPU has open, from another event.</summary>
    public void SetQualifier(int vcpu, ulong raw)
    {
        ref PairedVcpu of = ref _vcpus[vcpu];
        if (of.State == PairingState.Open && IsQualified(of.Key.Code)) of.Key = of.Key with { Qualifier = Qualifier.Of(raw) };
    }

    /// <summary>The level of the exit that the vCPU has open, from another event (kvm_nested_vmexit).</summary>
    /// <exception cref="InvalidOperationException">Levels are not late here: the exit may be in an interval that was read.</exception>
    public void SetLevel(int vcpu, ExitLevel level)
    {
        if (!hasLateLevels) throw new InvalidOperationException("an exit is counted under the level that it has at the exit");
        ref PairedVcpu of = ref _vcpus[vcpu];
        if (of.State < PairingState.Skipped) return;
        of.Key = of.Key with { Level = level };
        of.State = StateOf(of.Key);
    }

    /// <summary>kvm_entry.</summary>
    /// <param name="vcpu">The number of the vCPU.</param>
    /// <param name="at">When and where.</param>
    /// <param name="into">Which guest is entered; an exit of L2 after which L1 runs was reflected.</param>
    public void Entry(int vcpu, in EventPoint at, ExitLevel into = ExitLevel.L1)
    {
        ref PairedVcpu of = ref _vcpus[vcpu];
        if (of.IsForeign || of.State == PairingState.None) return;
        if (options.WantNested) FollowRound(ref of, at.Ns, into);
        if (options.WantSplit) of.Clock.Enter(at.Ns, of.State == PairingState.Open);
        if (of.State == PairingState.Running) _unpairedEntries++;
        else if (of.State == PairingState.Open) EndTimed(ref of, at);
        of.State = PairingState.Running;
    }

    /// <summary>KVM_RUN returns to user space: what follows is the VMM's time.</summary>
    public void ReturnToUser(int vcpu, long ns)
    {
        ref PairedVcpu of = ref _vcpus[vcpu];
        if (options.WantSplit && of.State == PairingState.Open) of.Clock.ToUser(ns);
    }

    /// <summary>The vCPU's thread leaves the CPU.</summary>
    /// <param name="vcpu">The number of the vCPU.</param>
    /// <param name="ns">When.</param>
    /// <param name="canRun">Whether it could go on, and so waits for a CPU.</param>
    public void LeaveCpu(int vcpu, long ns, bool canRun)
    {
        ref PairedVcpu of = ref _vcpus[vcpu];
        if (!options.WantSplit || of.State < PairingState.Running) return;
        bool isOpen = of.State == PairingState.Open;
        of.Clock.Leave(ns, canRun, isOpen, isOpen && ExitReasons.IsIdle(of.Key.Code));
    }

    /// <summary>The vCPU's thread has a CPU again.</summary>
    public void TakeCpu(int vcpu, long ns)
    {
        ref PairedVcpu of = ref _vcpus[vcpu];
        if (options.WantSplit && of.State >= PairingState.Running) of.Clock.Resume(ns, of.State == PairingState.Open);
    }

    /// <summary>Events of the vCPU may be missing from here on: an exit that is open is counted and not timed.</summary>
    public void Lose(int vcpu)
    {
        ref PairedVcpu of = ref _vcpus[vcpu];
        if (of.State == PairingState.None) return;
        if (of.State == PairingState.Open)
        {
            CountLate(ref of);
            _cutExits++;
        }
        of.Clock.Lose();
        of.State = PairingState.Lost;
        of.Round.IsOpen = false;
    }

    /// <summary>Events of any vCPU may be missing from here on: a CPU lost some, and vCPUs move between CPUs.</summary>
    public void LoseAll()
    {
        for (int vcpu = 0; vcpu < _count; vcpu++) Lose(vcpu);
    }

    /// <summary>
    /// The vCPU has ended: an exit that is open is its last, and has no end. Its number is free from the next reading on.
    /// </summary>
    public void End(int vcpu)
    {
        ref PairedVcpu of = ref _vcpus[vcpu];
        if (of.State == PairingState.Open)
        {
            CountLate(ref of);
            (of.Row ?? _rows.RowOf(of.Key)).Final++;
        }
        of.Clock.Lose();
        of.State = PairingState.None;
        _ended.Add(vcpu);
    }

    /// <summary>
    /// Nothing follows: exits that are open are counted in the last reading although their level or argument may have come later. They
    /// stay open, and have no time.
    /// </summary>
    public void CountOpen()
    {
        foreach (ref PairedVcpu of in _vcpus.AsSpan(0, _count))
        {
            if (of.State != PairingState.Open) continue;
            CountLate(ref of);
            of.IsCounted = true;
            if (!options.WantSplit) continue;
            (of.Row ?? _rows.RowOf(of.Key)).AddParts(of.Clock.Open);
            of.Clock.Settle();
        }
    }

    /// <summary>What happened since the last reading, one row per vCPU, reason, level and qualifier.</summary>
    /// <param name="toNs">Where the interval ends, by the clock of the source.</param>
    public Interval Read(long toNs)
    {
        var rows = new RowTable(Grouping.Vcpu);
        foreach (Row row in _rows.Rows) rows.RowOf(OwnerOf(row.Key)).Add(row);
        List<GroupKey> openAfter = [];
        OpenAge[] ages = CollectOpen(openAfter, toNs);
        OpenExits[] before = Sum(_openBefore), after = Sum(openAfter);
        Interval interval = new Interval
        {
            From = WallClock(_fromNs),
            To = WallClock(toNs),
            FromNs = _fromNs,
            ToNs = toNs,
            Changes = rows.Rows,
            TimeChanges = options.WantSplit ? CollectTimes() : [],
            OpenBefore = before,
            OpenAfter = after,
            OpenAges = ages,
            Vms = NamedIn([.. rows.Rows.Select(row => row.Key.Vm), .. before.Select(exits => exits.Key.Vm),
                .. ages.Select(open => open.Key.Vm)]),
            Accounting = new Accounting
            {
                UnpairedExits = _unpairedExits,
                UnpairedEntries = _unpairedEntries,
                CutExits = _cutExits,
                Open = (ulong)ages.Length,
            }.WithRows(rows.Rows),
        }.WithSlow([.. _slow], _slowLeftOut);
        _fromNs = toNs;
        Clear();
        return interval;
    }

    private PairingState StateOf(GroupKey key) =>
        options.Filter.PassesExit(key.Code.Code, key.Level) ? PairingState.Open : PairingState.Skipped;

    private bool IsQualified(ExitCode code) => options.WantQualifiers && Qualifiers.KindOf(code) != QualifierKind.None;

    private static ulong Elapsed(long fromNs, long toNs) => toNs > fromNs ? (ulong)toNs - (ulong)fromNs : 0;

    // An exit that was in no row while it was open is in one now, with what is known of it.
    private void CountLate(ref PairedVcpu of)
    {
        if (of.IsCounted) return;
        (of.Row = _rows.RowOf(of.Key)).Count++;
        if (of.WasOpen) _openBefore.Add(of.Key.WithoutQualifier());
    }

    private void EndUnpaired(ref PairedVcpu of)
    {
        CountLate(ref of);
        of.Clock.Lose();
        _unpairedExits++;
        if (of.Round.IsOpen && of.Key.Level == ExitLevel.L1) of.Round.L1Exits++;
    }

    private void EndTimed(ref PairedVcpu of, in EventPoint at)
    {
        CountLate(ref of);
        Row row = of.Row ?? _rows.RowOf(of.Key);
        if (!_wantTime)
        {
            row.Timed++;
            return;
        }
        ulong ns = Elapsed(of.Exit.Ns, at.Ns);
        row.AddDuration(ns);
        if (options.WantSplit) row.AddParts(of.Clock.Open);
        if (options.SlowNs > 0 && ns >= options.SlowNs) AddSlow(of, at, ns);
        of.Clock.Settle();
    }

    private void AddSlow(in PairedVcpu of, in EventPoint at, ulong ns)
    {
        if (_slow.Count >= MostSlow)
        {
            _slowLeftOut++;
            return;
        }
        _slow.Add(new SlowExit(WallClock(at.Ns), of.Vm, of.Id, at.Tid, at.Cpu, of.Key.Level, of.Key.Code, ns)
        {
            Qualifier = of.Key.Qualifier,
            Rip = of.Rip,
            CpuAtExit = of.Exit.Cpu,
            Parts = options.WantSplit ? of.Clock.Open : null,
        });
    }

    // follow_round() of bpf/rounds.bpf.h.
    private void FollowRound(ref PairedVcpu of, long now, ExitLevel into)
    {
        if (of.State < PairingState.Skipped) return;
        ulong handling = Elapsed(of.Exit.Ns, now);
        ref PairedRound round = ref of.Round;
        if (of.Key.Level == ExitLevel.L2)
        {
            round = default;
            if (into == ExitLevel.L2 || of.State != PairingState.Open) return;
            GroupKey key = of.Key.WithoutQualifier();
            RoundsOf(key).Reflected++;
            round = new PairedRound { IsOpen = true, Key = key, BeginNs = of.Exit.Ns, HandlingNs = handling };
            return;
        }
        if (!round.IsOpen) return;
        round.L1Exits++;
        round.HandlingNs += handling;
        if (into != ExitLevel.L2) return;
        round.IsOpen = false;
        if (now < round.BeginNs) return;
        ReflectedRounds rounds = RoundsOf(round.Key);
        rounds.L1Exits += round.L1Exits;
        rounds.HandlingNs += round.HandlingNs;
        rounds.AddDuration(Elapsed(round.BeginNs, now));
    }

    private ReflectedRounds RoundsOf(GroupKey key)
    {
        Row row = _rows.RowOf(key);
        return row.Rounds ??= new ReflectedRounds();
    }

    // The exits that are open, and those of them that are in no row.
    private OpenAge[] CollectOpen(List<GroupKey> openAfter, long toNs)
    {
        List<OpenAge> open = [];
        foreach (ref PairedVcpu of in _vcpus.AsSpan(0, _count))
        {
            of.Row = null;
            if (of.State != PairingState.Open) continue;
            GroupKey key = of.Key.WithoutQualifier();
            open.Add(new OpenAge(OwnerOf(key), 1, Elapsed(of.Exit.Ns, toNs)));
            if (of.IsCounted) continue;
            if (of.WasOpen) _openBefore.Add(key);
            openAfter.Add(key);
            of.WasOpen = true;
        }
        return [.. open];
    }

    // Of each vCPU, whatever threads ran it.
    private VcpuTime[] CollectTimes()
    {
        Dictionary<GroupKey, (ulong WallNs, TimeParts Parts)> times = [];
        foreach (ref PairedVcpu of in _vcpus.AsSpan(0, _count))
        {
            if (of.Vm is null || of.Clock.WallNs == 0) continue;
            GroupKey key = GroupKey.OfVcpu(of.Vm.Ordinal, of.Id);
            (ulong wall, TimeParts parts) = times.GetValueOrDefault(key);
            parts.Add(of.Clock.Outside);
            times[key] = (wall + of.Clock.WallNs, parts);
            of.Clock.Clear();
        }
        return [.. times.Select(time => new VcpuTime(time.Key, time.Value.WallNs, time.Value.Parts))];
    }

    private GroupKey OwnerOf(GroupKey key) => key with { Vm = _vcpus[key.Vm].Vm.Ordinal, Vcpu = _vcpus[key.Vm].Id };

    private OpenExits[] Sum(List<GroupKey> open) =>
        [.. open.CountBy(OwnerOf).Select(sum => new OpenExits(sum.Key, (ulong)sum.Value))];

    // Numbers that are free have none.
    private VmIdentity[] NamedIn(HashSet<int> ordinals) =>
        [.. _vcpus.Select(of => of.Vm).Where(vm => vm is not null && ordinals.Contains(vm.Ordinal)).DistinctBy(vm => vm.Ordinal)];

    private DateTimeOffset WallClock(long ns) => zero.AddTicks(ns / NsPerTick);

    private void Clear()
    {
        _rows.Clear();
        _openBefore.Clear();
        _slow.Clear();
        _unpairedExits = _unpairedEntries = _cutExits = _slowLeftOut = 0;
        foreach (int vcpu in _ended)
        {
            _vcpus[vcpu] = default;
            _free.Push(vcpu);
        }
        _ended.Clear();
    }
}
