using System.Numerics;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>Sums cells into the rows of a snapshot, and wall clocks into its times.</summary>
internal sealed class RowTable(Grouping grouping)
{
    readonly Dictionary<(int Vm, int Vcpu, ExitCode Code, ExitLevel Level, Qualifier Qualifier), SnapshotRow> _rows = [];
    readonly Dictionary<(int Vm, int Vcpu), VcpuTime> _times = [];
    readonly Dictionary<(int Vm, int Vcpu, ExitCode Code, ExitLevel Level), OpenExits> _open = [];

    /// <summary>Exits that no row has yet.</summary>
    internal IReadOnlyCollection<OpenExits> Open => _open.Values;

    /// <summary>The rows so far.</summary>
    internal IReadOnlyCollection<SnapshotRow> Rows => _rows.Values;

    /// <summary>The wall clocks so far.</summary>
    internal IReadOnlyCollection<VcpuTime> Times => _times.Values;

    /// <summary>The row of a vCPU's reason, level and qualifier.</summary>
    internal SnapshotRow RowOf(VmIdentity vm, int vcpu, ExitCode code, ExitLevel level, Qualifier qualifier = default)
    {
        bool byVm = grouping >= Grouping.Vm, byVcpu = grouping >= Grouping.Vcpu;
        var key = (byVm ? vm.Ordinal : 0, byVcpu ? vcpu : 0, code, level, qualifier);
        if (_rows.TryGetValue(key, out var row)) return row;
        row = new SnapshotRow { Vm = byVm ? vm : null, Vcpu = byVcpu ? vcpu : null, Code = code, Level = level, Qualifier = qualifier };
        _rows.Add(key, row);
        return row;
    }

    /// <summary>Adds an exit that no row has yet.</summary>
    internal void AddOpen(VmIdentity vm, int vcpu, ExitCode code, ExitLevel level)
    {
        bool byVm = grouping >= Grouping.Vm, byVcpu = grouping >= Grouping.Vcpu;
        var key = (byVm ? vm.Ordinal : 0, byVcpu ? vcpu : 0, code, level);
        ulong count = _open.TryGetValue(key, out var open) ? open.Count : 0;
        _open[key] = new OpenExits(byVm ? vm : null, byVcpu ? vcpu : null, code, level, count + 1);
    }

    /// <summary>Adds a cell.</summary>
    internal static unsafe void Add(SnapshotRow row, in CellCopy cell)
    {
        fixed (ulong* bins = cell.Bins) Add(row, cell.Count, cell.Timed, cell.TotalNs, cell.MaxNs, new ReadOnlySpan<ulong>(bins, HistogramLayout.BinCount));
    }

    /// <summary>Adds another row.</summary>
    internal static void Add(SnapshotRow row, SnapshotRow other)
    {
        Add(row, other.Count, other.Timed, other.TotalNs, other.MaxNs, other.Bins);
        if (other.Parts is { } parts) Add(row, parts);
        if (other.Rounds is { } rounds) Add(row, rounds);
    }

    /// <summary>Adds to where a row's time went.</summary>
    internal static void Add(SnapshotRow row, in TimeParts parts)
    {
        TimeParts sum = row.Parts ?? default;
        sum.Add(parts);
        row.Parts = sum;
    }

    /// <summary>Adds the rounds that a cell of <see cref="kvmscope_cell_kind.KVMSCOPE_CELL_ROUND"/> counts.</summary>
    internal static unsafe void AddRounds(SnapshotRow row, in CellCopy cell)
    {
        var rounds = row.Rounds ??= new ReflectedRounds();
        rounds.Reflected += cell.Parts[kvmscope_round.KVMSCOPE_ROUND_REFLECTED];
        rounds.L1Exits += cell.Parts[kvmscope_round.KVMSCOPE_ROUND_L1_EXITS];
        rounds.HandlingNs += cell.Parts[kvmscope_round.KVMSCOPE_ROUND_HANDLING];
        rounds.Ended += cell.Timed;
        rounds.TotalNs += cell.TotalNs;
        rounds.MaxNs = Math.Max(rounds.MaxNs, cell.MaxNs);
        fixed (ulong* bins = cell.Bins) AddBins(rounds.Bins, new ReadOnlySpan<ulong>(bins, HistogramLayout.BinCount));
    }

    /// <summary>Adds a wall clock to its group.</summary>
    internal void AddTime(VmIdentity? vm, int? vcpu, ulong wallNs, in TimeParts parts)
    {
        bool byVm = grouping >= Grouping.Vm, byVcpu = grouping >= Grouping.Vcpu;
        var key = (byVm ? vm?.Ordinal ?? 0 : 0, byVcpu ? vcpu ?? 0 : 0);
        TimeParts sum = parts;
        if (_times.TryGetValue(key, out var known))
        {
            sum.Add(known.Parts);
            wallNs += known.WallNs;
        }
        _times[key] = new VcpuTime(byVm ? vm : null, byVcpu ? vcpu : null, wallNs, sum);
    }

    static void Add(SnapshotRow row, ReflectedRounds more)
    {
        var rounds = row.Rounds ??= new ReflectedRounds();
        rounds.Reflected += more.Reflected;
        rounds.Ended += more.Ended;
        rounds.TotalNs += more.TotalNs;
        rounds.HandlingNs += more.HandlingNs;
        rounds.L1Exits += more.L1Exits;
        rounds.MaxNs = Math.Max(rounds.MaxNs, more.MaxNs);
        AddBins(rounds.Bins, more.Bins);
    }

    static void Add(SnapshotRow row, ulong count, ulong timed, ulong totalNs, ulong maxNs, ReadOnlySpan<ulong> bins)
    {
        row.Count += count;
        row.Timed += timed;
        row.TotalNs += totalNs;
        row.MaxNs = Math.Max(row.MaxNs, maxNs);
        if (timed != 0) AddBins(row.Bins, bins);
    }

    static void AddBins(Span<ulong> sums, ReadOnlySpan<ulong> bins)
    {
        int i = 0;
        for (; i <= bins.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
            (new Vector<ulong>(sums[i..]) + new Vector<ulong>(bins[i..])).CopyTo(sums[i..]);
        for (; i < bins.Length; i++) sums[i] += bins[i];
    }
}
