using System.CommandLine;
using Kvmscope.Core;

namespace Kvmscope.CommandLine;

/// <summary>The options of <c>export</c>: what is written, and where to.</summary>
internal sealed class ExportOptions
{
    /// <summary>The formats.</summary>
    public const string Parquet = "parquet", Perfetto = "perfetto", OpenMetrics = "openmetrics", Csv = "csv", Json = "json";

    private static readonly string[] s_formats = [Parquet, Perfetto, OpenMetrics, Csv, Json];
    private static readonly string[] s_tables = [ExportPlan.Exits, ExportPlan.Slow, ExportPlan.Vcpus, ExportPlan.Intervals];
    private static readonly string[] s_compressions = ["zstd", "snappy"];

    private readonly Option<string[]> _to = OptionFactory.Values("--to", "FORMAT|TIME",
        $"The format: {WordList.Or(s_formats)}. Given once more with a time: only what is before TIME, as for --from.").Of(s_formats);
    private readonly Option<string> _output = OptionFactory.Value("--output", "OUT",
        "A new file; with --partition a folder; '-' is standard output (csv, json).");
    private readonly Option<string> _table = OptionFactory.Value("--table", "TABLE",
        "parquet: exits (default), slow (slow exits, one by one), vcpus (wall clocks) or intervals (times and losses); csv, json: exits "
        + "or slow.").Of(s_tables);
    private readonly Option<bool> _partition = OptionFactory.Switch("--partition",
        "parquet: OUT is a folder, and files are in host=HOST/date=DATE of it; more files may be added to it later.");
    private readonly Option<string> _compression = OptionFactory.Value("--compression", "zstd|snappy", "parquet (default: zstd).");
    private readonly Option<string> _interval = OptionFactory.Value("--interval", "TIME",
        "Add up intervals to TIME, a multiple of the recorder's interval; openmetrics: how far samples are apart (default: 30s).");
    private readonly Option<string> _from = OptionFactory.Value("--from", "TIME",
        "Only what is after TIME: 14:05, yesterday, 2026-03-01T14:05:30, +90s (from the start), -5m (from the end).");

    /// <summary>The options as --help shows them.</summary>
    public IReadOnlyList<OptionGroup> Groups =>
    [
        new("Export", [_to, _output, _table, _partition, _compression]), new("Which part", [_from, _interval]),
    ];

    /// <summary>Reads them.</summary>
    /// <exception cref="KvmscopeException">A value makes no sense, or two do not fit (status 2).</exception>
    public ExportPlan Read(ParseResult result)
    {
        IReadOnlyList<string> to = result.Texts(_to);
        string[] formats = [.. to.Where(s_formats.Contains)], times = [.. to.Except(s_formats)];
        if (formats.Length == 0 && times is [var word]) throw UsageError.NotOneOf("the format", word, s_formats);
        if (formats.Length != 1) throw UsageError.Of("export needs one format", $"Give it with --to: {WordList.Or(s_formats)}.");
        if (times.Length > 1)
            throw UsageError.Of($"--to '{times[0]}' and '{times[1]}' are two ends",
                "Give one format and one time: --to parquet --to 14:07");
        string format = formats[0];
        if (result.Text(_output) is not { Length: > 0 } output) throw UsageError.Of("the export needs a name", "Give it with -o OUT.");
        var plan = new ExportPlan(format, output)
        {
            Table = result.Text(_table) ?? ExportPlan.Exits,
            IsPartitioned = result.Has(_partition),
            IsSnappy = result.Text(_compression) == "snappy",
            Interval = result.Text(_interval),
            Window = new TimeWindow(result.Text(_from), times.FirstOrDefault()),
        };
        if (result.Text(_compression) is { } compression && !s_compressions.Contains(compression))
            throw UsageError.NotOneOf("--compression", compression, s_compressions);
        if (!s_tables.Contains(plan.Table)) throw UsageError.NotOneOf("--table", plan.Table, s_tables);
        Check(plan, result);
        return plan with { Window = plan.Window with { IsOfExits = plan.Table == ExportPlan.Slow } };
    }

    private void Check(ExportPlan plan, ParseResult result)
    {
        Option[] foreign = plan.Format switch
        {
            Parquet => [],
            Csv or Json => [_partition, _compression],
            _ => [_table, _partition, _compression],
        };
        if (Array.Find(foreign, o => result.GetResult(o) is { Implicit: false }) is { } option)
            throw UsageError.Of($"'{plan.Format}' has no option {option.Name}", "Leave it out, or export with --to parquet.");
        if (plan.Format is Csv or Json && plan.Table is not (ExportPlan.Exits or ExportPlan.Slow))
            throw UsageError.NotOneOf($"--table of {plan.Format}", plan.Table, [ExportPlan.Exits, ExportPlan.Slow]);
        if (plan.Table == ExportPlan.Slow && plan.Interval is not null)
            throw UsageError.Of("slow exits are single ones, and have no --interval", "Leave it out.");
        if (plan.IsStandardOutput && plan.Format is not (Csv or Json))
            throw UsageError.Of($"{plan.Format} needs a file", $"Give its name: -o OUT.{plan.Format}");
    }
}

/// <summary>What is exported, and where to.</summary>
/// <param name="Format">The format.</param>
/// <param name="Output">The file or folder as typed.</param>
internal sealed record ExportPlan(string Format, string Output)
{
    /// <summary>The tables.</summary>
    public const string Exits = "exits", Slow = "slow", Vcpus = "vcpus", Intervals = "intervals";

    /// <summary>Which table.</summary>
    public string Table { get; init; } = Exits;

    /// <summary>Whether <see cref="Output"/> is a folder of partitions.</summary>
    public bool IsPartitioned { get; init; }

    /// <summary>Whether Parquet is compressed with Snappy.</summary>
    public bool IsSnappy { get; init; }

    /// <summary>How long an interval is; null for the recorder's.</summary>
    public string? Interval { get; init; }

    /// <summary>The part that is exported.</summary>
    public TimeWindow Window { get; init; } = new(null, null);

    /// <summary>Whether the format has both intervals and slow exits.</summary>
    public bool HasBoth => Format is ExportOptions.Perfetto or ExportOptions.OpenMetrics;

    /// <summary>Whether it goes to standard output.</summary>
    public bool IsStandardOutput => Output == "-";
}
