using System.CommandLine;
using Kvmscope.Core.Reports;

namespace Kvmscope.CommandLine;

/// <summary>The options that say what an answer's rows are.</summary>
internal sealed class ReportOptions
{
    private static readonly string[] s_groups = ["reason", "vm", "vcpu", "level"];

    private readonly ReportKind _kind;
    private readonly string[] _sorts;
    private readonly Option<string[]> _by = OptionFactory.Values("--by", "KEY[,KEY]", "One row for each reason, vm, vcpu or level, or for each combination of them.");
    private readonly Option<string> _sort;
    private readonly Option<bool> _stats = OptionFactory.Switch("--stats", "Add total, share, p50, p90, p99, p99.9 and max of the handling time.");

    /// <summary>Makes the options that make sense for a kind of report.</summary>
    public ReportOptions(ReportKind kind)
    {
        _kind = kind;
        _sorts = kind == ReportKind.Count ? ["count", "code"] : ["count", "time", "avg", "max", "code"];
        _sort = OptionFactory.Value("--sort", "KEY", $"Order of the rows: {NearNames.Join(_sorts)}.");
    }

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group => new("Grouping", _kind switch
    {
        ReportKind.Count => [_by, _sort],
        ReportKind.Time => [_by, _sort, _stats],
        _ => [_by],
    });

    /// <summary>Reads the options.</summary>
    /// <exception cref="Core.KvmscopeException">A value that is not known (status 2).</exception>
    public ReportRequest Read(ParseResult result, string command) => new()
    {
        Kind = _kind,
        Command = command,
        By = By(result),
        Sort = result.Text(_sort) is { } sort ? Sort(sort) : null,
        Stats = result.Has(_stats),
    };

    private GroupBy By(ParseResult result)
    {
        IReadOnlyList<string> keys = result.Items(_by);
        if (keys.Count == 0 && result.Texts(_by).Count == 0) return _kind == ReportKind.Hist ? GroupBy.None : GroupBy.Reason;
        if (keys.Count == 0) throw UsageError.NotOneOf("--by", "", s_groups);
        return keys.Aggregate(GroupBy.None, (by, key) => by | Group(key));

        static GroupBy Group(string key) => key switch
        {
            "reason" => GroupBy.Reason,
            "vm" => GroupBy.Vm,
            "vcpu" => GroupBy.Vcpu,
            "level" => GroupBy.Level,
            _ => throw UsageError.NotOneOf("--by", key, s_groups),
        };
    }

    private SortKey Sort(string key) => !_sorts.Contains(key) ? throw UsageError.NotOneOf("--sort", key, _sorts) : key switch
    {
        "count" => SortKey.Count,
        "time" => SortKey.Time,
        "avg" => SortKey.Average,
        "max" => SortKey.Max,
        _ => SortKey.Code,
    };
}
