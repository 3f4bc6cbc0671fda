using System.Collections.Immutable;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Recordings;

/// <summary>Where, when and how a recording was made.</summary>
public sealed record RecordingHeader
{
    /// <summary>The format that this version writes, and the newest that it reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The version of the format.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The version of the program that wrote it.</summary>
    public string Program { get; init; } = "";

    /// <summary>The host's name.</summary>
    public string Host { get; init; } = "";

    /// <summary>The kernel's release.</summary>
    public string Kernel { get; init; } = "";

    /// <summary>The CPU's model.</summary>
    public string Cpu { get; init; } = "";

    /// <summary>How many CPUs the host has.</summary>
    public int Cpus { get; init; }

    /// <summary>The kernel's id of this boot; monotonic times of two recordings can be compared only if it is the same.</summary>
    public string BootId { get; init; } = "";

    /// <summary>The ISA of the host's exits; None where it was not known.</summary>
    public Isa Isa { get; init; }

    /// <summary>When the trace began, with the host's offset from UTC.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>CLOCK_MONOTONIC at that time, ns.</summary>
    public long MonotonicNs { get; init; }

    /// <summary>
    /// CLOCK_BOOTTIME at that time, ns, which goes on while the host is suspended; null in recordings that do not say when that was.
    /// </summary>
    public long? BootNs { get; init; }

    /// <summary>When the host's offset from UTC changes after that time.</summary>
    public ImmutableArray<ZoneChange> ZoneChanges { get; init; } = [];

    /// <summary>The host's offset from UTC over time.</summary>
    public HostZone Zone => new(Started.Offset, ZoneChanges);

    /// <summary>How long an interval is, ns; the last one may be shorter.</summary>
    public long IntervalNs { get; init; }

    /// <summary>Which vCPUs are kept apart.</summary>
    public Grouping Grouping { get; init; } = Grouping.Vcpu;

    /// <summary>Whether handling times were measured.</summary>
    public bool HasTime { get; init; } = true;

    /// <summary>Whether the wall clock was split.</summary>
    public bool HasSplit { get; init; }

    /// <summary>Whether the reasons' arguments were kept apart.</summary>
    public bool HasQualifiers { get; init; }

    /// <summary>The size of the pages that were kept apart, as a power of two; null where they were not.</summary>
    public int? PageShift { get; init; }

    /// <summary>Whether the guests' instructions were kept apart.</summary>
    public bool HasRips { get; init; }

    /// <summary>Whether reflected exits of L2 were followed.</summary>
    public bool HasNested { get; init; }

    /// <summary>Whether returns to the VMM were counted.</summary>
    public bool HasReturns { get; init; }

    /// <summary>Exits of at least this handling time are in it one by one, in ns; 0: none.</summary>
    public ulong SlowNs { get; init; }

    /// <summary>The part of the handling time that <see cref="SlowNs"/> is about; null is all of it.</summary>
    public TimePart? SlowPart { get; init; }

    /// <summary>Whether slow exits say which task had the CPU that their thread waited for.</summary>
    public bool HasWho { get; init; }

    /// <summary>Which exits were traced, as typed.</summary>
    public Selection Selection { get; init; } = new();

    /// <summary>Whether exits of all reasons and levels were traced: without them there is no wall clock to split.</summary>
    public bool HasAllExits { get; init; } = true;

    /// <summary>Whether it continues another file: exits may have been open when it began.</summary>
    public bool IsContinued { get; init; }

    /// <summary>The VMs that were traced when it began: names by pid.</summary>
    public ImmutableArray<KnownVm> Machines { get; init; } = [];
}
