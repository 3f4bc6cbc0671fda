using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Kvmscope.Tests.Deploy;

/// <summary>What Grafana asks of a dashboard: the model of schemaVersion 39 (Grafana 11), which newer ones read.</summary>
public sealed partial class DashboardTests
{
    // Those of Grafana's core that are not deprecated and are used here; graph, singlestat and table-old are.
    private static readonly string[] s_types = ["row", "stat", "timeseries", "table", "heatmap", "state-timeline"];

    // packages/grafana-data/src/valueFormats/categories.ts.
    private static readonly string[] s_units = ["none", "short", "percentunit", "s", "bool_yes_no"];

    private static readonly string[] s_builtIn =
        ["__rate_interval", "__range", "__from", "__to", "__url_time_range", "__data", "__all"];

    public static TheoryData<string> Names => new(Dashboard.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void It_has_what_a_dashboard_needs(string name)
    {
        Dashboard board = Dashboard.Of(name);
        Assert.Equal(Path.GetFileNameWithoutExtension(name), (string?)board.Json["uid"]);
        // An id of one Grafana means nothing in another.
        Assert.False(board.Json.ContainsKey("id"));
        Assert.Equal(39, (int?)board.Json["schemaVersion"]);
        Assert.False(string.IsNullOrEmpty((string?)board.Json["title"]));
        Assert.Contains("kvmscope", board.Json["tags"]!.AsArray().Select(tag => (string?)tag));
        Assert.Equal(Dashboard.Names.Length, Dashboard.Names.Select(n => (string?)Dashboard.Of(n).Json["uid"]).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Panels_have_ids_of_their_own_and_known_types_titles_and_units(string name)
    {
        Dashboard board = Dashboard.Of(name);
        Assert.Equal(board.Panels.Count, board.Panels.Select(panel => (int)panel["id"]!).Distinct().Count());
        Assert.All(board.Panels, panel =>
        {
            Assert.Contains((string)panel["type"]!, s_types);
            Assert.False(string.IsNullOrEmpty((string?)panel["title"]));
        });
        Assert.All(Values(board.Json, "unit"), unit => Assert.Contains(unit, s_units));
        // A number without a unit is none.
        Assert.All(board.Panels.Where(p => (string)p["type"]! is "stat" or "timeseries"), panel =>
            Assert.Contains((string?)panel["fieldConfig"]!["defaults"]!["unit"], s_units));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_grid_has_24_columns_and_no_overlaps(string name)
    {
        var taken = new HashSet<(int, int)>();
        foreach (JsonObject panel in Dashboard.Of(name).Panels)
        {
            JsonNode at = panel["gridPos"]!;
            (int x, int y, int w, int h) = ((int)at["x"]!, (int)at["y"]!, (int)at["w"]!, (int)at["h"]!);
            Assert.True(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24, (string)panel["title"]!);
            for (int row = y; row < y + h; row++)
                for (int column = x; column < x + w; column++)
                    Assert.True(taken.Add((row, column)), $"{panel["title"]} overlaps");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Data_come_from_the_source_that_is_chosen(string name)
    {
        Dashboard board = Dashboard.Of(name);
        JsonObject source = board.Variables["datasource"];
        Assert.Equal(("datasource", "prometheus"), ((string)source["type"]!, (string)source["query"]!));
        Assert.All(board.Panels.Where(p => (string)p["type"]! != "row"), panel =>
        {
            JsonArray targets = panel["targets"]!.AsArray();
            Assert.NotEmpty(targets);
            Assert.Equal(targets.Count, targets.Select(t => (string)t!["refId"]!).Distinct().Count());
            foreach (JsonNode? at in targets.Append(panel))
                Assert.Equal(("prometheus", "${datasource}"), ((string)at!["datasource"]!["type"]!, (string)at["datasource"]!["uid"]!));
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_variable_that_is_used_is_there_and_the_other_way_round(string name)
    {
        Dashboard board = Dashboard.Of(name);
        string[] used =
            [.. Texts(board.Json).SelectMany(text => VariablePattern().Matches(text)).Select(m => m.Groups[1].Value).Distinct()];
        Assert.All(used, variable => Assert.True(board.Variables.ContainsKey(variable) || s_builtIn.Contains(variable), variable));
        Assert.All(board.Variables.Keys, variable => Assert.Contains(variable, used));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Links_lead_to_dashboards_of_ours_and_to_pages_of_hosts(string name)
    {
        Dashboard board = Dashboard.Of(name);
        string[] links = [.. Values(board.Json, "url")];
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.Matches(@"^/d/kvmscope-(fleet|vm)(\?|$)|^\$\{scheme\}://\$\{instance\}\$\{port\}/", link));
        // The page's view is its address: view.js reads it.
        string view = File.ReadAllText(Path.Combine(DocsBlock.Root, "src/Kvmscope.Server/Page/view.js"));
        foreach (string link in links.Where(link => link[0] == '$'))
            Assert.All(PagePattern().Matches(link).Select(m => m.Groups[1].Value), name => Assert.Contains($"    {name}: '',", view));
        // Columns that links name are there; a name may have any character in it.
        foreach (JsonObject panel in board.Panels)
            foreach (string link in Values(panel, "url"))
                foreach (Match field in FieldPattern().Matches(link))
                {
                    Assert.Equal("percentencode", field.Groups[2].Value);
                    Assert.Contains(field.Groups[1].Value, ColumnsOf(panel));
                }
    }

    private static IEnumerable<string> ColumnsOf(JsonObject panel) =>
        panel["transformations"]!.AsArray().Select(t => t!["options"]!["renameByName"]).OfType<JsonObject>()
            .SelectMany(names => names.Select(n => (string)n.Value!));

    private static IEnumerable<string> Values(JsonNode? node, string key) => node switch
    {
        JsonObject o => o.SelectMany(p => p.Key == key && p.Value is JsonValue v ? [(string)v!] : Values(p.Value, key)),
        JsonArray a => a.SelectMany(item => Values(item, key)),
        _ => [],
    };

    private static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => Texts(p.Value)),
        JsonArray a => a.SelectMany(Texts),
        JsonValue v when v.GetValueKind() == JsonValueKind.String => [(string)v!],
        _ => [],
    };

    [GeneratedRegex(@"[?&](\w+)=")]
    private static partial Regex PagePattern();

    [GeneratedRegex(@"\$\{?([A-Za-z_]+)")]
    private static partial Regex VariablePattern();

    [GeneratedRegex(@"\$\{__data\.fields\.([^:}]*):?([^}]*)\}")]
    private static partial Regex FieldPattern();
}
