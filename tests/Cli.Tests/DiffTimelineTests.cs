using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>Two recordings side by side, and one over time.</summary>
public sealed class DiffTimelineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Record(string name, ulong cpuids = 40, ulong cpuidNs = 1_500, int seconds = 30)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock)
        {
            Log = world.Log,
            GrowsEachSecond = true,
            Rows =
            [
                FakeHost.Row(12, ExitLevel.L1, 100, 1_000_000), FakeHost.Row(10, ExitLevel.L1, cpuids, cpuidNs),
                Other(FakeHost.Row(30, ExitLevel.L1, 70, 9_000)),
            ],
        };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(seconds + 0.3) };
        string path = Path.Combine(_folder, name);
        Assert.Equal(0, world.Run("record", "-o", path).Status);
        return path;
    }

    private static Row Other(Row row)
    {
        var other = new Row(row.Key with { Vm = 1, Vcpu = 1 });
        other.Add(row);
        return other;
    }

    private static JsonElement Json(Outcome outcome)
    {
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return JsonDocument.Parse(outcome.Out).RootElement;
    }

    [Fact]
    public void What_changed_is_on_top_and_marked()
    {
        JsonElement diff = Json(new World().Run("diff", Record("a"), Record("b", cpuids: 90), "--format", "json"));
        JsonElement[] rows = [.. diff.GetProperty("rows").EnumerateArray()];
        Assert.Equal("CPUID", rows[0].GetProperty("reason").GetString());
        Assert.True(rows[0].GetProperty("marked").GetBoolean());
        // Of 30.3 seconds, in the last 0.3 of which the fake host did nothing.
        Assert.Equal(39.6, rows[0].GetProperty("a").GetProperty("rate_per_s").GetDouble(), 1);
        Assert.Equal(89.1, rows[0].GetProperty("b").GetProperty("rate_per_s").GetDouble(), 1);
        // 50 more per second of 1.5 us each.
        Assert.InRange(rows[0].GetProperty("change_ns_per_s").GetDouble(), 70_000, 76_000);
        JsonElement ports = rows.Single(r => r.GetProperty("reason").GetString() == "IO_INSTRUCTION");
        Assert.Equal(ports.GetProperty("a").GetProperty("rate_per_s").GetDouble(),
            ports.GetProperty("b").GetProperty("rate_per_s").GetDouble());
        Assert.Contains("CPUID", new World().Run("diff", Path.Combine(_folder, "a"), Path.Combine(_folder, "b")).Out);
    }

    [Fact]
    public void An_imported_capture_is_compared_and_what_it_lacks_is_said()
    {
        string capture = Path.Combine(_folder, "perf.data"), imported = Path.Combine(_folder, "imported");
        using (var unpacked = new GZipStream(
            File.OpenRead(Path.Combine(DocsBlock.Root, "tests/Interchange.Tests/Captures/svm61-stat.data.gz")), CompressionMode.Decompress))
        using (FileStream file = File.Create(capture))
            unpacked.CopyTo(file);
        Assert.Equal(0, new World().Run("import", capture, "-o", imported).Status);
        JsonElement diff = Json(new World().Run("diff", imported, Record("own"), "--format", "json"));
        JsonElement npf = diff.GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("reason").GetString() == "NPF");
        double seconds = diff.GetProperty("a").GetProperty("seconds").GetDouble();
        Assert.Equal(484, npf.GetProperty("a").GetProperty("rate_per_s").GetDouble() * seconds, 0);
        string[] notes = [.. diff.GetProperty("notes").EnumerateArray().Select(note => note.GetString()!)];
        Assert.Contains("A: the capture has no kvm_nested_vmexit: exits of L2, if there were any, are shown as L1", notes);
        Assert.DoesNotContain(notes, note => note.StartsWith("B: the capture", StringComparison.Ordinal));
        // Of two captures that lack the same, that is no difference.
        JsonElement same = Json(new World().Run("diff", imported, imported, "--format", "json"));
        Assert.DoesNotContain("the capture", same.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_marked_against_itself()
    {
        string path = Record("a");
        foreach (JsonElement row in Json(new World().Run("diff", path, path, "--format", "json")).GetProperty("rows").EnumerateArray())
        {
            Assert.False(row.GetProperty("marked").GetBoolean());
            Assert.Equal(0, row.GetProperty("change_ns_per_s").GetDouble());
        }
    }

    [Fact]
    public void Two_windows_of_one_and_two_vms_of_one_are_sides()
    {
        string path = Record("a");
        JsonElement windows = Json(new World().Run("diff", path, "--a", "..12:00:15", "--b", "12:00:15..", "--format", "json"));
        Assert.All(windows.GetProperty("rows").EnumerateArray(), r => Assert.False(r.GetProperty("marked").GetBoolean()));
        Assert.Equal(15, windows.GetProperty("a").GetProperty("seconds").GetDouble(), 1);
        JsonElement vms = Json(new World().Run("diff", path, "--vm", "web1", "--vm", "db1", "--format", "json"));
        Assert.Equal("web1", vms.GetProperty("a").GetProperty("name").GetString());
        JsonElement cpuid = vms.GetProperty("rows").EnumerateArray().Single(r => r.GetProperty("reason").GetString() == "CPUID");
        Assert.Equal(0, cpuid.GetProperty("b").GetProperty("rate_per_s").GetDouble());
        Assert.True(cpuid.GetProperty("marked").GetBoolean());
    }

    [Fact]
    public void A_rest_at_the_end_is_not_a_sample_of_its_own()
    {
        JsonElement diff = Json(new World().Run("diff", Record("a"), Record("b"), "--format", "json"));
        Assert.Equal(30, diff.GetProperty("a").GetProperty("samples").GetInt32());
    }

    [Fact]
    public void A_timeline_is_drawn_as_text_and_as_pictures()
    {
        string path = Record("a");
        Outcome text = new World().Run("report", path, "--timeline");
        Assert.Equal((0, ""), (text.Status, text.Error));
        Assert.All(text.Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("CPUID", text.Out);
        Outcome svg = new World().Run("report", path, "--timeline", "--format", "svg", "--by", "vm");
        Assert.Equal("svg", XDocument.Parse(svg.Out).Root!.Name.LocalName);
        string html = Path.Combine(_folder, "x.html"), png = Path.Combine(_folder, "x.png");
        Assert.Equal(0, new World().Run("report", path, "--timeline", "--format", "html", "-o", html).Status);
        Assert.StartsWith("<!doctype html>", File.ReadAllText(html), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, new World().Run("report", path, "--timeline", "--format", "png", "-o", png).Status);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(png)[..4]);
    }

    [Theory]
    [InlineData("--timeline")]
    [InlineData("count", "--timeline", "--format", "svg")]
    public void A_timeline_needs_times(params string[] options)
    {
        string path = Path.Combine(_folder, "x");
        Assert.Equal(0, new World().Run("record", "-o", path, "--without", "time").Status);
        Outcome outcome = new World().Run(["report", path, .. options]);
        Assert.Equal((2, ""), (outcome.Status, outcome.Out));
        Assert.Contains("this recording has no handling times: it was made with --without time\n  Record without '--without time'.",
            outcome.Error);
    }

    [Theory]
    [InlineData("diff", "diff needs a recording")]
    [InlineData("diff FILE", "diff needs two sides")]
    [InlineData("diff FILE FILE FILE", "one argument too many")]
    [InlineData("diff FILE --a noon..", "--a 'noon' is not a time")]
    [InlineData("diff FILE --a ..+1s --b 25:00..", "--b '25:00' is not a time")]
    [InlineData("diff FILE --a +3s..+2s", "--a does not end after its start")]
    [InlineData("report FILE --timeline --top 0", "--top '0' is not a number of rows")]
    [InlineData("diff FILE --a 12:00:05", "is not a window")]
    [InlineData("diff FILE --vm web1 --vm nobody", "no VM in the recording has the name, pid, UUID or VMID 'nobody'")]
    [InlineData("diff FILE FILE --by vms", "--by 'vms' is not known")]
    [InlineData("report FILE --format svg", "Add --timeline")]
    [InlineData("report FILE --timeline --format png", "-o timeline.png")]
    [InlineData("report FILE --timeline --format json", "--interval")]
    [InlineData("report FILE --timeline --split", "different views")]
    [InlineData("report FILE --timeline --by level", "--timeline --by 'level' is not known")]
    [InlineData("report FILE slower --timeline", "slower has no --timeline")]
    public void Mistakes_name_the_fix(string command, string says)
    {
        Outcome outcome = new World().Run(command.Replace("FILE", Record("a", seconds: 12)).Split(' '));
        Assert.Equal(2, outcome.Status);
        Assert.Contains(says, outcome.Error);
        Assert.Equal(2, outcome.Error.TrimEnd().Split('\n').Length);
    }
}
