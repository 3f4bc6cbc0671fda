using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kvmscope.Server.Tests.Metrics;

namespace Kvmscope.Tests.Deploy;

/// <summary>docs/fleet.md, line by line: its commands are run, and print what it says.</summary>
[Collection(nameof(FleetWorld))]
public sealed partial class FleetTests(FleetWorld fleet)
{
    private static readonly string s_page = Path.Combine(DocsBlock.Root, "docs", "fleet.md");

    private const double Vms = 20, Hosts = 1000;

    [NeedsProgramFact("prometheus")]
    public async Task From_an_alert_to_its_cause()
    {
        JsonElement[] firing = await fleet.Prometheus.AwaitInstant(
            "ALERTS{alertname=\"KvmVcpusWaitForCpu\",alertstate=\"firing\"}");
        JsonElement one = Assert.Single(firing).GetProperty("metric");
        Assert.Equal(($"{fleet.Busy}", "web-1"), (one.GetProperty("instance").GetString(), one.GetProperty("vm").GetString()));
        string auth = FleetWorld.Page("sh cause")[0];
        Assert.StartsWith("AUTH=", auth, StringComparison.Ordinal);
        foreach (string step in (string[])["alert", "cause", "keep"])
        {
            string printed = fleet.RunPage(string.Join('\n', FleetWorld.Page("sh " + step).Prepend(auth)));
            if (Environment.GetEnvironmentVariable("KVMSCOPE_UPDATE_DOCS") == "1") Update(step, printed);
            else Assert.Equal(string.Join('\n', FleetWorld.Page("text " + step)), printed);
        }
    }

    private static void Update(string step, string printed)
    {
        string text = File.ReadAllText(s_page), begin = $"```text {step}\n";
        int from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length, to = text.IndexOf("```", from, StringComparison.Ordinal);
        File.WriteAllText(s_page, $"{text[..from]}{printed}\n{text[to..]}");
    }

    [NeedsProgramFact("prometheus")]
    public async Task A_host_that_is_gone_is_said_to_be() =>
        await fleet.Prometheus.AwaitInstant($"ALERTS{{alertname=\"KvmscopeGone\",alertstate=\"firing\",instance=\"{FleetWorld.Gone}\"}}");

    [NeedsProgramFact("prometheus")]
    public async Task Series_are_as_many_as_it_says()
    {
        string page = File.ReadAllText(s_page);
        int own = int.Parse(Own().Match(page).Groups[1].Value, CultureInfo.InvariantCulture);
        int rules = int.Parse(Rules().Match(page).Groups[1].Value, CultureInfo.InvariantCulture);
        string host = $"instance=\"{fleet.Busy}\"";
        await fleet.Prometheus.Await($"instance_vm:kvmscope_exits_per_busy_second:ratio5m{{{host}}}");
        // These replays count returns to the VMM, whose losses are one more.
        Assert.Equal(own + 1, await fleet.Prometheus.Await($"count({{__name__=~\"kvmscope_.*\",vm=\"\",{host}}})"));
        Assert.Equal(rules, await fleet.Prometheus.Await($"count({{__name__=~\"instance_vm:.*\",{host}}})"));
        Assert.Equal(5, await fleet.Prometheus.Await($"count({{__name__=~\"up|scrape_.*\",{host}}})"));
    }

    [Fact]
    public void The_arithmetic_is_right()
    {
        string[] lines = File.ReadAllLines(s_page);
        double[][] Row(string name) => [.. lines.Single(line => line.StartsWith($"| {name} |", StringComparison.Ordinal))
            .Split('|', StringSplitOptions.RemoveEmptyEntries)[1..].Select(cell => Numbers(cell))];
        for (int column = 0; column < 4; column++)
        {
            double perVm = column < 2 ? 55 + 5 : 55 - 25 + 1 + 5, step = column % 2 == 0 ? 30 : 60;
            double perHost = (perVm * Vms) + 13 + 5;
            double all = perHost * Hosts, perDay = all / step * 86_400;
            Assert.Equal([perVm], Row("series per VM, with rules")[column]);
            Assert.Equal([perHost], Row("series per host")[column]);
            Assert.Equal([all], Row("series in all")[column]);
            Assert.Equal([all / step], Row("samples per second")[column]);
            Assert.Equal([Math.Round(perDay / 1e6)], Row("samples per day, millions")[column]);
            Assert.Equal([Math.Round(perDay / 1e9, 1), Math.Round(2 * perDay / 1e9, 1)], Row("GB per day")[column]);
            Assert.Equal([Math.Round(15 * perDay / 1e9), Math.Round(30 * perDay / 1e9)], Row("GB in 15 days")[column]);
        }
    }

    [Fact]
    public void Each_alert_has_its_row()
    {
        string page = File.ReadAllText(s_page);
        string[] alerts = [.. File.ReadLines(Path.Combine(DocsBlock.Root, "deploy/prometheus/alerts.yml"))
            .Select(line => line.Trim()).Where(line => line.StartsWith("- alert: ", StringComparison.Ordinal)).Select(line => line[9..])];
        Assert.NotEmpty(alerts);
        Assert.Equal(alerts.AsEnumerable(), [.. AlertRows().Matches(page).Select(row => row.Groups[1].Value)]);
    }

    private static double[] Numbers(string cell) =>
        [.. cell.Replace(" to ", "|", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).Split('|')
            .Select(number => double.Parse(number, CultureInfo.InvariantCulture))];

    [GeneratedRegex(@"A host has (\d+) of its own, and Prometheus adds 5 per target")]
    private static partial Regex Own();

    [GeneratedRegex(@"The recording rules make (\d+) more of it")]
    private static partial Regex Rules();

    [GeneratedRegex(@"^\| `(Kvm\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex AlertRows();
}
