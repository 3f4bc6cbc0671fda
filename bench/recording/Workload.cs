using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.RecordingBench;

/// <summary>Intervals of a host whose VMs are all active in every interval: the worst case for a recording.</summary>
internal sealed class Workload(int rows)
{
    private const int RowsOfVcpu = 10, BinsOfRow = 9;

    private static readonly ulong[] s_codes = [0x72, 0x7b, 0x7c, 0x78, 0x400, 0x60, 0x64, 0x81, 0x10, 0x27];

    private readonly Random _random = new(1);
    private readonly VmIdentity[] _vms =
    [
        .. Enumerable.Range(0, (rows + (4 * RowsOfVcpu) - 1) / (4 * RowsOfVcpu)).Select(i => new VmIdentity(i, 4000 + i, $"vm-{i}")),
    ];

    internal static RecordingHeader Header { get; } = new()
    {
        Program = "bench",
        Host = "bench",
        Isa = Isa.Svm,
        Started = DateTimeOffset.UnixEpoch,
        MonotonicNs = 0,
        IntervalNs = 1_000_000_000,
        HasSplit = true,
        HasQualifiers = true,
    };

    internal Interval Next(long number)
    {
        var made = new List<Row>(rows);
        for (int i = 0; i < rows; i++) made.Add(Row(i));
        const long step = 1_000_000_000;
        return new Interval
        {
            First = number,
            From = DateTimeOffset.UnixEpoch.AddSeconds(number),
            To = DateTimeOffset.UnixEpoch.AddSeconds(number + 1),
            FromNs = number * step,
            ToNs = (number + 1) * step,
            Vms = _vms,
            Changes = made,
            Accounting = new Accounting { Exits = (ulong)made.Sum(r => (long)r.Count), Entries = (ulong)made.Sum(r => (long)r.Timed) },
        };
    }

    private Row Row(int i)
    {
        int vcpu = i / RowsOfVcpu;
        ulong code = s_codes[i % RowsOfVcpu];
        Qualifier qualifier = code == 0x7c ? Qualifier.Of(0x6e0 | (2UL << 32)) : Qualifier.None;
        var row = new Row(new GroupKey(vcpu / 4, vcpu % 4, new ExitCode(Isa.Svm, code), ExitLevel.L1, qualifier));
        int first = 30 + (i % 20);
        for (int bin = first; bin < first + BinsOfRow; bin++)
        {
            ulong count = (ulong)_random.Next(1, 300);
            row.Bins.Add(bin, count);
            row.Count += count;
            row.TotalNs += count * HistogramLayout.LowNs(bin);
        }
        row.Timed = row.Count;
        row.MaxNs = HistogramLayout.LowNs(first + BinsOfRow - 1) + 1;
        TimeParts parts = default;
        parts[TimePart.Kvm] = row.TotalNs - (row.TotalNs / 10);
        parts[TimePart.Vmm] = row.TotalNs / 10;
        row.Parts = parts;
        return row;
    }
}
