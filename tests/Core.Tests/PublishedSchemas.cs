using System.Collections.Concurrent;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Kvmscope.Core.Tests;

/// <summary>
/// The JSON Schema files of docs/schemas, closed: readers ignore members that they do not know, but one that our own answers have and the
/// schemas do not is an error here.
/// </summary>
internal static class PublishedSchemas
{
    /// <summary>The name of the one that has what they share.</summary>
    internal const string Shared = "common";

    private const string Begin = "kvmscope/", End = "/1", Extension = ".schema.json";

    private static readonly BuildOptions s_options = new() { SchemaRegistry = new SchemaRegistry(), Dialect = Dialect.Draft202012 };

    private static readonly EvaluationOptions s_full = new() { OutputFormat = OutputFormat.List };

    private static readonly ConcurrentDictionary<string, Lazy<JsonSchema>> s_schemas = new();

    /// <summary>The folder.</summary>
    internal static string Folder { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "docs", "schemas"));

    /// <summary>The names of all schemas, without what they share.</summary>
    internal static IEnumerable<string> Names => Directory.EnumerateFiles(Folder, "*" + Extension)
        .Select(f => Path.GetFileName(f)[..^Extension.Length]).Where(n => n != Shared).Order(StringComparer.Ordinal);

    /// <summary>The text of a schema.</summary>
    internal static string Read(string name) => File.ReadAllText(Path.Combine(Folder, name + Extension));

    /// <summary>The names of all members that a schema has at any depth.</summary>
    internal static IReadOnlySet<string> Members(string name)
    {
        JsonNode schema = JsonNode.Parse(Read(name))!;
        return new HashSet<string>(MembersOf(schema).Concat(References(schema).Distinct().SelectMany(Members)));
    }

    private static IEnumerable<string> MembersOf(JsonNode? node) => node switch
    {
        JsonObject all => all.SelectMany(m => MembersOf(m.Value))
            .Concat(all["properties"] is JsonObject properties ? properties.Select(p => p.Key) : []),
        JsonArray all => all.SelectMany(MembersOf),
        _ => [],
    };

    /// <summary>Checks each line that is an answer; others are not looked at.</summary>
    internal static int CheckLines(string text)
    {
        int answers = 0;
        foreach (string line in text.Split('\n'))
        {
            if (!line.StartsWith("{\"schema\":\"", StringComparison.Ordinal)) continue;
            CheckAnswer(JsonElement.Parse(line));
            answers++;
        }
        return answers;
    }

    /// <summary>Checks an answer against the schema that it names.</summary>
    internal static void CheckAnswer(JsonElement answer)
    {
        string schema = answer.GetProperty("schema").GetString()!;
        Assert.StartsWith(Begin, schema, StringComparison.Ordinal);
        Assert.EndsWith(End, schema, StringComparison.Ordinal);
        Check(schema[Begin.Length..^End.Length], answer);
    }

    /// <summary>Checks each line of a recording.</summary>
    internal static int CheckRecording(Stream recording)
    {
        using var lines = new StreamReader(new GZipStream(recording, CompressionMode.Decompress));
        int count = 0;
        for (; lines.ReadLine() is { } line; count++) Check("recording", JsonElement.Parse(line));
        return count;
    }

    /// <summary>Checks JSON against a schema.</summary>
    internal static void Check(string name, JsonElement json)
    {
        if (Fault(name, json) is { } fault) Assert.Fail($"{name}: {fault}: {Short(json)}");
    }

    /// <summary>What is wrong with it; null where it is valid.</summary>
    internal static string? Fault(string name, JsonElement json)
    {
        JsonSchema schema = s_schemas.GetOrAdd(name, n => new Lazy<JsonSchema>(() => Load(n))).Value;
        if (schema.Evaluate(json).IsValid) return null;
        return string.Join("; ", schema.Evaluate(json, s_full).Details!
            .SelectMany(d => (d.Errors ?? []).Select(e => $"{d.InstanceLocation} {e.Key} {e.Value}")).Take(12));
    }

    private static string Short(JsonElement json) => json.GetRawText() is { Length: > 1000 } text ? text[..1000] + "…" : json.GetRawText();

    // What a schema refers to must be there before it.
    private static JsonSchema Load(string name)
    {
        lock (s_options)
        {
            var uri = new Uri("file:///" + name + Extension);
            if (s_options.SchemaRegistry.Get(uri) is JsonSchema known) return known;
            JsonNode schema = JsonNode.Parse(Read(name))!;
            foreach (string other in References(schema).Distinct()) Load(other);
            Close(schema);
            return JsonSchema.FromText(schema.ToJsonString(), s_options, uri);
        }
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject all => all.SelectMany(m => m.Key == "$ref" && FileOf(m.Value!) is { } file ? [file] : References(m.Value)),
        JsonArray all => all.SelectMany(References),
        _ => [],
    };

    private static string? FileOf(JsonNode reference) =>
        reference.GetValue<string>().Split('#')[0] is { Length: > 0 } file ? file[..^Extension.Length] : null;

    // No object has members that its schema does not name. A condition is not about all members.
    private static void Close(JsonNode? node)
    {
        if (node is JsonObject all)
        {
            foreach ((string name, JsonNode? member) in all.ToArray())
                if (name != "if") Close(member);
            if (all["properties"] is JsonObject && all.ContainsKey("type")) all["additionalProperties"] = false;
        }
        else if (node is JsonArray elements)
            foreach (JsonNode? element in elements) Close(element);
    }

    private static string Here([CallerFilePath] string here = "") => here;
}
