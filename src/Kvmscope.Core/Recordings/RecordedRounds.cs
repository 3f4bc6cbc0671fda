using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>What became of reflected exits in an interval: <see cref="ReflectedRounds"/> in little room.</summary>
public sealed class RecordedRounds
{
    /// <inheritdoc cref="ReflectedRounds.Reflected"/>
    public ulong Reflected { get; set; }

    /// <inheritdoc cref="ReflectedRounds.Ended"/>
    public ulong Ended { get; set; }

    /// <inheritdoc cref="ReflectedRounds.TotalNs"/>
    public ulong TotalNs { get; set; }

    /// <inheritdoc cref="ReflectedRounds.HandlingNs"/>
    public ulong HandlingNs { get; set; }

    /// <inheritdoc cref="ReflectedRounds.L1Exits"/>
    public ulong L1Exits { get; set; }

    /// <summary>The longest round in ns.</summary>
    public ulong MaxNs { get; set; }

    /// <summary>The rounds' durations.</summary>
    public BinWindow Bins { get; } = new();

    /// <summary>Takes over the figures of a difference of snapshots.</summary>
    public static RecordedRounds Of(ReflectedRounds rounds)
    {
        var made = new RecordedRounds
        {
            Reflected = rounds.Reflected,
            Ended = rounds.Ended,
            TotalNs = rounds.TotalNs,
            HandlingNs = rounds.HandlingNs,
            L1Exits = rounds.L1Exits,
            MaxNs = rounds.MaxNs,
        };
        made.Bins.Add(rounds.Bins);
        return made;
    }

    /// <summary>Adds another interval's.</summary>
    public void Add(RecordedRounds more)
    {
        Reflected += more.Reflected;
        Ended += more.Ended;
        TotalNs += more.TotalNs;
        HandlingNs += more.HandlingNs;
        L1Exits += more.L1Exits;
        MaxNs = Math.Max(MaxNs, more.MaxNs);
        Bins.Add(more.Bins);
    }

    /// <summary>The figures as snapshots have them.</summary>
    public ReflectedRounds ToRounds()
    {
        var rounds = new ReflectedRounds
        {
            Reflected = Reflected,
            Ended = Ended,
            TotalNs = TotalNs,
            HandlingNs = HandlingNs,
            L1Exits = L1Exits,
            MaxNs = MaxNs,
        };
        Bins.AddTo(rounds.Bins);
        return rounds;
    }
}
