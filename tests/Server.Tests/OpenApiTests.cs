using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kvmscope.Core.Tests;

namespace Kvmscope.Server.Tests;

public sealed class OpenApiTests
{
    private static async Task<JsonElement> Document(Served served) => await served.Json("/openapi.json");

    [Fact]
    public async Task It_lists_what_is_answered_and_nothing_else()
    {
        using var served = new Served(seconds: 1);
        string[] described = [.. (await Document(served)).GetProperty("paths").EnumerateObject().Select(p => p.Name).Order()];
        string[] answered = [.. KvmscopeServer.Endpoints().Keys.Where(path =>
            path is "/openapi.json" or "/metrics" or "/healthz" or "/readyz"
            || path.StartsWith("/api/", StringComparison.Ordinal)).Order()];
        Assert.Equal(answered, described);
    }

    [Fact]
    public async Task Its_parameters_are_those_that_are_read()
    {
        using var served = new Served(seconds: 1);
        JsonElement document = await Document(served);
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            if (!path.Name.StartsWith("/api/", StringComparison.Ordinal) || path.Name == "/api/v1/explain") continue;
            JsonElement problem = await served.Json(path.Name + "?no_such=1", HttpStatusCode.BadRequest);
            string[] described = [.. path.Value.GetProperty("get").GetProperty("parameters").EnumerateArray()
                .Select(p => p.GetProperty("$ref").GetString()!.Split('/')[^1]).Order(StringComparer.Ordinal)];
            string hint = problem.GetProperty("hint").GetString()!;
            Assert.Equal("There are: " + string.Join(", ", described), described.Length == 0 ? "There are: " : hint);
        }
    }

    // One truth: the schemas of answers are those of docs/schemas. KVMSCOPE_GOLDEN=write writes them into openapi.json.
    [Fact]
    public async Task Its_schemas_are_the_published_ones()
    {
        JsonObject schemas = [];
        foreach (string name in (string[])[.. s_answers, "common"])
        {
            JsonObject schema = JsonNode.Parse(PublishedSchemas.Read(name))!.AsObject();
            JsonNode definitions = schema["$defs"]?.DeepClone() ?? new JsonObject();
            foreach (string member in (string[])["$schema", "$id", "$defs"]) schema.Remove(member);
            if (name != "common") schemas[Component(name)] = Referring(schema, name);
            foreach ((string part, JsonNode? definition) in definitions.AsObject())
                schemas[$"{Component(name)}.{part}"] = Referring(definition!.DeepClone(), name);
        }
        string written = Path.Combine(PublishedSchemas.Folder, "..", "..", "src", "Kvmscope.Server", "openapi.json");
        using var served = new Served(seconds: 1);
        JsonNode document = JsonNode.Parse((await Document(served)).GetRawText())!;
        if (Environment.GetEnvironmentVariable("KVMSCOPE_GOLDEN") == "write")
        {
            document["components"]!["schemas"] = schemas;
            File.WriteAllText(written, document.ToJsonString(s_asWritten) + "\n");
            return;
        }
        Assert.Equal(schemas.ToJsonString(s_asWritten), document["components"]!["schemas"]!.ToJsonString(s_asWritten));
        Assert.Equal(document.ToJsonString(s_asWritten) + "\n", File.ReadAllText(written));
        foreach (string reference in References(document).Distinct())
            Assert.NotNull(reference[2..].Split('/').Aggregate((JsonNode?)document, (node, part) => node?[part]));
    }

    // What the API answers with, and what is in that.
    private static readonly string[] s_answers =
        ["advice", "count", "explain", "heatmap", "hist", "host", "intervals", "problem", "slow", "slower", "time", "vms"];

    private static readonly JsonSerializerOptions s_asWritten =
        new() { WriteIndented = true, IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Component(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    // common.schema.json#/$defs/ns of a file is Common.ns here.
    private static JsonNode Referring(JsonNode node, string file)
    {
        foreach (JsonObject schema in Objects(node).Where(o => o["$ref"] is JsonValue).ToArray())
        {
            string[] parts = schema["$ref"]!.GetValue<string>().Split("#/$defs/");
            string target = Component(parts[0].Length == 0 ? file : parts[0].Split('.')[0]);
            schema["$ref"] = "#/components/schemas/" + (parts.Length == 1 ? target : $"{target}.{parts[1]}");
        }
        return node;
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject all => all.SelectMany(m => Objects(m.Value)).Prepend(all),
        JsonArray all => all.SelectMany(Objects),
        _ => [],
    };

    private static IEnumerable<string> References(JsonNode node) =>
        Objects(node).Select(o => o["$ref"]).OfType<JsonValue>().Select(r => r.GetValue<string>());
}
