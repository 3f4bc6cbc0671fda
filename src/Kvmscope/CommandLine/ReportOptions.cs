using System.CommandLine;
using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Analysis.Timelines;
using SortKey = Kvmscope.Core.Analysis.Reports.SortKey;

namespace Kvmscope.CommandLine;

/// <summary>The options that say what the rows of an answer are.</summary>
internal sealed class ReportOptions
{
    private static readonly string[] s_groups = ["reason", "vm", "vcpu", "level", "qualifier", "page", "rip", "vmm"];

    private const int DefaultTimelineRows = 8;

    private readonly ReportKind _kind;
    private readonly string[] _sorts;
    private readonly Option<string[]> _by =
        OptionFactory.Values("--by", "KEY[,KEY]",
            "One row for each reason, vm, vcpu, level, qualifier (the reason's own argument: which MSR, port, leaf), page (of the guest's "
            + "memory) or rip (the guest's instruction), or for each combination of them. vmm, alone or with vm and "
            + "vcpu: returns to the VMM by what "
            + "KVM_RUN returned with, and how long until it was called again.").Of(s_groups);
    private readonly Option<string> _top =
        OptionFactory.Value("--top", "N",
            $"How many qualifiers, pages or instructions of each reason have a row of their own (default: {ReportRequest.DefaultTop}); "
            + "the rest is 'other'.");
    private readonly Option<string> _pageSize =
        OptionFactory.Value("--page-size", PageSizes.Names, "With --by page: the size of a page (default: 4K).");
    private readonly Option<string> _symbols = OptionFactory.Value("--symbols", "FILE",
        "With --by rip: names from a System.map, a copy of the guest's /proc/kallsyms, or an ELF file with symbols.");
    private readonly Option<string> _sort;
    private readonly Option<bool> _stats =
        OptionFactory.Switch("--stats", "Add p50, p90 and p99.9 of the handling time.");
    private readonly Option<bool> _levels =
        OptionFactory.Switch("--levels", "Show L1 and L2 apart, also if no exit of a nested guest (L2) was seen.");

    private readonly Option<bool> _split = OptionFactory.Switch("--split",
        "Where the vCPUs' wall clock went: guest, KVM, VMM, run queue, halt, halt polling, other sleep; the same parts for each reason.");
    private readonly Option<bool> _nested = OptionFactory.Switch("--nested",
        "What became of L2's exits: handled by this host or reflected to L1, and how long until L2 ran again.");
    private readonly Option<bool> _explain = OptionFactory.Switch("--explain",
        "Add what the figures suggest: what loses most time, and what to do about it.");

    /// <summary>Makes the options that make sense for a kind of report.</summary>
    public ReportOptions(ReportKind kind)
    {
        _kind = kind;
        _sorts = kind == ReportKind.Count ? ["count", "code"] : ["count", "time", "avg", "max", "code"];
        _sort = OptionFactory.Value("--sort", "KEY", $"Order of the rows: {WordList.Or(_sorts)}.").Of(_sorts);
    }

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group => new("Grouping", _kind switch
    {
        ReportKind.Count => [_by, _top, _pageSize, _symbols, _sort, _levels],
        ReportKind.Time => [_by, _top, _pageSize, _symbols, _sort, _levels, _stats, _split, _nested, _explain],
        _ => [_by, _top, _pageSize, _symbols],
    });

    /// <summary>Reads the options.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="command">The command's name.</param>
    /// <param name="selection">Which exits are in the answer.</param>
    /// <param name="kind">The kind of report, if it is another than these options are made for; they must fit it.</param>
    /// <exception cref="Core.KvmscopeException">An unknown value, or options that make no sense together (status 2).</exception>
    public ReportRequest Read(ParseResult result, string command, Selection selection, ReportKind? kind = null)
    {
        if (kind is { } shown && shown != _kind) CheckKind(result, command, shown);
        var request = new ReportRequest
        {
            Kind = kind ?? _kind,
            Command = command,
            Sort = result.Text(_sort) is { } sort ? Sort(sort) : null,
            Stats = result.Has(_stats),
            Levels = result.Has(_levels),
            Split = result.Has(_split),
            Nested = result.Has(_nested),
            Explain = result.Has(_explain),
            HasAllExits = selection.HasAllExits,
            Top = result.Text(_top) is { } top ? ParseTop(top, "rows") : ReportRequest.DefaultTop,
            PageShift = result.Text(_pageSize) is { } size ? PageSizes.Parse(size) : null,
        };
        if (result.Texts(_by).Count > 0) request = request with { By = By(result) };
        Check(request, selection, result.Text(_top) is not null);
        if (result.Text(_symbols) is not { } symbols) return request;
        if (!request.By.HasFlag(GroupBy.Rip)) throw UsageError.Of("--symbols needs --by rip", "Add --by rip, or leave --symbols out.");
        return request with { Symbols = SymbolFile.Read(symbols) };
    }

    /// <summary>What a row of a timeline is (a reason, VM or vCPU), and how many rows there are.</summary>
    /// <exception cref="Core.KvmscopeException">Another grouping, or an option that a timeline does not have (status 2).</exception>
    public (TimelineBy By, int Top) ReadTimeline(ParseResult result)
    {
        foreach (Option<bool> option in new[] { _levels, _stats, _split, _nested, _explain })
            if (result.Has(option)) throw UsageError.Of($"--timeline and {option.Name} are different views", "Give one of them.");
        foreach (Option<string> option in new[] { _pageSize, _symbols })
            if (result.Text(option) is not null) throw UsageError.Of($"a timeline has no option {option.Name}", "Leave it out.");
        if (result.Text(_sort) is not null) throw UsageError.Of("--timeline always has the costliest rows first", "Leave --sort out.");
        TimelineBy by = result.Items(_by) switch
        {
            [] or ["reason"] => TimelineBy.Reason,
            ["vm"] => TimelineBy.Vm,
            ["vcpu"] => TimelineBy.Vcpu,
            var other => throw UsageError.NotOneOf("--timeline --by", string.Join(',', other), ["reason", "vm", "vcpu"]),
        };
        return (by, result.Text(_top) is { } top ? ParseTop(top, "rows") : DefaultTimelineRows);
    }

    /// <summary>Refuses all of these options: slow exits are shown one by one and have no rows to group.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="command">The command's name.</param>
    /// <exception cref="Core.KvmscopeException">One of these options is given (status 2).</exception>
    public void RefuseAll(ParseResult result, string command)
    {
        if (Group.Options.FirstOrDefault(o => result.GetResult(o) is { Implicit: false }) is not { } option) return;
        string owners = option == _by || option == _top || option == _pageSize || option == _symbols ? "count, time and hist"
            : option == _sort || option == _levels ? "count and time" : "time";
        throw UsageError.Of($"'{command}' has no option {option.Name}", $"It belongs to {owners}.");
    }

    private void CheckKind(ParseResult result, string command, ReportKind kind)
    {
        foreach (Option<bool> option in new[] { _stats, _split, _nested, _explain })
            if (result.Has(option)) throw UsageError.Of($"'{command}' has no option {option.Name}", "It belongs to time.");
        Option? extra = result.Text(_sort) is not null ? _sort : result.Has(_levels) ? _levels : null;
        if (kind == ReportKind.Hist && extra is not null)
            throw UsageError.Of($"'hist' has no option {extra.Name}", "It belongs to count and time.");
        if (kind == ReportKind.Count && result.Text(_sort) is { } sort and not ("count" or "code"))
            throw UsageError.NotOneOf("--sort", sort, ["count", "code"]);
    }

    // Combinations that the parser allows and that make no sense.
    private static void Check(ReportRequest request, Selection selection, bool hasTop)
    {
        if (request.OfReturns) CheckReturns(request, selection);
        bool byPart = (request.By & (GroupBy.Qualifier | GroupBy.Page | GroupBy.Rip)) != 0;
        if (hasTop && !byPart)
            throw UsageError.Of("--top needs --by qualifier, page or rip", "Add one of them, or leave --top out.");
        if (request.PageShift is not null && !request.By.HasFlag(GroupBy.Page))
            throw UsageError.Of("--page-size needs --by page", "Add --by page, or leave --page-size out.");
        if (request.Split && request.Nested) throw UsageError.Of("--split and --nested are different tables", "Give one of them.");
        if (request.Split && request.Stats) throw UsageError.Of("--split and --stats are different tables", "Give one of them.");
        if (request.Nested && request.Stats) throw UsageError.Of("--nested and --stats are different tables", "Give one of them.");
        if (request.Levels && (request.Split || request.Nested))
            throw UsageError.Of($"--levels and {(request.Split ? "--split" : "--nested")} are different tables",
                request.Split ? "Add --by level to --split." : "Leave --levels out.");
        if (request.Levels && request.By.HasFlag(GroupBy.Level))
            throw UsageError.Of("--by level already has a row for each level", "Give one of --by level and --levels.");
        if (request.Nested && byPart)
            throw UsageError.Of("--nested has rows by reason, not by qualifier, page or rip", "Leave one of them out.");
        if (request.Nested && selection.Level == ExitLevel.L1)
            throw UsageError.Of("--nested is about exits of L2, and --level l1 leaves them out", "Leave --level out.");
        if (request.Nested && !request.HasAllExits)
            throw UsageError.Of("--nested counts L1's exits in each round, so it needs all exits",
                "Leave --reason, --exclude and --level out.");
    }

    // A return is of a vCPU, and needs no exit.
    private static void CheckReturns(ReportRequest request, Selection selection)
    {
        if (request.Kind == ReportKind.Hist) throw UsageError.Of("'hist' has no --by vmm", "It belongs to count and time.");
        if ((request.By & ~(GroupBy.Vmm | GroupBy.Vm | GroupBy.Vcpu)) != GroupBy.None)
            throw UsageError.Of("--by vmm counts returns to the VMM, and those have no exit reason",
                "Give it alone or with vm and vcpu: --by vm,vmm");
        if (request.Stats || request.Split || request.Nested || request.Explain)
            throw UsageError.Of("--by vmm is a table of its own: --stats, --split, --nested and --explain are about exits",
                "Leave them out.");
        if (!selection.HasAllExits)
            throw UsageError.Of("--by vmm counts returns to the VMM: --reason, --exclude and --level select exits",
                "Leave them out; --vm and --vcpu do select.");
    }

    private static int ParseTop(string text, string what) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int top) && top > 0
            ? top
            : throw UsageError.Of($"--top '{text}' is not a number of {what}", "Give 1 or more: --top 5");

    private GroupBy By(ParseResult result)
    {
        IReadOnlyList<string> keys = result.Items(_by);
        if (keys.Count == 0) throw UsageError.NotOneOf("--by", "", s_groups);
        return keys.Aggregate(GroupBy.None, (by, key) => by | Group(key));

        static GroupBy Group(string key) => key switch
        {
            "reason" => GroupBy.Reason,
            "vm" => GroupBy.Vm,
            "vcpu" => GroupBy.Vcpu,
            "level" => GroupBy.Level,
            "qualifier" => GroupBy.Qualifier | GroupBy.Reason,
            "vmm" => GroupBy.Vmm,
            "page" => GroupBy.Page | GroupBy.Reason,
            "rip" => GroupBy.Rip | GroupBy.Reason,
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
