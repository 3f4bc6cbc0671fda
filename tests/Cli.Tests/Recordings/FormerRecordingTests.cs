using System.Runtime.CompilerServices;
using System.Text.Json;
using Kvmscope.CommandLine;
using Kvmscope.Core.Tests;
using Kvmscope.Tests.Fakes;
using Kvmscope.Tests.Foreign;

namespace Kvmscope.Tests.Recordings;

/// <summary>
/// Recordings of former versions are read for ever. Beside each is what the version that made it said of it, and the present one must say
/// the same.
/// </summary>
public sealed class FormerRecordingTests : IDisposable
{
    private static readonly string s_here = Path.GetDirectoryName(Here())!;

    private static readonly string[] s_keys =
        ["vm", "vm_pid", "vcpu", "isa", "code", "reason", "level", "qualifier_raw", "page", "rip", "vmm_reason"];

    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IEnumerable<string> All => Directory.EnumerateFiles(s_here, "*.kvmscope", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(s_here, f)).Order(StringComparer.Ordinal);

    public static TheoryData<string> Files => new(All);

    private static string In(string file) => Path.Combine(s_here, file);

    // What each guest did, as it was told to do it (README.md).
    [Theory]
    [InlineData("0.1-early/nested.kvmscope",
        "CPUID 1 2003", "MSR 1 434", "HLT 1 101", "VMRUN 1 62", "CPUID 2 1009", "IOIO 2 127", "HLT 2 62")]
    [InlineData("0.1-early/slow.kvmscope", "CPUID 1 614", "IOIO 1 16")]
    [InlineData("0.1-early/filtered.kvmscope", "CPUID 1 1009", "IOIO 1 504")]
    [InlineData("0.1-early/counted.kvmscope", "CPUID 1 2018", "HLT 1 202", "IOIO 1 1008")]
    [InlineData("0.1-early/spans.kvmscope", "CPUID 1 1009", "IOIO 1 41")]
    [InlineData("0.1-early/arm64.kvmscope", "HVC64 1 503", "SYS64 1 434")]
    [InlineData("0.1/nested.kvmscope",
        "CPUID 1 2003", "MSR 1 434", "HLT 1 101", "VMRUN 1 62", "CPUID 2 1009", "IOIO 2 127", "HLT 2 62")]
    [InlineData("0.1/filtered.kvmscope", "CPUID 1 2018", "IOIO 1 8")]
    [InlineData("0.1/places.kvmscope", "CPUID 1 2018", "IOIO 1 204")]
    public void The_guests_exits_are_all_there(string file, params string[] exits)
    {
        JsonElement[] rows = [.. Answer($"report {file} count").Single().GetProperty("rows").EnumerateArray().Where(IsReason)];
        foreach (string exit in exits)
        {
            string[] words = exit.Split(' ');
            JsonElement row = Assert.Single(rows, r => Text(r, "reason") == words[0] && Text(r, "level") == words[1]);
            Assert.Equal((exit, words[2]), (exit, Text(row, "count")));
        }
        // Only the host's own are left.
        Assert.All(rows.Select(r => Text(r, "reason")).Except(exits.Select(e => e.Split(' ')[0])),
            reason => Assert.Contains(reason, s_hostsOwn));
    }

    private static readonly string[] s_hostsOwn = ["INTR", "NPF", "VMLOAD", "VMSAVE", "VINTR", "IRQ", "DABT_LOW", "IABT_LOW"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Answers_are_those_of_the_version_that_made_it(string file)
    {
        int compared = 0;
        foreach ((string question, List<JsonElement> before) in Answers(Path.ChangeExtension(file, ".answers")))
        {
            JsonElement[] now = Answer($"report {file} {question}");
            bool isSlow = question == "slower";
            // What was lost is said since.
            if (isSlow && before.Count < now.Length) now = now[..^1];
            Assert.Equal((question, before.Count), (question, now.Length));
            foreach ((JsonElement was, JsonElement @is) in before.Zip(now))
            {
                if (isSlow) AssertFigures(question, was, @is);
                else compared += AssertAnswer(question, was, @is);
            }
        }
        Assert.True(compared > 3, $"{compared} rows");
    }

    private static int AssertAnswer(string question, JsonElement was, JsonElement @is)
    {
        Assert.Equal((question, Text(was, "started")), (question, Text(@is, "started")));
        AssertFigures(question, was.GetProperty("trust"), @is.GetProperty("trust"));
        List<JsonElement> rows = [.. @is.GetProperty("rows").EnumerateArray()];
        int count = 0;
        foreach (JsonElement row in was.GetProperty("rows").EnumerateArray())
        {
            int same = rows.FindIndex(r => IsOfKind(r, row) && Key(r) == Key(row) && Text(r, "count") == Text(row, "count"));
            // What did nothing has a row of its own in some versions only.
            if (same < 0 && Text(row, "count") == "0") continue;
            Assert.True(same >= 0, $"{question}: {Key(row)} is gone, or has other exits");
            AssertFigures($"{question}: {Key(row)}", row, rows[same]);
            rows.RemoveAt(same);
            count++;
        }
        Assert.All(rows.Where(IsReason), r => Assert.Equal("0", Text(r, "count")));
        return count;
    }

    // Early builds had rows of reasons and wall clocks only, and did not say which.
    private static bool IsOfKind(JsonElement row, JsonElement was) => Text(was, "row") is { Length: > 0 } kind
        ? Text(row, "row") == kind && Text(row, "idle") == Text(was, "idle")
        : Text(row, "row") is "reason" or "wall";

    // Every member that there was has its value still; shares and rates are rounded since.
    private static void AssertFigures(string what, JsonElement was, JsonElement @is)
    {
        foreach (JsonProperty member in was.EnumerateObject())
        {
            // What is idle is known from the split since, what had no name may have one, and what slower ended with had no exits.
            if (member.Name is "idle" or "qualifier" or "trust") continue;
            Assert.True(@is.TryGetProperty(member.Name, out JsonElement now), $"{what}: {member.Name} is gone");
            if (member.Value.ValueKind == JsonValueKind.Number && member.Value.GetRawText().Contains('.', StringComparison.Ordinal))
                Assert.Equal(member.Value.GetDouble(), now.GetDouble(), 0.0006);
            else Assert.Equal((what, member.Name, member.Value.GetRawText()), (what, member.Name, now.GetRawText()));
        }
    }

    private static string Key(JsonElement row) => string.Join(' ', s_keys.Select(k => Text(row, k)));

    private static bool IsReason(JsonElement row) => Text(row, "row") == "reason";

    private static string Text(JsonElement row, string name) => row.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";

    private static JsonElement[] Answer(string line)
    {
        Outcome outcome = Ask(line + " --format json");
        Assert.Equal((line, 0, ""), (line, outcome.Status, outcome.Error));
        return [.. outcome.Out.TrimEnd('\n').Split('\n').Select(l => JsonElement.Parse(l))];
    }

    private static Outcome Ask(string line, string folder = "") => new World().Run(
        [.. line.Split(' ').Select(w => w.EndsWith(".kvmscope", StringComparison.Ordinal) ? In(w) : w.Replace("FOLDER", folder))]);

    private static List<(string Question, List<JsonElement> Lines)> Answers(string file)
    {
        List<(string Question, List<JsonElement> Lines)> all = [];
        foreach (string line in File.ReadLines(In(file)))
        {
            if (line.StartsWith("$ ", StringComparison.Ordinal)) all.Add((line[2..], []));
            else all[^1].Lines.Add(JsonElement.Parse(line));
        }
        return all;
    }

    // Of an open exit advice wants to know the qualifier, and the table does not.
    [Theory]
    [InlineData("0.1-early/nested.kvmscope")]
    [InlineData("0.1-early/slow.kvmscope")]
    [InlineData("0.1-early/arm64.kvmscope")]
    [InlineData("0.1/nested.kvmscope")]
    [InlineData("0.1/places.kvmscope")]
    public void Advice_changes_no_figure(string file)
    {
        foreach (string options in (string[])["", " --by vm", " --interval 500ms"])
        {
            JsonElement[] plain = Answer($"report {file} time{options}"), explained = Answer($"report {file} time{options} --explain");
            Assert.Equal(plain.Length, explained.Length);
            foreach ((JsonElement was, JsonElement @is) in plain.Zip(explained))
                foreach (string member in (string[])["rows", "trust"])
                    Assert.Equal(was.GetProperty(member).GetRawText(), @is.GetProperty(member).GetRawText());
        }
    }

    [Theory]
    [InlineData("0.1-early/slow.kvmscope", "")]
    [InlineData("0.1-early/slow.kvmscope", " --vcpu 1 --reason IOIO")]
    [InlineData("0.1-early/arm64.kvmscope", "")]
    [InlineData("0.1/filtered.kvmscope", "")]
    [InlineData("0.1/nested.kvmscope", " --level l2")]
    public void Slow_exits_end_with_what_is_to_be_trusted(string file, string options)
    {
        JsonElement counted = Answer($"report {file} count{options}").Single().GetProperty("trust");
        Assert.NotEqual("0", Text(counted, "exits"));
        Assert.Equal(counted.GetRawText(), Answer($"report {file} slower{options}")[^1].GetProperty("trust").GetRawText());
    }

    // What every command says of it, as a whole. The figures above do not change when these screens do.
    [Theory]
    [MemberData(nameof(Files))]
    public void Screens_are_known(string file)
    {
        string nested = Path.Combine(Path.GetDirectoryName(file)!, "nested.kvmscope"), screens = "";
        foreach (string line in (string[])[
            "report FILE", "report FILE time --by vcpu --split", "report FILE time --nested", "report FILE slower",
            "report FILE --timeline", "report FILE --explain",
            $"diff {nested} FILE", $"diff {nested} FILE --format csv", "assert max(exit)<1ms FILE",
            "assert share(runq)<5% FILE", "top FILE --once", "export FILE --to csv -o -", "export FILE --to openmetrics -o FOLDER/out"])
        {
            string command = line.Replace("FILE", file);
            Outcome outcome = Ask(command, _folder);
            Assert.InRange(outcome.Status, 0, 5);
            screens += $"$ kvmscope {command}\n{outcome.Out}{outcome.Error}{Written()}status {outcome.Status}\n\n";
        }
        screens = screens.Replace(s_here + "/", "").Replace($"version=\"{ProgramHelp.Version}\"", "version=\"VERSION\"");
        Golden.Check("former-" + Path.ChangeExtension(file, null).Replace('/', '-'), screens);
    }

    private string Written()
    {
        string path = Path.Combine(_folder, "out");
        if (!File.Exists(path)) return "";
        string text = File.ReadAllText(path);
        File.Delete(path);
        return text;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void They_can_be_exported(string file)
    {
        foreach (string format in (string[])["parquet", "perfetto"])
        {
            string path = Path.Combine(_folder, format);
            Outcome outcome = Ask($"export {file} --to {format} -o FOLDER/{format}", _folder);
            Assert.Equal((0, ""), (outcome.Status, outcome.Error));
            Assert.True(Directory.Exists(path) || new FileInfo(path).Length > 200);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_line_is_as_the_schema_says(string file)
    {
        using FileStream bytes = File.OpenRead(In(file));
        Assert.True(PublishedSchemas.CheckRecording(bytes) > 2);
    }

    [Fact]
    public void What_was_selected_is_said_also_by_early_ones()
    {
        string header = RecordingText.Read(In("0.1-early/filtered.kvmscope")).Strings().Single(s => s == "filters");
        Assert.Equal("filters", header);
        Outcome outcome = Ask("report 0.1-early/filtered.kvmscope --vcpu 1");
        Assert.Contains("vCPU", outcome.Error, StringComparison.Ordinal);
    }

    // A later format is refused, whatever else it has; members that are not known are no reason.
    [Theory]
    [InlineData(2, 2, "was made by a newer kvmscope (9.9): its format is 2, and this version reads up to 1")]
    [InlineData(1, 0, "")]
    public void The_version_decides(int version, int status, string error)
    {
        string path = Path.Combine(_folder, "newer.kvmscope");
        RecordingText.Read(In("0.1-early/nested.kvmscope")).Write(path, static _ => false, header =>
        {
            header["version"] = version;
            header["program"] = "9.9";
            header["from_the_future"] = new System.Text.Json.Nodes.JsonObject { ["a"] = 1 };
        });
        Outcome outcome = new World().Run("report", path, "count");
        Assert.Equal(status, outcome.Status);
        Assert.Contains(error, outcome.Error, StringComparison.Ordinal);
    }

    private static string Here([CallerFilePath] string here = "") => here;
}
