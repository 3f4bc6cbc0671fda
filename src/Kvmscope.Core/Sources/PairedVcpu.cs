using Kvmscope.Core.Model;

namespace Kvmscope.Core.Sources;

/// <summary>When and where an event took place.</summary>
/// <param name="Ns">The time by the clock of the source, in ns.</param>
/// <param name="Cpu">The host CPU.</param>
/// <param name="Tid">The thread that ran the vCPU.</param>
public readonly record struct EventPoint(long Ns, int Cpu = 0, int Tid = 0);

/// <summary>What a vCPU's events have led to.</summary>
internal enum PairingState : byte
{
    /// <summary>No exit yet: entries before the first exit are of no use.</summary>
    None,

    /// <summary>Events were lost: what the next entry belongs to is not known.</summary>
    Lost,

    /// <summary>The guest runs.</summary>
    Running,

    /// <summary>An exit that a filter leaves out.</summary>
    Skipped,

    /// <summary>An exit without an entry yet.</summary>
    Open,
}

/// <summary>What <see cref="EventPairing"/> knows of a vCPU: of fixed size, whatever the number of events.</summary>
internal struct PairedVcpu
{
    internal VmIdentity Vm;
    internal int Id;

    /// <summary>A filter leaves it out.</summary>
    internal bool IsForeign;

    internal PairingState State;

    /// <summary>The last exit; its VM is the number of the vCPU in <see cref="EventPairing"/>.</summary>
    internal GroupKey Key;

    internal EventPoint Exit;
    internal ulong? Rip;

    /// <summary>Whether the open exit is counted in a row already.</summary>
    internal bool IsCounted;

    /// <summary>The row in which it is counted; null from the next reading on.</summary>
    internal Row? Row;

    /// <summary>Whether it was open and in no row at the last reading.</summary>
    internal bool WasOpen;

    internal PairedRound Round;

    /// <summary>Where its time goes, where that is wanted.</summary>
    internal SplitClock Clock;
}

/// <summary>A reflected exit whose round has not ended (bpf/rounds.bpf.h).</summary>
internal struct PairedRound
{
    internal bool IsOpen;
    internal GroupKey Key;
    internal long BeginNs;
    internal ulong HandlingNs;
    internal ulong L1Exits;
}
