using System.Numerics;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Host.Tracing;

/// <summary>Sums cells into the rows of a snapshot.</summary>
internal sealed class RowTable(Grouping grouping)
{
    readonly Dictionary<(int Vm, int Vcpu, ExitCode Code, ExitLevel Level), SnapshotRow> _rows = [];

    /// <summary>The rows so far.</summary>
    internal IReadOnlyCollection<SnapshotRow> Rows => _rows.Values;

    /// <summary>The row of a vCPU's reason and level.</summary>
    internal SnapshotRow RowOf(VmIdentity vm, int vcpu, ExitCode code, ExitLevel level)
    {
        bool byVm = grouping >= Grouping.Vm, byVcpu = grouping >= Grouping.Vcpu;
        var key = (byVm ? vm.Ordinal : 0, byVcpu ? vcpu : 0, code, level);
        if (_rows.TryGetValue(key, out var row)) return row;
        row = new SnapshotRow { Vm = byVm ? vm : null, Vcpu = byVcpu ? vcpu : null, Code = code, Level = level };
        _rows.Add(key, row);
        return row;
    }

    /// <summary>Adds a cell.</summary>
    internal static unsafe void Add(SnapshotRow row, in CellCopy cell)
    {
        fixed (ulong* bins = cell.Bins) Add(row, cell.Count, cell.Timed, cell.TotalNs, cell.MaxNs, new ReadOnlySpan<ulong>(bins, HistogramLayout.BinCount));
    }

    /// <summary>Adds another row.</summary>
    internal static void Add(SnapshotRow row, SnapshotRow other) => Add(row, other.Count, other.Timed, other.TotalNs, other.MaxNs, other.Bins);

    static void Add(SnapshotRow row, ulong count, ulong timed, ulong totalNs, ulong maxNs, ReadOnlySpan<ulong> bins)
    {
        row.Count += count;
        row.Timed += timed;
        row.TotalNs += totalNs;
        row.MaxNs = Math.Max(row.MaxNs, maxNs);
        if (timed == 0) return;
        Span<ulong> sums = row.Bins;
        int i = 0;
        for (; i <= bins.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
            (new Vector<ulong>(sums[i..]) + new Vector<ulong>(bins[i..])).CopyTo(sums[i..]);
        for (; i < bins.Length; i++) sums[i] += bins[i];
    }
}
