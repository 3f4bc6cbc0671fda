using System.Diagnostics;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;

namespace Kvmscope.SnapshotBench;

/// <summary>What a live history costs: every vCPU makes exits for every reason in every interval, each in 12 bins.</summary>
/// <param name="vms">How many VMs there are.</param>
/// <param name="vcpus">How many vCPUs each has.</param>
/// <param name="reasons">How many reasons.</param>
internal sealed class HistoryCost(int vms, int vcpus, int reasons)
{
    private const long Second = 1_000_000_000;
    private const int Templates = 5, Full = 15 * 60, Bins = 12;

    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(1);
    private long _ns;

    /// <summary>Medians, and bytes.</summary>
    /// <param name="Rows">Rows of an interval.</param>
    /// <param name="BytesPerRow">Of an interval, packed in all forms.</param>
    /// <param name="AddMs">Adding an interval, once 15 minutes are full.</param>
    /// <param name="AddKib">What that allocates.</param>
    /// <param name="SumMs">The sum of one interval with all detail, of packed ones.</param>
    /// <param name="VmMs">The sum of one interval by VM.</param>
    /// <param name="ExactSeconds">How long back every vCPU is kept.</param>
    /// <param name="VmSeconds">How long back VMs are kept.</param>
    /// <param name="Mib">Memory after 24 hours, without what the intervals of this measurement take.</param>
    internal readonly record struct Result(
        int Rows, double BytesPerRow, double AddMs, long AddKib, double SumMs, double VmMs, double ExactSeconds, double VmSeconds,
        double Mib);

    internal Result Run()
    {
        Interval[] templates = [.. Enumerable.Range(0, Templates).Select(_ => Make())];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var history = new LiveHistory(Grouping.Vcpu, ExitParts.None, Second);
        List<double> adds = [];
        List<long> allocated = [];
        for (int i = 0; i < Templates; i++) history.Add(Next(templates[i], Second));
        long bytes = history.Bytes;
        history.Add(Next(templates[0], Second));
        double perRow = (double)(history.Bytes - bytes) / templates[0].Changes.Count;
        for (int i = 0; i < Full + 100; i++)
        {
            Interval interval = Next(templates[i % Templates], Second);
            long start = Stopwatch.GetTimestamp(), then = GC.GetAllocatedBytesForCurrentThread();
            history.Add(interval);
            if (i < Full) continue;
            adds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            allocated.Add(GC.GetAllocatedBytesForCurrentThread() - then);
        }

        double exact = Back(history, Grouping.Vcpu), vm = Back(history, Grouping.Vm);
        double sum = Median(i => history.Sum(history.To - (i + 2) * Second, history.To - (i + 1) * Second, Grouping.Vcpu, ExitParts.None));
        double byVm = Median(i => history.Sum(history.To - (i + 2) * Second, history.To - (i + 1) * Second, Grouping.Vm, ExitParts.None));
        // The rest of the day in longer steps, which fill the same tiers.
        for (int i = 0; i < 24 * 60 * 2; i++) history.Add(Next(templates[i % Templates], 30 * Second));
        double mib = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)(1 << 20);
        GC.KeepAlive(templates);
        GC.KeepAlive(history);
        return new Result(
            templates[0].Changes.Count, perRow, adds.Order().ElementAt(adds.Count / 2), allocated.Order().ElementAt(adds.Count / 2) >> 10,
            sum, byVm, exact, vm, mib);
    }

    private static double Back(LiveHistory history, Grouping grouping)
    {
        long at = history.To;
        while (at > history.From && history.DetailAt(at).Grouping >= grouping) at = history.EdgeBefore(at);
        return (history.To - at) / (double)Second;
    }

    private static double Median(Func<int, Interval?> sum)
    {
        List<double> times = [];
        for (int i = 0; i < 21; i++)
        {
            long start = Stopwatch.GetTimestamp();
            if (sum(i) is null) throw new InvalidOperationException("nothing is kept there");
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return times.Order().ElementAt(times.Count / 2);
    }

    private Interval Next(Interval template, long length)
    {
        (long from, _ns) = (_ns, _ns + length);
        return template with { FromNs = from, ToNs = _ns, From = s_start.AddTicks(from / 100), To = s_start.AddTicks(_ns / 100) };
    }

    private Interval Make()
    {
        Row[] rows =
        [
            .. from vm in Enumerable.Range(0, vms)
               from vcpu in Enumerable.Range(0, vcpus)
               from reason in Enumerable.Range(0, reasons)
               select RowOf(vm, vcpu, reason),
        ];
        return new Interval
        {
            Vms = [.. Enumerable.Range(0, vms).Select(vm => new VmIdentity(vm, 1000 + vm, $"guest-{vm}"))],
            Vcpus = [.. from vm in Enumerable.Range(0, vms) from vcpu in Enumerable.Range(0, vcpus) select GroupKey.OfVcpu(vm, vcpu)],
            Changes = rows,
            Accounting = new Accounting().WithRows(rows),
        };
    }

    private Row RowOf(int vm, int vcpu, int reason)
    {
        var row = new Row(new GroupKey(vm, vcpu, new ExitCode(Isa.Svm, 0x60 + (ulong)reason), ExitLevel.L1));
        int first = 16 + reason;
        for (int bin = first; bin < first + Bins; bin++)
        {
            ulong count = (ulong)_random.Next(1, 8);
            row.Bins.Add(bin, count);
            row.Count += count;
            row.TotalNs += count * (HistogramLayout.LowNs(bin) + (ulong)_random.Next(1000));
        }

        row.Timed = row.Count;
        row.MaxNs = HistogramLayout.LowNs(first + Bins - 1) + (ulong)_random.Next(1000);
        return row;
    }
}
