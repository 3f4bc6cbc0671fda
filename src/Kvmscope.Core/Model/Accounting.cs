using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// What was seen and what was lost, in every interval. In the kernel's tables the figures are cumulative since attach, in an interval they
/// are of that time; <see cref="Open"/> is the state at the end in both. A new counter is one property and one line of
/// <see cref="Fields"/>: sums, differences, recordings, JSON and text are made from these.
/// </summary>
public sealed record Accounting
{
    /// <summary>How many vCPUs without a slot are counted one by one: from there on <see cref="DroppedVcpus"/> is a lower bound.</summary>
    public const ulong MaxDroppedVcpus = 1024;

    /// <summary>The most vCPUs that tables can have room for.</summary>
    public const int MostVcpus = 1 << 16;

    internal static readonly AccountingField LostEventsField = new("lost_events", a => a.LostEvents, (a, n) => a with { LostEvents = n })
    {
        Place = 4,
        Problem = n => $"{Plural.Of(n, "slow exit was", "slow exits were")} lost because the buffer was full",
        Remark = ": raise the threshold, or filter with --vm, --reason or --exclude",
    };

    internal static readonly AccountingField MissedEventsField =
        new("missed_events", a => a.MissedEvents, (a, n) => a with { MissedEvents = n })
        {
            InJson = JsonPresence.WhereAny,
            IsAboutReturns = true,
            Place = 9,
            Problem = n => $"{Plural.Of(n, "event was", "events were")} skipped by the kernel",
            Remark = ": that many exits may lack their qualifier, poll time or return to the VMM",
        };

    internal static readonly AccountingField UnreadReasonsField =
        new("unread_reasons", a => a.UnreadReasons, (a, n) => a with { UnreadReasons = n })
        {
            InJson = JsonPresence.Never,
            Place = 10,
            Problem = n => $"the reason of {Plural.Of(n, "exit", "exits")} could not be read",
            Remark = " on this kernel: see 'kvmscope check'",
        };

    /// <summary>All counters, in the order of the machine formats.</summary>
    internal static readonly AccountingField[] Fields =
    [
        new("exits", a => a.Exits, (a, n) => a with { Exits = n }),
        new("entries", a => a.Entries, (a, n) => a with { Entries = n }),
        new("unpaired_exits", a => a.UnpairedExits, (a, n) => a with { UnpairedExits = n })
        {
            Place = 1,
            Problem = n => $"{Plural.Of(n, "exit", "exits")} had no entry after {Them(n)} (fast path)",
            Remark = ": counted, not timed",
        },
        new("unpaired_entries", a => a.UnpairedEntries, (a, n) => a with { UnpairedEntries = n })
        {
            Place = 2,
            Problem = n => $"{Plural.Of(n, "entry", "entries")} had no exit before {Them(n)} (failed VM entry)",
            Remark = ": nothing to count",
        },
        new("cut_exits", a => a.CutExits, (a, n) => a with { CutExits = n })
        {
            InJson = JsonPresence.WhereAny,
            Place = 11,
            Problem = n => $"{Plural.Of(n, "exit was", "exits were")} open when events were lost",
            Remark = ": counted, not timed",
        },
        new("open", a => a.Open, (a, n) => a with { Open = n })
        {
            IsState = true,
            Place = 3,
            Problem = n => $"{Plural.Of(n, "exit has", "exits have")} no entry yet (open)",
            Remark = ": counted, not timed",
        },
        new("final_exits", a => a.FinalExits, (a, n) => a with { FinalExits = n })
        {
            InJson = JsonPresence.WhereAny,
            Place = 12,
            Problem = n => $"{Plural.Of(n, "vCPU", "vCPUs")} ended in an exit",
            Remark = ": counted, not timed",
        },
        LostEventsField,
        new("dropped_cells", a => a.DroppedCells, (a, n) => a with { DroppedCells = n })
        {
            IsUncounted = true,
            Place = 6,
            Problem = n => $"{Plural.Of(n, "reason of a vCPU", "reasons of vCPUs")} did not fit",
            IsAboutRoom = true,
        },
        new("dropped_vcpus", a => a.DroppedVcpus, (a, n) => a with { DroppedVcpus = n })
        {
            IsUncounted = true,
            IsAboutReturns = true,
            Place = 5,
            Problem = n => $"{(n < MaxDroppedVcpus ? "" : "at least ")}{Plural.Of(n, "vCPU was", "vCPUs were")} not counted",
            IsAboutRoom = true,
        },
        new("dropped_exits", a => a.DroppedExits, (a, n) => a with { DroppedExits = n })
        {
            IsUncounted = true,
            Place = 7,
            Problem = n => $"{Plural.Of(n, "exit was", "exits were")} not counted",
            Remark = ": the tables were full",
        },
        new("vcpu_room", a => a.VcpuRoom, (a, n) => a with { VcpuRoom = n }) { IsState = true, InJson = JsonPresence.WhereAny },
        UnreadReasonsField,
        new("other_qualifiers", a => a.OtherQualifiers, (a, n) => a with { OtherQualifiers = n })
        {
            InJson = JsonPresence.ByQualifier,
            Place = 8,
            Problem = n => $"{Plural.Of(n, "exit came", "exits came")} before {(n == 1 ? "its" : "their")} qualifier, page or instruction "
                + "had a row",
            Remark = ": in 'other', so rows are lower bounds and sums are exact",
        },
        MissedEventsField,
        new("lost_returns", a => a.LostReturns, (a, n) => a with { LostReturns = n })
        {
            InJson = JsonPresence.WhereAny,
            IsAboutReturns = true,
            Place = 13,
            Problem = n => $"{Plural.Of(n, "return to the VMM was", "returns to the VMM were")} not counted",
            Remark = ": it was not seen, or its vCPU was not known yet",
        },
        new("lost_records", a => a.LostRecords, (a, n) => a with { LostRecords = n })
        {
            InJson = JsonPresence.WhereAny,
            IsUncounted = true,
            Place = 15,
            Problem = n => $"{Plural.Of(n, "event was", "events were")} lost by the tracer",
            Remark = ": exits may be missing",
        },
        new("duplicate_events", a => a.DuplicateEvents, (a, n) => a with { DuplicateEvents = n })
        {
            InJson = JsonPresence.WhereAny,
            Place = 16,
            Problem = n => $"{Plural.Of(n, "event was", "events were")} in the capture twice",
            Remark = ": used once",
        },
        new("merged_vms", a => a.MergedVms, (a, n) => a with { MergedVms = n })
        {
            InJson = JsonPresence.WhereAny,
            IsAboutReturns = true,
            Place = 14,
            Problem = n => $"{Plural.Of(n, "VM that ended is", "VMs that ended are")} in 'ended VMs'",
            Remark = ": no room to keep them apart; sums are exact",
        },
    ];

    /// <summary>The counters of what was not measured, under the names of the machine formats.</summary>
    public static IReadOnlyList<LossCounter> LossCounters { get; } =
        [.. Fields.Where(field => field.Problem is not null && !field.IsState).Select(field => new LossCounter(field.Name, field.Of))];

    /// <summary>kvm_exit events that were counted (after the filters).</summary>
    public ulong Exits { get; init; }

    /// <summary>kvm_entry events of the traced vCPUs that ended a counted exit, or should have.</summary>
    public ulong Entries { get; init; }

    /// <summary>
    /// Exits followed by another exit of the same vCPU without an entry between (the fast path of kernels up to 5.15): counted, not timed.
    /// </summary>
    public ulong UnpairedExits { get; init; }

    /// <summary>Entries followed by another entry without an exit between (failed VM entries): nothing to count.</summary>
    public ulong UnpairedEntries { get; init; }

    /// <summary>
    /// Exits that were open when events of their vCPU may have been lost in a capture: the next entry may be another exit's. Counted, not
    /// timed. A live trace has none: it counts events itself and loses none of them.
    /// </summary>
    public ulong CutExits { get; init; }

    /// <summary>Exits without an entry at the end: a halted or stopped vCPU, or one in its VMM.</summary>
    public ulong Open { get; init; }

    /// <summary>Exits with which a vCPU ended (<see cref="Tally.Final"/>): counted, not timed.</summary>
    public ulong FinalExits { get; init; }

    /// <summary>Slow exits that did not fit into the ring buffer.</summary>
    public ulong LostEvents { get; init; }

    /// <summary>
    /// (vCPU, reason, level) combinations that found no free cell, or none for their other qualifiers or their rounds; each once.
    /// </summary>
    public ulong DroppedCells { get; init; }

    /// <summary>vCPUs that found no free slot; where there are many, a lower bound (<see cref="MaxDroppedVcpus"/>).</summary>
    public ulong DroppedVcpus { get; init; }

    /// <summary>Exits that were not counted because of <see cref="DroppedCells"/> or <see cref="DroppedVcpus"/>.</summary>
    public ulong DroppedExits { get; init; }

    /// <summary>How many vCPUs the tables had room for at once, once there was too little; 0: enough, or not known.</summary>
    public ulong VcpuRoom { get; init; }

    /// <summary>How to have more room than there was.</summary>
    internal string MoreRoom => VcpuRoom switch
    {
        0 => "raise --max-vcpus",
        < MostVcpus => $"raise --max-vcpus above {VcpuRoom}",
        _ => $"there is room for {VcpuRoom} vCPUs at most, so trace fewer VMs (--vm)",
    };

    /// <summary>Exits whose reason could not be read at all (an unknown kernel layout); they are in rows with code 0 of ISA None.</summary>
    public ulong UnreadReasons { get; init; }

    /// <summary>
    /// VMs that came and went in the interval and found no room of their own: what they did is in rows of a VM of the name 'ended VMs'.
    /// </summary>
    public ulong MergedVms { get; init; }

    /// <summary>Exits whose qualifier, page or instruction had no cell: they are in rows of <see cref="QualifierState.Other"/>.</summary>
    public ulong OtherQualifiers { get; init; }

    /// <summary>
    /// Events other than kvm_exit and kvm_entry that the kernel skipped, because the program was already running on their CPU (kernels that
    /// preempt it there): at most so many exits lack their qualifier, poll time or return to the VMM. Of all vCPUs, whatever the filters.
    /// </summary>
    public ulong MissedEvents { get; init; }

    /// <summary>
    /// Returns to the VMM that are in no row: of a vCPU that was not known yet, not seen, or of one kind too many for a vCPU.
    /// </summary>
    public ulong LostReturns { get; init; }

    /// <summary>
    /// Events that another tool lost while it captured: as it says itself, and where it does not say how many, each loss as one. Exits may
    /// be among them.
    /// </summary>
    public ulong LostRecords { get; init; }

    /// <summary>Exits and entries that a capture holds twice: used once.</summary>
    public ulong DuplicateEvents { get; init; }

    /// <summary>Exits that are in no row, and slow exits that were not written.</summary>
    public ulong Lost() => LostEvents + DroppedExits;

    /// <summary>The same with the numbers of rows: counted exits, and the entries that ended them.</summary>
    public Accounting WithRows(IReadOnlyCollection<Row> rows)
    {
        ulong exits = 0, timed = 0, final = 0, unread = 0;
        foreach (Row row in rows)
        {
            exits += row.Count;
            timed += row.Timed;
            final += row.Final;
            if (row.Key.Code.Isa == Isa.None) unread += row.Count;
        }
        return this with { Exits = exits, Entries = timed + UnpairedEntries, FinalExits = final, UnreadReasons = unread };
    }

    /// <summary>This plus what was seen and lost in the time after it.</summary>
    public Accounting Then(Accounting next) => Combine(next, static (sum, more) => sum + more);

    /// <summary>The same with the losses of a capture.</summary>
    internal Accounting With(Accounting losses) => this with
    {
        LostRecords = losses.LostRecords,
        DuplicateEvents = losses.DuplicateEvents,
        DroppedExits = losses.DroppedExits,
        DroppedVcpus = losses.DroppedVcpus,
    };

    /// <summary>What came since <paramref name="before"/>; the whole value of a counter that restarted.</summary>
    public Accounting Less(Accounting before) => before.Combine(this, static (then, now) => now >= then ? now - then : now);

    private Accounting Combine(Accounting later, Func<ulong, ulong, ulong> of)
    {
        var result = new Accounting();
        foreach (AccountingField field in Fields)
        {
            ulong value = field.IsState ? field.Of(later) : of(field.Of(this), field.Of(later));
            if (value != 0) result = field.With(result, value);
        }
        return result;
    }

    private static string Them(ulong number) => number == 1 ? "it" : "them";
}

/// <summary>One counter of what was not measured.</summary>
/// <param name="Name">Its name in the machine formats.</param>
/// <param name="Of">Reads it.</param>
public sealed record LossCounter(string Name, Func<Accounting, ulong> Of);

/// <summary>When a counter is in the JSON of an interval.</summary>
internal enum JsonPresence
{
    Always,

    /// <summary>Where it is not 0.</summary>
    WhereAny,

    /// <summary>Where it is not 0, or rows are by qualifier: then 0 says that none was lost.</summary>
    ByQualifier,

    /// <summary>It is part of <see cref="Interval.UnknownReasons"/> there.</summary>
    Never,
}

/// <summary>One counter of <see cref="Accounting"/>.</summary>
/// <param name="Name">Its name in recordings and JSON.</param>
/// <param name="Of">Reads it.</param>
/// <param name="With">The same accounting with another value of it.</param>
internal sealed record AccountingField(string Name, Func<Accounting, ulong> Of, Func<Accounting, ulong, Accounting> With)
{
    /// <summary>Whether it is the state at the end of the time, not a counter.</summary>
    internal bool IsState { get; init; }

    /// <summary>Whether it is about returns to the VMM too.</summary>
    internal bool IsAboutReturns { get; init; }

    /// <summary>Whether exits are missing in rows because of it; of several, the last in the table says most.</summary>
    internal bool IsUncounted { get; init; }

    internal JsonPresence InJson { get; init; }

    /// <summary>The place of its line under tables.</summary>
    internal int Place { get; init; }

    /// <summary>What is missing in an interval where it is not 0; null where nothing is.</summary>
    internal Func<ulong, string>? Problem { get; init; }

    /// <summary>What follows <see cref="Problem"/> under tables: what that means, or how to avoid it.</summary>
    internal string Remark { get; init; } = "";

    /// <summary>Whether how to have more room follows <see cref="Problem"/>.</summary>
    internal bool IsAboutRoom { get; init; }

    /// <summary>The line under tables; null where there is nothing to say.</summary>
    internal string? Line(Accounting accounting) => Of(accounting) is > 0 and var number && Problem is not null
        ? Problem(number) + (IsAboutRoom ? ": " + accounting.MoreRoom : Remark)
        : null;
}
