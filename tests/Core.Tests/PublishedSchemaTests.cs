using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Tests.Recordings;

namespace Kvmscope.Core.Tests;

/// <summary>The published schemas say what the program writes.</summary>
public sealed class PublishedSchemaTests
{
    // Every answer of the golden tests.
    public static TheoryData<string> Goldens => new(
        Directory.EnumerateFiles(Path.Combine(Path.GetDirectoryName(Here())!, "Golden"), "*json*")
            .Select(f => Path.GetFileNameWithoutExtension(f)));

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Golden_answers_are_valid(string name)
    {
        string golden = Resource.Read("Golden/" + name + ".txt");
        // One that is indented, for people who read its changes, or one per line.
        if (golden.StartsWith("{\n", StringComparison.Ordinal)) PublishedSchemas.CheckAnswer(JsonElement.Parse(golden));
        else Assert.True(PublishedSchemas.CheckLines(golden) > 0, $"{name} has no answer");
    }

    [Theory]
    [MemberData(nameof(MachineSchemaTests.JsonKinds), MemberType = typeof(MachineSchemaTests))]
    public void Answers_of_each_kind_are_valid(string kind) =>
        Assert.True(PublishedSchemas.CheckLines(MachineSchemaTests.ExampleOf(kind)) > 0, $"{kind} has no answer");

    [Fact]
    public void What_any_trace_gives_is_valid()
    {
        foreach (int seed in Enumerable.Range(0, 12))
        {
            List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(2);
            Assert.True(PublishedSchemas.CheckLines(Tape.Text(Tape.Live(snapshots, -1, 1))) > 20);
        }
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 2 * RecordingWriter.SpanLength)]
    public void Lines_of_recordings_are_valid(int seed, int intervals)
    {
        using var bytes = new MemoryStream(Tape.Record(new RandomTrace(seed).Snapshots(intervals)).Bytes);
        Assert.Equal(2 + intervals + (intervals / RecordingWriter.SpanLength), PublishedSchemas.CheckRecording(bytes));
    }

    // What they know is what the program has, so a new ISA or a new kind of loss is not forgotten.
    [Fact]
    public void Lists_are_those_of_the_program()
    {
        JsonNode common = Definitions("common");
        AssertSame(IsaInfo.All.Append(IsaInfo.Of(Isa.None)).Select(i => i.Name), Enum(common["isa"]!));
        Assert.Equal(Output.Json.JsonParts.All.Select(p => p.Name), Enum(common["part"]!));
        Assert.Equal(Output.Json.JsonParts.All.Select(p => p.Name), Members(common["parts_ns"]!));
        foreach (string column in IsaInfo.All.SelectMany(i => i.CodeColumns)) Assert.NotNull(common[column]);
        string[] answered = [.. Accounting.Fields.Where(f => f.InJson != JsonPresence.Never).Select(f => f.Name)];
        AssertSame([.. answered, "unknown_reasons", "restarted_counters"], Members(common["trust"]!));
        AssertSame(Accounting.Fields.Select(f => f.Name), Members(Definitions("recording")["trust"]!));
        Assert.Equal(RecordingHeader.CurrentVersion,
            Definitions("recording")["header"]!["properties"]!["version"]!["const"]!.GetValue<int>());
    }

    private static void AssertSame(IEnumerable<string> names, IEnumerable<string> others) =>
        Assert.Equal(names.Order(StringComparer.Ordinal), others.Order(StringComparer.Ordinal));

    // That these tests can fail: what is unknown, missing or of another type is found, at any depth.
    [Theory]
    [InlineData("assert", """ "rule":"r","measured":1.5,"unit":"ns","holds":true,"why":"w" """, true)]
    [InlineData("assert", """ "rule":"r","measured":1.5,"unit":"ns","holds":true """, false)]
    [InlineData("assert", """ "rule":"r","measured":"1","unit":"ns","holds":true,"why":"w" """, false)]
    [InlineData("assert", """ "rule":"r","measured":1.5,"unit":"ns","holds":true,"why":"w","x":1 """, false)]
    [InlineData("list", """ "rows":[{"vm":"a","vm_pid":1,"vmm":"q","vms":1,"vcpus":1,"vcpu_ids":[1]}] """, true)]
    [InlineData("list", """ "rows":[{"vm":"a","vm_pid":1,"vmm":"q","vms":1,"vcpus":1,"vcpu_ids":[-1]}] """, false)]
    [InlineData("list", """ "rows":[{"vm":"a","vm_pid":1,"vmm":"q","vms":1,"vcpus":1,"vcpu_ids":[1],"x":2}] """, false)]
    [InlineData("list", """ "rows":[],"unreadable_processes":18446744073709551615 """, true)]
    [InlineData("list", """ "rows":[],"unreadable_processes":18446744073709551616 """, false)]
    public void What_is_not_as_it_says_is_found(string name, string members, bool isValid)
    {
        JsonElement json = JsonElement.Parse($$"""{"schema":"kvmscope/{{name}}/1","command":"{{name}}",{{members}}}""");
        Assert.Equal(isValid, PublishedSchemas.Fault(name, json) is null);
    }

    [Fact]
    public void Each_is_a_schema_of_this_draft_with_the_name_of_its_file()
    {
        foreach (string name in PublishedSchemas.Names.Append(PublishedSchemas.Shared))
        {
            JsonNode schema = JsonNode.Parse(PublishedSchemas.Read(name))!;
            Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema["$schema"]!.GetValue<string>());
            Assert.Equal(name + ".schema.json", schema["$id"]!.GetValue<string>());
            Assert.Equal((name, true), (name, MetaSchemas.Draft202012.Evaluate(JsonElement.Parse(PublishedSchemas.Read(name))).IsValid));
            if (schema["properties"]?["schema"] is { } id) Assert.Equal($"kvmscope/{name}/1", id["const"]!.GetValue<string>());
        }
    }

    private static JsonNode Definitions(string name) => JsonNode.Parse(PublishedSchemas.Read(name))!["$defs"]!;

    private static IEnumerable<string> Enum(JsonNode schema) => schema["enum"]!.AsArray().Select(v => v!.GetValue<string>());

    private static IEnumerable<string> Members(JsonNode schema) => schema["properties"]!.AsObject().Select(m => m.Key);

    private static string Here([CallerFilePath] string here = "") => here;
}
