using System.Text.RegularExpressions;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Server.Metrics;

namespace Kvmscope.Server.Tests.Metrics;

/// <summary>What docs/metrics.md names is what there is, and the other way round; so do the files that use metrics.</summary>
public sealed partial class MetricsPageTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Root, "docs/metrics.md"));

    public static TheoryData<string> Users => new(Directory
        .EnumerateFiles(Path.Combine(Repository.Root, "deploy"), "*", SearchOption.AllDirectories)
        .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md"))
        .Select(file => Path.GetRelativePath(Repository.Root, file)).Order());

    [Fact]
    public void Each_metric_has_its_row_and_each_row_its_metric() =>
        Assert.Equal(MetricFamily.All.Select(family => family.SeriesName).Order(), Rows().Select(row => row.Name).Order());

    [Fact]
    public void Types_and_labels_of_a_row_are_those_of_the_metric()
    {
        Dictionary<string, string[]> labels = FormatTests.Families(FormatTests.Busy()).ToDictionary(
            family => family.Name, family => (string[])[.. family.Metric.SelectMany(m => m.Label.Select(l => l.Name)).Distinct().Order()]);
        foreach ((string name, string type, string[] said) in Rows())
        {
            MetricFamily family = MetricFamily.All.Single(family => family.SeriesName == name);
            Assert.Equal(family.Type switch { MetricType.Counter => "counter", MetricType.Info => "gauge, 1", _ => "histogram" }, type);
            Assert.Equal(labels[name], said.Order());
        }
    }

    [Fact]
    public void Values_of_labels_are_those_that_there_are()
    {
        Assert.Equal(PartNames.All.Select(part => part.Name).Order(), InRow("kvmscope_vcpu_seconds_total").Order());
        Assert.Equal(["handled", "reflected"], InRow("kvmscope_nested_exits_total").Order());
        Assert.Equal(["dropped", "rejected", "sent"], InRow("kvmscope_otlp_batches_total").Order());
        string table = s_page[s_page.IndexOf("| kind | what was lost |", StringComparison.Ordinal)..].Split("\n\n")[0];
        IEnumerable<string> kinds = table.Split('\n').SelectMany(row => Names().Matches(row.Split('|')[1]).Select(m => m.Groups[1].Value));
        Assert.Equal(Accounting.LossCounters.Select(loss => loss.Name)
            .Where(name => name is not ("other_qualifiers" or "lost_records" or "duplicate_events")).Order(), kinds.Order());
    }

    [Theory]
    [MemberData(nameof(Users))]
    public void Metrics_that_are_named_elsewhere_are_there(string file)
    {
        string[] known = [.. MetricFamily.All.SelectMany(family => family.Type == MetricType.Histogram
            ? (string[])[family.Name, family.Name + "_bucket", family.Name + "_sum", family.Name + "_count"]
            : [family.SeriesName])];
        // "kvmscope_nested_*" means several.
        Assert.All(Metrics().Matches(File.ReadAllText(Path.Combine(Repository.Root, file))).Select(m => m.Value), name =>
            Assert.True(known.Contains(name) || (name[^1] == '_' && known.Any(k => k.StartsWith(name, StringComparison.Ordinal))), name));
    }

    private static IEnumerable<(string Name, string Type, string[] Labels)> Rows() => s_page.Split('\n')
        .Where(line => line.StartsWith("| `kvmscope_", StringComparison.Ordinal))
        .Select(line => line.Split('|').Select(cell => cell.Trim()).ToArray())
        .Select(cells => (cells[1].Trim('`'), cells[2], (string[])[.. Names().Matches(cells[3]).Select(m => m.Groups[1].Value)]));

    // Values are set as code in the last column, as are options.
    private static IEnumerable<string> InRow(string name) => Names()
        .Matches(s_page.Split('\n').Single(line => line.StartsWith($"| `{name}` |", StringComparison.Ordinal)).Split('|')[4])
        .Select(m => m.Groups[1].Value).Where(value => value[0] != '-');

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Names();

    // Not a rule's "instance_vm:kvmscope_…", and not a file's or a program's name.
    [GeneratedRegex(@"(?<![\w:/])kvmscope_[a-z_]+")]
    private static partial Regex Metrics();
}
