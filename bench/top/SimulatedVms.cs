using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.TopBench;

/// <summary>VMs of which each vCPU makes exits of each reason in each second, in about 12 bins.</summary>
/// <param name="vms">How many VMs.</param>
/// <param name="vcpus">How many vCPUs each has.</param>
/// <param name="reasons">How many reasons each vCPU makes exits of.</param>
internal sealed class SimulatedVms(int vms, int vcpus, int reasons)
{
    /// <summary>The length of an interval, ns.</summary>
    internal const long StepNs = 1_000_000_000;

    private const ulong Hlt = 0x78;

    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly VmIdentity[] _vms = [.. Enumerable.Range(0, vms).Select(i => new VmIdentity(i, 1000 + i, $"vm-{i}"))];
    private readonly Random _random = new(1);

    /// <summary>The interval from this time on.</summary>
    internal Interval Next(long fromNs)
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
            From = s_start.AddTicks(fromNs / 100),
            To = s_start.AddTicks((fromNs + StepNs) / 100),
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
