using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Output;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Tracing;
using Kvmscope.SnapshotBench;
using Process = System.Diagnostics.Process;

// snapshot-bench: the cost of one interval in user space on a full host, without a guest. Prints tab-separated lines: the
// view, rows, CPU ms for reading, for the rest, in total, KiB allocated, characters written; then the tables' memory.
// snapshot-bench history: the cost of a live history of the last 24 hours; the columns are those of HistoryCost.Result.
// snapshot-bench attach COMMAND [ARGUMENT]...: attaches as kvmscope does, and then runs COMMAND.
const int WarmUps = 5, Intervals = 21;
(string Name, GroupBy By, OutputFormat Format)[] shown =
[
    ("by reason", GroupBy.Reason, OutputFormat.Table),
    ("by vm", GroupBy.Vm, OutputFormat.Table),
    ("by vcpu", GroupBy.Vcpu, OutputFormat.Table),
    ("by vm,reason,level as JSON", GroupBy.Vm | GroupBy.Reason | GroupBy.Level, OutputFormat.Json),
    ("by vcpu,reason,level as CSV", GroupBy.Vcpu | GroupBy.Reason | GroupBy.Level, OutputFormat.Csv),
];

HostView nobody = new(static _ => null, static _ => true, static _ => true, Kvmscope.Core.Exits.Isa.Svm);
try
{
    if (args is ["history"])
    {
        foreach ((int vms, int vcpus, int reasons) in new[] { (100, 8, 12), (32, 32, 25), (125, 8, 25), (1000, 1, 25) })
        {
            HistoryCost.Result cost = new HistoryCost(vms, vcpus, reasons).Run();
            Print(
                "history", $"{vms} x {vcpus} x {reasons}", Figure(cost.Rows), Figure(cost.BytesPerRow), Figure(cost.AddMs),
                Figure(cost.AddKib), Figure(cost.SumMs), Figure(cost.VmMs), Figure(cost.ExactSeconds), Figure(cost.VmSeconds),
                Figure(cost.Mib));
        }

        return 0;
    }

    if (args is ["attach", string command, .. string[] arguments])
    {
        using var attached = TraceSession.Start(new TraceOptions(), TableSizes.For(null, Environment.ProcessorCount, 0), nobody);
        using var child = Process.Start(command, arguments);
        child.WaitForExit();
        return child.ExitCode;
    }

    TraceOptions options = new() { MaxVcpus = FullHost.Vcpus };
    var sizes = TableSizes.For(FullHost.Vcpus, Environment.ProcessorCount, 0);
    using var session = TraceSession.Start(options, sizes, nobody);
    var (slots, cells) = session.Tables;
    FullHost host = new(slots, cells);
    host.Fill();
    foreach ((string name, GroupBy by, OutputFormat format) in shown)
    {
        var request = new ReportRequest { Kind = ReportKind.Time, Command = "time", By = by, Stats = true };
        OneInterval interval = new(session, request, format);
        List<OneInterval.Cost> costs = [];
        for (int i = 0; i < WarmUps + Intervals; i++)
        {
            host.RunGuests();
            OneInterval.Cost cost = interval.Run();
            if (i >= WarmUps) costs.Add(cost);
        }

        Print(
            name, costs[^1].Rows.ToString(CultureInfo.InvariantCulture), Ms(costs, c => c.Read), Ms(costs, c => c.Rest),
            Ms(costs, c => c.Total), Kib(costs), interval.Characters.ToString(CultureInfo.InvariantCulture));
    }

    Print("tables", sizes.Bytes.ToString(CultureInfo.InvariantCulture), Locked().ToString(CultureInfo.InvariantCulture));
    return 0;
}
catch (KvmscopeException e)
{
    Console.Error.WriteLine($"snapshot-bench: {e.Message}");
    return (int)e.Status;
}

static void Print(params ReadOnlySpan<string?> fields) => Console.WriteLine(string.Join('\t', fields));

static string Figure(double figure) => figure.ToString("0.##", CultureInfo.InvariantCulture);

static T Median<T>(List<OneInterval.Cost> costs, Func<OneInterval.Cost, T> of) => costs.Select(of).Order().ElementAt(costs.Count / 2);

static string Ms(List<OneInterval.Cost> costs, Func<OneInterval.Cost, TimeSpan> of) =>
    Median(costs, of).TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture);

static string Kib(List<OneInterval.Cost> costs) => (Median(costs, c => c.Allocated) >> 10).ToString(CultureInfo.InvariantCulture);

// The memory of this process's maps according to the kernel (fdinfo), with the kernel's overhead.
static long Locked()
{
    long sum = 0;
    foreach (string file in Directory.GetFiles("/proc/self/fdinfo"))
    {
        if (!File.Exists(file)) continue;
        string[] lines = File.ReadAllLines(file);
        if (!lines.Any(l => l.StartsWith("map_type:", StringComparison.Ordinal))) continue;
        sum += lines.Where(l => l.StartsWith("memlock:", StringComparison.Ordinal))
            .Sum(l => long.Parse(l[8..], CultureInfo.InvariantCulture));
    }

    return sum;
}
