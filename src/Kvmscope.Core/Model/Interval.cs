using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// What happened in a stretch of time: all that views, formats, rules and recordings are made of. It stands for itself: it knows its
/// times, its losses, and the VMs in it. Live traces and recordings yield the same intervals, and those that follow one another add up
/// (<see cref="IntervalSum"/>). Not to be changed once made.
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

    /// <summary>Wall-clock time at its begin, as the host had it.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Wall-clock time at its end, as the host had it.</summary>
    public DateTimeOffset To { get; init; }

    /// <summary>CLOCK_MONOTONIC at its begin, ns.</summary>
    public long FromNs { get; init; }

    /// <summary>CLOCK_MONOTONIC at its end, ns.</summary>
    public long ToNs { get; init; }

    /// <summary>How long it was, by the monotonic clock; never negative.</summary>
    public double Seconds => Math.Max(0, ToNs - FromNs) / NsPerSecond;

    /// <summary>The VMs that are named in it.</summary>
    public IReadOnlyCollection<VmIdentity> Vms
    {
        get;
        init => (field, _vms) = (value, null);
    } = [];

    /// <summary>
    /// The rows as they add up; empty where a reader handed them over one by one. What an open exit's time turns out to have been is not
    /// known before it ends, so parts may be negative here: for sums and for recordings. What is shown are <see cref="Rows"/>.
    /// </summary>
    public IReadOnlyCollection<Row> Changes
    {
        get;
        init => (field, _rows) = (value, null);
    } = [];

    /// <summary>
    /// The wall clocks as they add up: parts are not settled, and a wall clock that turned out shorter than it had seemed (of a vCPU whose
    /// end no hook told) is negative in two's complement. What is shown are <see cref="Times"/>.
    /// </summary>
    public IReadOnlyCollection<VcpuTime> TimeChanges
    {
        get;
        init => (field, _times) = (value, null);
    } = [];

    /// <summary>The rows that have something to show, unordered, with their parts settled.</summary>
    public IReadOnlyList<Row> Rows => _rows ??= [.. PartsSettlement.Settle(Changes).Where(HasMore)];

    /// <summary>The wall clock of each group, unordered, with its parts settled; empty without the split.</summary>
    public IReadOnlyList<VcpuTime> Times =>
        _times ??= [.. TimeChanges.Where(time => (long)time.WallNs > 0).Select(time => time with { Parts = time.Parts.Settled() })];

    /// <summary>Exits that were open at its begin and in no row then (<see cref="Model.OpenExits"/>).</summary>
    public IReadOnlyList<OpenExits> OpenBefore { get; init; } = [];

    /// <summary>Exits that are open at its end and in no row.</summary>
    public IReadOnlyList<OpenExits> OpenAfter { get; init; } = [];

    /// <summary>What was seen and lost.</summary>
    public Accounting Accounting { get; init; } = new();

    /// <summary>Exits over the threshold, in order; sums of intervals have none.</summary>
    public IReadOnlyList<SlowExit> Slow { get; init; } = [];

    /// <summary>What was asked for and is not available on this kernel.</summary>
    public IReadOnlyList<MissingSource> Missing { get; init; } = [];

    /// <summary>Counters that ran backwards: they are taken as started again at zero.</summary>
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
        return _vms.TryGetValue(number, out VmIdentity? vm) ? vm : new VmIdentity(number, 0, $"VM {number}");
    }

    // An exit that was open all the while has no count in the interval, and yet its time.
    private static bool HasMore(Row row) =>
        row.Count != 0 || row.Timed != 0 || row.Parts is { Sum: > 0 } || row.Rounds is { IsEmpty: false };
}

/// <summary>The wall-clock time of one vCPU, or of all vCPUs of a VM or of the host, beside what its exits took.</summary>
/// <param name="Key">Whose it is (<see cref="GroupKey.OfVcpu"/>).</param>
/// <param name="WallNs">How long it was observed, in ns; of several vCPUs the sum.</param>
/// <param name="Parts">
/// What no exit's row holds: the guest's time, the run queue's where the thread lost its CPU before KVM reported the exit, and what
/// could not be attributed. With the <see cref="Tally.Parts"/> of the same group this adds up to <paramref name="WallNs"/>.
/// </param>
public readonly record struct VcpuTime(GroupKey Key, ulong WallNs, TimeParts Parts);

/// <summary>
/// Exits that are seen and that no row has yet: where qualifiers are kept apart, an exit belongs to a row once its qualifier is known,
/// which is when it ends. A state, and not a counter.
/// </summary>
/// <param name="Key">Whose they are; without a qualifier.</param>
/// <param name="Count">How many; of one vCPU at most one.</param>
public readonly record struct OpenExits(GroupKey Key, ulong Count);

/// <summary>One VM as the trace saw it. Two VMs of one process are two identities; compare by <see cref="Ordinal"/>.</summary>
/// <param name="Ordinal">A number of this trace's own, in the order in which VMs were first seen; never a kernel address.</param>
/// <param name="Pid">The process (thread group) that runs the VM.</param>
/// <param name="Name">The VM's name; the command where the VMM gave none; <c>NAME#2</c> for the second VM of one process.</param>
public sealed record VmIdentity(int Ordinal, int Pid, string Name);

/// <summary>Something that was asked for and that this kernel does not give.</summary>
/// <param name="Part">The part of the wall clock that cannot be told apart; null where it is not about the split.</param>
/// <param name="Text">What is missing and what follows from it: <c>kvm_vcpu_wakeup cannot be attached: halts are under sleep</c>.</param>
public sealed record MissingSource(TimePart? Part, string Text);
