using System.Text;

namespace Kvmscope.Server.Metrics;

/// <summary>How the values of a family behave.</summary>
internal enum MetricType
{
    /// <summary>Cumulative; never falls while the series lives.</summary>
    Counter,

    /// <summary>Always 1; what it says is in its labels.</summary>
    Info,

    /// <summary>Cumulative counts of durations.</summary>
    Histogram,
}

/// <summary>All series of one name. docs/metrics.md describes them; a test compares.</summary>
/// <param name="Index">Its place in <see cref="All"/>.</param>
/// <param name="Name">Its name, without <c>_total</c> and <c>_info</c>.</param>
/// <param name="Type">How its values behave.</param>
/// <param name="IsSeconds">Whether values are durations; they are kept in ns.</param>
/// <param name="Help">What it is, in one line.</param>
internal sealed record MetricFamily(int Index, string Name, MetricType Type, bool IsSeconds, string Help)
{
    private static readonly List<MetricFamily> s_all = [];

    internal static readonly MetricFamily Exits = Counter("exits", false, "VM exits, open ones included.");

    internal static readonly MetricFamily HandlingSeconds =
        Counter("exit_handling_seconds", true, "Time from VM exits to the next VM entry, idle time of halts included.");

    internal static readonly MetricFamily BusyHandling = Add("busy_exit_handling_seconds", MetricType.Histogram, true,
        "Time from a VM exit to the next VM entry, without exits of idle reasons.");

    internal static readonly MetricFamily VcpuSeconds =
        Counter("vcpu_seconds", true, "Wall clock of vCPUs by where it went; the parts add up to it.");

    internal static readonly MetricFamily NestedExits =
        Counter("nested_exits", false, "VM exits of nested guests (L2), handled by this host or reflected to L1.");

    internal static readonly MetricFamily RoundSeconds =
        Counter("nested_round_seconds", true, "Time from a reflected VM exit until the nested guest runs again.");

    internal static readonly MetricFamily SlowExits =
        Counter("slow_exits", false, "VM exits whose handling took longer than the threshold.");

    internal static readonly MetricFamily VmmReturns =
        Counter("vmm_returns", false, "Returns of KVM_RUN to the VMM, by what it returned with.");

    internal static readonly MetricFamily VmInfo = Add("vm", MetricType.Info, false, "What is known of a VM.");

    internal static readonly MetricFamily ObservedSeconds = Counter("observed_seconds", true, "How long VM exits were observed.");

    internal static readonly MetricFamily Lost = Counter("lost", false, "What was not measured, by kind.");

    internal static readonly MetricFamily OtlpBatches =
        Counter("otlp_batches", false, "Batches of metrics for the OTLP receiver, by what became of them.");

    internal static readonly MetricFamily BuildInfo = Add("build", MetricType.Info, false, "The version of kvmscope.");

    /// <summary>All families, in the order in which they are written.</summary>
    internal static IReadOnlyList<MetricFamily> All => s_all;

    /// <summary>The name of its series in the text format; of a histogram the part before <c>_bucket</c>.</summary>
    internal string SeriesName => Type switch
    {
        MetricType.Counter => Name + "_total",
        MetricType.Info => Name + "_info",
        _ => Name,
    };

    /// <summary>The same in UTF-8.</summary>
    internal byte[] SeriesNameBytes => field ??= Encoding.UTF8.GetBytes(SeriesName);

    private static MetricFamily Counter(string name, bool isSeconds, string help) => Add(name, MetricType.Counter, isSeconds, help);

    private static MetricFamily Add(string name, MetricType type, bool isSeconds, string help)
    {
        var family = new MetricFamily(s_all.Count, "kvmscope_" + name, type, isSeconds, help);
        s_all.Add(family);
        return family;
    }
}
