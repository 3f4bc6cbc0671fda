using System.Text.Json.Nodes;

namespace Kvmscope.Tests.Deploy;

/// <summary>One of the dashboards in deploy/grafana.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Json">What is in it.</param>
internal sealed record Dashboard(string Name, JsonObject Json)
{
    internal static readonly string[] Names = ["kvmscope-fleet.json", "kvmscope-vm.json"];

    internal static Dashboard Of(string name) =>
        new(name, JsonNode.Parse(File.ReadAllText(Path.Combine(DocsBlock.Root, "deploy/grafana", name)))!.AsObject());

    /// <summary>Its panels, rows among them.</summary>
    internal IReadOnlyList<JsonObject> Panels => [.. Json["panels"]!.AsArray().Select(panel => panel!.AsObject())];

    /// <summary>Its variables by name.</summary>
    internal IReadOnlyDictionary<string, JsonObject> Variables =>
        Json["templating"]!["list"]!.AsArray().ToDictionary(v => (string)v!["name"]!, v => v!.AsObject());

    /// <summary>Each query of each panel.</summary>
    internal IEnumerable<(string Panel, string Query, bool IsInstant)> Queries =>
        from panel in Panels
        from target in panel["targets"]?.AsArray() ?? []
        select ((string)panel["title"]!, (string)target["expr"]!, (bool)target["instant"]!);
}
