using Kvmscope.Core.Model;

namespace Kvmscope.Server.Metrics;

/// <summary>
/// The wall clock of a VM or vCPU by its parts, as counters that never fall and add up to the wall clock at any time. The parts of an open
/// exit's time are known when it ends, so what was measured of a part may get less; what was shown of it then waits until it is reached.
/// </summary>
internal sealed class PartClock(DateTimeOffset created)
{
    private readonly long[] _measured = new long[TimeParts.Count];
    private readonly ulong[] _shown = new ulong[TimeParts.Count];

    /// <summary>The labels of each part's series.</summary>
    internal SeriesLabels[] Labels { get; } = new SeriesLabels[TimeParts.Count];

    /// <summary>Since when it counts.</summary>
    internal DateTimeOffset Created => created;

    /// <summary>The ns of a part to show, as of <see cref="Settle"/>.</summary>
    internal ulong this[int part] => _shown[part];

    /// <summary>Adds differences; negative ones are in two's complement (<see cref="TimeParts.Less"/>).</summary>
    internal void Add(in TimeParts change)
    {
        for (int i = 0; i < TimeParts.Count; i++) _measured[i] = unchecked(_measured[i] + (long)change[(TimePart)i]);
    }

    /// <summary>Shows what was added, as far as the wall clock has gone on.</summary>
    internal void Settle()
    {
        Int128 growth = 0;
        Span<ulong> more = stackalloc ulong[TimeParts.Count];
        Int128 excess = 0;
        for (int i = 0; i < TimeParts.Count; i++)
        {
            Int128 difference = (Int128)_measured[i] - _shown[i];
            growth += difference;
            more[i] = difference > 0 ? (ulong)difference : 0;
            excess += more[i];
        }
        // A vCPU that ended without anybody seeing it: the wall clock had gone on too far.
        if (growth <= 0) return;
        // What some parts have too much is not there for those that grew.
        excess -= growth;
        while (excess > 0)
        {
            int largest = 0;
            for (int i = 1; i < more.Length; i++)
                if (more[i] > more[largest]) largest = i;
            ulong taken = (ulong)Int128.Min(excess, more[largest]);
            more[largest] -= taken;
            excess -= taken;
        }
        for (int i = 0; i < more.Length; i++) _shown[i] += more[i];
    }
}
