using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// What happened in a stretch of time: views, formats, rules and recordings are all made of it. It is complete: it has its times, its
/// losses and its VMs. Live traces and recordings give the same intervals, and consecutive ones add up (<see cref="IntervalSum"/>). Do not
/// change it once it is made.
/// </summary>
public sealed record Interval
{
    private const double NsPerSecond = 1e9;

    private IReadOnlyList<Row>? _rows;
    private IReadOnlyList<VcpuTime>? _times;
    private Dictionary<int, VmIdentity>? _vms;

    /// <summary>In a recording, the number of its first interval, from 0.</summary>
    public long First { get; init; }

    /// <summary>How many intervals it is the sum of.</summary>
    public int Intervals { get; init; } = 1;

    /// <summary>Wall-clock time of the host at its start.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Wall-clock time of the host at its end.</summary>
    public DateTimeOffset To { get; init; }

    /// <summary>CLOCK_MONOTONIC at its start, ns.</summary>
    public long FromNs { get; init; }

    /// <summary>CLOCK_MONOTONIC at its end, ns.</summary>
    public long ToNs { get; init; }

    /// <summary>
    /// How long the host was suspended in it, ns, which is not part of its length: by how much CLOCK_BOOTTIME went further than
    /// CLOCK_MONOTONIC. 0 also where that is not known; only recordings tell.
    /// </summary>
    public long SuspendedNs { get; init; }

    /// <summary>
    /// Whether nothing was recorded just before it: it does not go on where the interval before it ended, so exits that were open there
    /// never ended.
    /// </summary>
    public bool IsAfterGap { get; init; }

    /// <summary>How long it was observed, ns; null for all of its time. Less of a sum over a time in which nothing was recorded.</summary>
    public long? ObservedNs { get; init; }

    /// <summary>How long it was observed, by the monotonic clock; never negative.</summary>
    public double Seconds => Math.Max(0, ObservedNs ?? ToNs - FromNs) / NsPerSecond;

    /// <summary>The VMs that it is about, also those without exits.</summary>
    public IReadOnlyCollection<VmIdentity> Vms
    {
        get;
        init => (field, _vms) = (value, null);
    } = [];

    /// <summary>
    /// The rows to add up; empty where a reader gave them one by one. The parts of an open exit's time are only known when it ends, so
    /// parts may be negative here: this is for sums and recordings. Views show <see cref="Rows"/>.
    /// </summary>
    public IReadOnlyCollection<Row> Changes
    {
        get;
        init => (field, _rows) = (value, null);
    } = [];

    /// <summary>
    /// The wall clocks to add up: parts are not settled, and a wall clock that turned out shorter than it seemed (a vCPU that ended without
    /// a hook seeing it) is negative in two's complement. Views show <see cref="Times"/>.
    /// </summary>
    public IReadOnlyCollection<VcpuTime> TimeChanges
    {
        get;
        init => (field, _times) = (value, null);
    } = [];

    /// <summary>The rows that have something to show, unordered, with their parts settled.</summary>
    public IReadOnlyList<Row> Rows => _rows ??= ShownRows();

    /// <summary>The same, for those who read them often.</summary>
    internal ReadOnlySpan<Row> RowSpan => Rows as Row[] ?? CollectionsMarshal.AsSpan((List<Row>)Rows);

    /// <summary>The wall clock of each group, unordered, with its parts settled; empty without the split.</summary>
    public IReadOnlyList<VcpuTime> Times => _times ??= [.. TimeChanges.Where(IsShown).Select(Settled)];

    /// <summary>Whether a change of a wall clock is in <see cref="Times"/>.</summary>
    internal static bool IsShown(VcpuTime change) => (long)change.WallNs > 0;

    /// <summary>A change of a wall clock as <see cref="Times"/> has it.</summary>
    internal static VcpuTime Settled(VcpuTime change) => change with { Parts = change.Parts.Settled() };

    /// <summary>
    /// The vCPUs that were there, or where these are together their VMs (<see cref="GroupKey.OfVcpu"/>), each once: also those without
    /// exits, as far as they are known, and those that ended in it. A recording knows them by their wall clocks. Empty where VMs are
    /// together.
    /// </summary>
    public IReadOnlyCollection<GroupKey> Vcpus { get; init; } = [];

    /// <summary>Exits that were open at its start and in no row then (<see cref="Model.OpenExits"/>).</summary>
    public IReadOnlyList<OpenExits> OpenBefore { get; init; } = [];

    /// <summary>Exits that are open at its end and in no row.</summary>
    public IReadOnlyList<OpenExits> OpenAfter { get; init; } = [];

    /// <summary>
    /// Exits that are open at its end, each with its age then, whether or not they are in a row; null where that is not known (recordings
    /// of 0.1).
    /// </summary>
    public IReadOnlyList<OpenAge>? OpenAges { get; init; } = [];

    /// <summary>Returns to the VMM; empty where they were not asked for.</summary>
    public IReadOnlyCollection<VmmReturns> Returns { get; init; } = [];

    /// <summary>Where each vCPU is at its end; empty where returns were not asked for, and where vCPUs are not kept apart.</summary>
    public IReadOnlyList<VcpuState> VcpuStates { get; init; } = [];

    /// <summary>What was seen and lost.</summary>
    public Accounting Accounting { get; init; } = new();

    /// <summary>Exits over the threshold, in order; sums of intervals have none.</summary>
    public IReadOnlyList<SlowExit> Slow { get; init; } = [];

    /// <summary>What was asked for and is not available on this kernel.</summary>
    public IReadOnlyList<MissingSource> Missing { get; init; } = [];

    /// <summary>Counters that went backwards: they count as restarted at zero.</summary>
    public int RestartedRows { get; init; }

    /// <summary>Exits whose reason has no name in this version, unread ones included.</summary>
    public ulong UnknownReasons
    {
        get
        {
            ulong unknown = Accounting.UnreadReasons;
            // Rows of no ISA are the unread ones.
            foreach (Row row in Rows)
                if (row.Key.Code.Isa != Isa.None && !ExitReasons.IsKnown(row.Key.Code)) unknown += row.Count;
            return unknown;
        }
    }

    /// <summary>The interval with its slow exits, and their VMs.</summary>
    /// <param name="slow">The slow exits, in order.</param>
    /// <param name="leftOut">How many more there were, which are lost.</param>
    public Interval WithSlow(IReadOnlyList<SlowExit> slow, ulong leftOut = 0) => this with
    {
        Slow = slow,
        Vms = [.. Vms.Concat(slow.Select(exit => exit.Vm)).DistinctBy(vm => vm.Ordinal).OrderBy(vm => vm.Ordinal)],
        Accounting = Accounting with { LostEvents = Accounting.LostEvents + leftOut },
    };

    /// <summary>The VM of a row; null where VMs are together.</summary>
    public VmIdentity? VmOf(GroupKey key) => VmOf(key.Vm);

    /// <summary>The VM of this number; null for <see cref="GroupKey.None"/>.</summary>
    public VmIdentity? VmOf(int number)
    {
        if (number < 0) return null;
        _vms ??= Vms.ToDictionary(vm => vm.Ordinal);
        return _vms.TryGetValue(number, out VmIdentity? vm) ? vm : new VmIdentity(number, VmIdentity.SeveralPids, $"VM {number}");
    }

    // An array or a list. Mostly all rows are shown as they are, and there are tens of thousands.
    private IReadOnlyList<Row> ShownRows()
    {
        if (Changes is Row[] array && IsShownAsIs(array)) return array;
        if (Changes is List<Row> list && IsShownAsIs(CollectionsMarshal.AsSpan(list))) return list;
        return PartsSettlement.Settle(Changes).Where(HasContent).ToArray();
    }

    private static bool IsShownAsIs(ReadOnlySpan<Row> rows)
    {
        foreach (Row row in rows)
            if (!HasContent(row) || row.PartsOrNone.HasNegative) return false;
        return true;
    }

    // An exit that was open all the time has no count in the interval, but it has time.
    private static bool HasContent(Row row) =>
        row.Count != 0 || row.Timed != 0 || row.PartsOrNone.Sum > 0 || row.Rounds is { IsEmpty: false };
}

/// <summary>The wall-clock time of one vCPU, or of all vCPUs of a VM or of the host, without the time of its exits.</summary>
/// <param name="Key">The group (<see cref="GroupKey.OfVcpu"/>).</param>
/// <param name="WallNs">How long it was observed, in ns; of several vCPUs the sum.</param>
/// <param name="Parts">What is in no row of exits: the guest's time, the run queue's where the thread lost its CPU before KVM reported the
/// exit, and what could not be attributed. With the <see cref="Tally.Parts"/> of the same group this adds up to <paramref name="WallNs"/>.
/// </param>
public readonly record struct VcpuTime(GroupKey Key, ulong WallNs, TimeParts Parts);

/// <summary>
/// Exits that were seen and are in no row yet: where qualifiers are kept apart, an exit gets its row when its qualifier is known, which is
/// when it ends. A state, not a counter.
/// </summary>
/// <param name="Key">Their group, without a qualifier.</param>
/// <param name="Count">How many; of one vCPU at most one.</param>
public readonly record struct OpenExits(GroupKey Key, ulong Count);

/// <summary>
/// Exits that are open: a state, not a counter. An exit with which its vCPU ended is none of them (<see cref="Tally.Final"/>).
/// </summary>
/// <param name="Key">Their group, without a qualifier: as fine as it is known, whatever rows are grouped by.</param>
/// <param name="Count">How many; of one vCPU at most one.</param>
/// <param name="Ns">How long the oldest of them has been open, in ns.</param>
/// <param name="IsAtLeast">Whether it may have been open for longer: where no times are taken, only the reader saw it.</param>
public readonly record struct OpenAge(GroupKey Key, ulong Count, ulong Ns, bool IsAtLeast = false);

/// <summary>Something that was asked for and that is not available on this kernel.</summary>
/// <param name="Part">The part of the wall clock that cannot be measured; null where it is not about the split.</param>
/// <param name="Text">What is missing and what follows from it: <c>kvm_vcpu_wakeup cannot be attached: halts are under sleep</c>.</param>
public sealed record MissingSource(TimePart? Part, string Text);
