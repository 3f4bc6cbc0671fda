using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;

namespace Kvmscope.SnapshotBench;

/// <summary>
/// What one refresh of a live screen takes besides drawing: the newest interval by VM or vCPU, the percentiles of the rows that are seen,
/// and one step of the trends.
/// </summary>
/// <param name="vms">How many VMs.</param>
/// <param name="vcpus">How many vCPUs each has.</param>
/// <param name="reasons">How many reasons each vCPU makes exits of.</param>
internal sealed class Refresh(int vms, int vcpus, int reasons)
{
    private const int Seen = 50, TrendSteps = 12, WarmUps = 30, Times = 101;
    private const long StepNs = 1_000_000_000;
    private const ulong Hlt = 0x78;

    private readonly VmIdentity[] _vms = [.. Enumerable.Range(0, vms).Select(i => new VmIdentity(i, 1000 + i, $"vm-{i}"))];
    private readonly Random _random = new(1);

    /// <summary>What it took.</summary>
    /// <param name="Rows">How many rows the interval has.</param>
    /// <param name="Cpu">The median.</param>
    /// <param name="Allocated">The median, in bytes.</param>
    internal readonly record struct Cost(int Rows, TimeSpan Cpu, long Allocated);

    /// <summary>Measures refreshes.</summary>
    internal Cost Run(GroupBy by)
    {
        var history = new LiveHistory(Grouping.Vcpu, ExitParts.All, StepNs);
        var summary = new Summary();
        var trends = new Trends(TrendSteps);
        var request = new SummaryRequest { By = by };
        List<SummaryRow> seen = [];
        List<TimeSpan> cpu = [];
        List<long> allocated = [];
        for (int i = 0; i < WarmUps + Times; i++)
        {
            Interval interval = Next(history.To);
            history.Add(interval);
            long before = GC.GetAllocatedBytesForCurrentThread();
            TimeSpan begin = Environment.CpuUsage.TotalTime;
            summary.Read(interval, request);
            seen.Clear();
            for (int row = 0; row < Math.Min(Seen, summary.Rows.Count); row++) seen.Add(summary.Rows[row]);
            summary.AddDetail(seen);
            trends.Read(history, history.To, StepNs, request);
            TimeSpan took = Environment.CpuUsage.TotalTime - begin;
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (i < WarmUps) continue;
            cpu.Add(took);
            allocated.Add(bytes);
        }
        cpu.Sort();
        allocated.Sort();
        return new Cost(vms * vcpus * reasons, cpu[Times / 2], allocated[Times / 2]);
    }

    private Interval Next(long fromNs)
    {
        var rows = new List<Row>();
        var times = new List<VcpuTime>();
        for (int vm = 0; vm < vms; vm++)
            for (int vcpu = 0; vcpu < vcpus; vcpu++)
            {
                ulong inExits = 0;
                for (int reason = 0; reason < reasons; reason++)
                {
                    Row row = RowOf(new GroupKey(vm, vcpu, new ExitCode(Isa.Svm, Hlt + (ulong)reason), ExitLevel.L1));
                    inExits += row.TotalNs;
                    rows.Add(row);
                }
                TimeParts outside = default;
                outside[TimePart.Guest] = StepNs - Math.Min(StepNs, inExits);
                times.Add(new VcpuTime(GroupKey.OfVcpu(vm, vcpu), StepNs, outside));
            }
        return new Interval
        {
            FromNs = fromNs,
            ToNs = fromNs + StepNs,
            Vms = _vms,
            Changes = rows.ToArray(),
            TimeChanges = times.ToArray(),
            Vcpus = times.Select(time => time.Key).ToArray(),
        };
    }

    // Durations in about 12 bins, which depend on the reason.
    private Row RowOf(GroupKey key)
    {
        var row = new Row(key);
        int first = 16 + (int)(key.Code.Code % 25);
        for (int bin = first; bin < first + 12; bin++)
        {
            ulong count = (ulong)_random.Next(1, 8);
            row.Bins.Add(bin, count);
            row.Count += count;
            row.Timed += count;
            row.TotalNs += count * HistogramLayout.LowNs(bin);
        }
        row.MaxNs = HistogramLayout.LowNs(first + 11);
        TimeParts parts = default;
        parts[key.Code.Code == Hlt ? TimePart.Halt : TimePart.Kvm] = row.TotalNs / 2;
        parts[TimePart.Runq] = row.TotalNs - (row.TotalNs / 2);
        row.Parts = parts;
        return row;
    }
}
