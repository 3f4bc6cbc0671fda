using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Sources;

/// <summary>What to trace: one immutable record, made from the command line, turned into rodata before load.</summary>
public sealed record TraceOptions
{
    /// <summary>The most vCPUs that <see cref="MaxVcpus"/> may ask for.</summary>
    public const int MostVcpus = Accounting.MostVcpus;

    /// <summary>Measure handling times (two timestamps and a histogram per exit); false counts only, which costs less.</summary>
    public bool WantTime { get; init; } = true;

    /// <summary>Report exits of at least this handling time in ns as events; 0 reports none.</summary>
    public ulong SlowNs { get; init; }

    /// <summary>
    /// The part of the handling time that <see cref="SlowNs"/> is about; null is all of it. Only with <see cref="WantSplit"/>.
    /// </summary>
    public TimePart? SlowPart { get; init; }

    /// <summary>
    /// Whether <see cref="SlowNs"/> is about the time that a vCPU wanted to run: without halt and polling, which are idle time and would
    /// make each halt a slow exit. Only with <see cref="WantSplit"/> and without <see cref="SlowPart"/>.
    /// </summary>
    public bool SlowIsAwake { get; init; }

    /// <summary>Split the wall clock of every vCPU into parts.</summary>
    public bool WantSplit { get; init; }

    /// <summary>Keep the reasons' arguments apart.</summary>
    public bool WantQualifiers { get; init; }

    /// <summary>Keep the pages of the guest's memory apart; their size as a power of two, from 12 on; null does not.</summary>
    public int? PageShift { get; init; }

    /// <summary>Keep the guest's instructions apart.</summary>
    public bool WantRips { get; init; }

    /// <summary>What exits of one reason are kept apart by.</summary>
    public ExitParts Parts => (WantQualifiers ? ExitParts.Qualifier : 0) | (PageShift is null ? 0 : ExitParts.Page)
        | (WantRips ? ExitParts.Rip : 0);

    /// <summary>Follow L2 exits that are reflected to L1 until L2 runs again.</summary>
    public bool WantNested { get; init; }

    /// <summary>
    /// With slow exits: which task ran while the vCPU's thread waited for a CPU. Attaches to every task switch of the host.
    /// </summary>
    public bool WantWho { get; init; }

    /// <summary>Count and time the returns of KVM_RUN to the VMM, by what it returned with.</summary>
    public bool WantReturns { get; init; }

    /// <summary>How many of each vCPU's last exits are kept; 0: none.</summary>
    public int LastExits { get; init; }

    /// <summary>The most that <see cref="LastExits"/> may ask for.</summary>
    public const int MostLastExits = 256;

    /// <summary>Whether the exits' arguments are read, for rows of their own or for the last exits.</summary>
    public bool KnowsQualifiers => WantQualifiers || LastExits > 0;

    /// <summary>Whether the guest's instruction pointer is read at exits, for rows of its own or for the last exits.</summary>
    public bool KnowsRips => WantRips || LastExits > 0;

    /// <summary>Whether calls of KVM_RUN are followed.</summary>
    public bool FollowsRuns => WantReturns || LastExits > 0;

    /// <summary>Whether anything except counts and times is wanted of exits: it takes programs that do more.</summary>
    public bool WantsMore => WantSplit || WantNested || Parts != ExitParts.None || KnowsQualifiers;

    /// <summary>Which exits are traced.</summary>
    public ExitFilter Filter { get; init; } = new();

    /// <summary>The finest grouping that will be read; the counters of ended vCPUs are kept like this.</summary>
    public Grouping Finest { get; init; } = Grouping.Vcpu;

    /// <summary>How finely exits that are open are kept apart.</summary>
    public Grouping OpenExits { get; init; } = Grouping.Vcpu;

    /// <summary>How many vCPUs can be traced at once; null sizes the tables from the host.</summary>
    public int? MaxVcpus { get; init; }
}
