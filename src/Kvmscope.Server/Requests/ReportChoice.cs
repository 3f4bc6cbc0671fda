using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Server.Http;

namespace Kvmscope.Server.Requests;

/// <summary>Which report a request asks for.</summary>
/// <param name="Exits">Of which exits.</param>
/// <param name="Request">What is shown of them.</param>
/// <param name="Rows">Which kinds of rows; empty for all.</param>
internal sealed record ReportChoice(ExitChoice Exits, ReportRequest Request, IReadOnlyCollection<string> Rows)
{
    private static readonly string[] s_kinds = ["count", "time", "hist"], s_with = ["split", "nested", "advice"],
        s_rows = [MachineNames.WallRow, MachineNames.ReasonRow, MachineNames.GroupRow, MachineNames.TotalRow, MachineNames.BusyRow],
        s_sorts = ["count", "time", "avg", "max", "code"];

    private static readonly (string Name, GroupBy By)[] s_by =
    [
        ("reason", GroupBy.Reason), ("vm", GroupBy.Vm), ("vcpu", GroupBy.Vcpu), ("level", GroupBy.Level),
        ("qualifier", GroupBy.Qualifier | GroupBy.Reason), ("page", GroupBy.Page | GroupBy.Reason), ("rip", GroupBy.Rip | GroupBy.Reason),
    ];

    /// <summary>How fine vCPUs are kept apart for it.</summary>
    public Grouping Grouping => Request.Grouping > Exits.Grouping ? Request.Grouping : Exits.Grouping;

    /// <summary>What exits of a reason are kept apart by for it.</summary>
    public ExitParts Parts => Request.Parts | Exits.Parts;

    /// <summary>Reads it.</summary>
    /// <exception cref="Problem">A value makes no sense, or was not measured.</exception>
    public static ReportChoice Read(Query query, ServedSource source)
    {
        ExitChoice exits = ExitChoice.Read(query, source.Header.Isa);
        string kind = query.Text("kind") ?? (source.Header.HasTime ? "time" : "count");
        if (!s_kinds.Contains(kind)) throw NotOneOf("kind", kind, s_kinds);
        if (kind != "count" && !source.Header.HasTime) throw Problem.Bad("kind", "handling times were not measured", "Ask for kind=count.");
        IReadOnlyList<string> with = query.Items("with"), rows = query.Items("rows");
        if (with.FirstOrDefault(w => !s_with.Contains(w)) is { } unknown) throw NotOneOf("with", unknown, s_with);
        if (rows.FirstOrDefault(r => !s_rows.Contains(r)) is { } row) throw NotOneOf("rows", row, s_rows);
        var request = new ReportRequest
        {
            Kind = kind switch { "count" => ReportKind.Count, "hist" => ReportKind.Hist, _ => ReportKind.Time },
            Command = kind,
            Split = with.Contains("split"),
            Nested = with.Contains("nested"),
            Explain = with.Contains("advice"),
            Top = (int)query.Number("top", 1, 1000, ReportRequest.DefaultTop),
            Sort = Sort(query, kind),
            HasAllExits = source.HasAllExits && exits.HasAllExits,
            WasAllRecorded = source.HasAllExits,
            IsRecorded = source.Kind != SourceKind.Live,
            HasVms = source.Header.Grouping >= Grouping.Vm,
        };
        if (By(query, mayBeNone: kind == "hist" || request.Split) is { } by) request = request with { By = by };
        Check(request, source, with.Count > 0);
        return new ReportChoice(exits, request, rows);
    }

    /// <summary>Whether a kind of row is in it.</summary>
    public bool HasRows(string kind) => Rows.Count == 0 || Rows.Contains(kind);

    /// <summary>What rows are grouped by, where so much is kept.</summary>
    /// <param name="by">As it was asked for.</param>
    /// <param name="kept">How fine vCPUs are kept apart.</param>
    /// <param name="parts">What exits of a reason are kept apart by.</param>
    public static GroupBy AsKept(GroupBy by, Grouping kept, ExitParts parts)
    {
        if (by.HasFlag(GroupBy.Vcpu) && kept < Grouping.Vcpu) by = (by & ~GroupBy.Vcpu) | GroupBy.Vm;
        if (kept < Grouping.Vm) by &= ~GroupBy.Vm;
        if (!parts.HasFlag(ExitParts.Qualifier)) by &= ~GroupBy.Qualifier;
        if (!parts.HasFlag(ExitParts.Page)) by &= ~GroupBy.Page;
        if (!parts.HasFlag(ExitParts.Rip)) by &= ~GroupBy.Rip;
        return by;
    }

    /// <summary>The names of what rows are grouped by.</summary>
    public static string NameOf(GroupBy by)
    {
        string[] names = [.. s_by.Where(b => by.HasFlag(b.By) && (b.Name != "vm" || !by.HasFlag(GroupBy.Vcpu))).Select(b => b.Name)];
        return names.Length == 0 ? "none" : string.Join(',', names);
    }

    /// <summary>A problem that names the values that there are.</summary>
    public static Problem NotOneOf(string name, string value, IEnumerable<string> values) =>
        Problem.Bad(name, $"{name} '{value}' is not known", $"There are: {string.Join(", ", values)}");

    /// <summary>The same for two requests that have the same answer.</summary>
    public override string ToString() =>
        $"{Exits}|{Request.Kind}|{Request.By}|{Request.Split}|{Request.Nested}|{Request.Explain}|{Request.Top}|{Request.Sort}|"
        + string.Join(',', Rows.Order(StringComparer.Ordinal));

    private static GroupBy? By(Query query, bool mayBeNone)
    {
        IReadOnlyList<string> names = query.Items("by");
        if (names.Count == 0) return null;
        if (names is ["none"])
            return mayBeNone ? GroupBy.None : throw Problem.Bad("by", "by=none is for kind=hist and with=split");
        GroupBy by = GroupBy.None;
        foreach (string name in names)
        {
            int at = Array.FindIndex(s_by, b => b.Name == name);
            by |= at >= 0 ? s_by[at].By : throw NotOneOf("by", name, s_by.Select(b => b.Name));
        }
        return by;
    }

    private static SortKey? Sort(Query query, string kind) => query.Text("sort") switch
    {
        null => null,
        "count" => SortKey.Count,
        "code" => SortKey.Code,
        "time" when kind != "count" => SortKey.Time,
        "avg" when kind != "count" => SortKey.Average,
        "max" when kind != "count" => SortKey.Max,
        var other => throw NotOneOf("sort", other, kind == "count" ? ["count", "code"] : s_sorts),
    };

    // As the command line refuses it, and what was not measured.
    private static void Check(ReportRequest request, ServedSource source, bool hasWith)
    {
        if (hasWith && request.Kind != ReportKind.Time) throw Problem.Bad("with", "with is for kind=time");
        if (request.Split && request.Nested) throw Problem.Bad("with", "split and nested are different tables", "Ask for one of them.");
        if ((request.Split || request.Nested) && !request.HasAllExits)
        {
            throw Problem.Bad("with", "split and nested need all exits, and some are left out",
                "Leave reason, exclude, level and qualifier out; or the trace itself has filters.");
        }
        if (request.Split && !source.Header.HasSplit) throw Problem.Bad("with", "the split was not measured");
        if (request.Nested && !source.Header.HasNested) throw Problem.Bad("with", "rounds of nested guests were not measured");
        if (request.Nested && (request.By & (GroupBy.Qualifier | GroupBy.Page | GroupBy.Rip)) != 0)
            throw Problem.Bad("by", "with=nested has rows by reason, not by qualifier, page or rip");
        if (request.By.HasFlag(GroupBy.Qualifier) && !source.Header.HasQualifiers) throw Problem.Bad("by", "qualifiers were not measured");
        if (request.By.HasFlag(GroupBy.Page) && source.Header.PageShift is null) throw Problem.Bad("by", "pages were not measured");
        if (request.By.HasFlag(GroupBy.Rip) && !source.Header.HasRips) throw Problem.Bad("by", "instructions were not measured");
        if (request.By.HasFlag(GroupBy.Vcpu) && source.Header.Grouping < Grouping.Vcpu)
            throw Problem.Bad("by", "vCPUs were not kept apart");
        if (request.By.HasFlag(GroupBy.Vm) && source.Header.Grouping < Grouping.Vm) throw Problem.Bad("by", "VMs were not kept apart");
    }
}
