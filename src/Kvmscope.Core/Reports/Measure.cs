using Kvmscope.Core.Model;

namespace Kvmscope.Core.Reports;

/// <summary>The sum of some rows of an answer: what one cell group of a report shows.</summary>
public sealed class Measure
{
    private ulong[]? _bins;
    private bool _ownsBins;

    /// <summary>Exits.</summary>
    public ulong Count { get; private set; }

    /// <summary>Exits whose handling time was measured.</summary>
    public ulong Timed { get; private set; }

    /// <summary>The sum of the measured handling times in ns.</summary>
    public ulong TotalNs { get; private set; }

    /// <summary>The longest measured handling time in ns, or null where none was measured.</summary>
    public ulong? MaxNs { get; private set; }

    /// <summary>The average measured handling time in whole ns, or null where none was measured.</summary>
    public ulong? AverageNs => Timed == 0 ? null : (TotalNs / Timed) + (TotalNs % Timed >= Timed - (Timed / 2) ? 1UL : 0);

    /// <summary>The histogram of the handling times; empty where none was measured or none was asked for.</summary>
    public ReadOnlySpan<ulong> Bins => _bins;

    /// <summary>The quantile in ns (<see cref="Histogram.Quantile"/>), or null where nothing was measured.</summary>
    public ulong? Quantile(double q) => _bins is null ? null : Histogram.Quantile(_bins, q, MaxNs ?? 0);

    internal void Add(SnapshotRow row, bool bins)
    {
        Count += row.Count;
        if (row.Timed == 0) return;
        AddTimes(row.Timed, row.TotalNs, row.MaxNs);
        if (bins && row.HasBins) AddBins(row.Bins);
    }

    internal void Add(Measure more)
    {
        Count += more.Count;
        if (more.Timed == 0) return;
        AddTimes(more.Timed, more.TotalNs, more.MaxNs ?? 0);
        if (more._bins is not null) AddBins(more._bins);
    }

    private void AddTimes(ulong timed, ulong totalNs, ulong maxNs)
    {
        Timed += timed;
        TotalNs += totalNs;
        MaxNs = Math.Max(MaxNs ?? 0, maxNs);
    }

    // A single row's bins are only looked at; most groups of a fine grouping have no second row.
    private void AddBins(ulong[] more)
    {
        if (_bins is null)
        {
            _bins = more;
            return;
        }
        if (!_ownsBins)
        {
            _bins = (ulong[])_bins.Clone();
            _ownsBins = true;
        }
        Histogram.Add(_bins, more);
    }
}
