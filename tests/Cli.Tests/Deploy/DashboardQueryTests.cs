using System.Text.Json;
using System.Text.RegularExpressions;
using Kvmscope.Server.Tests.Metrics;

namespace Kvmscope.Tests.Deploy;

/// <summary>Every query of the dashboards returns data of a Prometheus that scraped replays.</summary>
[Collection(nameof(FleetWorld))]
public sealed partial class DashboardQueryTests(FleetWorld fleet)
{
    private const string Histogram = "kvmscope_busy_exit_handling_seconds{";

    // 22 bounds and infinity.
    private const int Buckets = 23;

    private static readonly Dashboard s_fleet = Dashboard.Of("kvmscope-fleet.json"), s_host = Dashboard.Of("kvmscope-vm.json");

    [NeedsProgramFact("prometheus")]
    public Task Those_of_the_fleet() => HaveData(s_fleet, fleet.Prometheus, static _ => true);

    [NeedsProgramFact("prometheus")]
    public Task Those_of_a_host() => HaveData(s_host, fleet.Prometheus, static _ => true);

    [NeedsProgramFact("prometheus")]
    public async Task Those_of_histograms_where_these_are_native()
    {
        using Prometheus native = fleet.Native();
        foreach (Dashboard board in (Dashboard[])[s_fleet, s_host])
            await HaveData(board, native, static query => query.Contains(Histogram, StringComparison.Ordinal));
        string heat = Fill(Of(s_host, "Handling time of busy exits, exits per second"));
        JsonElement one = Assert.Single(await native.AwaitRange(heat, 10));
        Assert.True(one.TryGetProperty("histograms", out _));
        Assert.Equal(Buckets, (await fleet.Prometheus.AwaitRange(heat, 10)).Length);
    }

    [NeedsProgramFact("prometheus")]
    public async Task Variables_have_values()
    {
        foreach (string query in ((Dashboard[])[s_fleet, s_host]).SelectMany(board => board.Variables.Values)
                     .Where(variable => (string)variable["type"]! == "query").Select(variable => (string)variable["query"]!["query"]!))
        {
            Match match = LabelValues().Match(query);
            Assert.True(match.Success, query);
            string label = match.Groups[2].Value;
            JsonElement[] found = await fleet.Prometheus.AwaitInstant($"count by ({label}) ({Fill(match.Groups[1].Value)})");
            Assert.All(found, series => Assert.True(series.GetProperty("metric").TryGetProperty(label, out _), query));
        }
    }

    [NeedsProgramFact("prometheus")]
    public async Task Figures_are_those_of_the_recording()
    {
        // rate() estimates where a series has just begun.
        JsonElement[] parts = await fleet.Prometheus.AwaitInstant(Fill(Of(s_host, "Wall clock of the vCPUs"), "4s"),
            static parts => Math.Abs(Waits(parts) - FleetRecording.RunqShare) < 1e-6);
        Assert.Equal(1, parts.Sum(Prometheus.Number), 6);

        static double Waits(JsonElement[] parts) => Prometheus.Number(
            parts.Single(part => part.GetProperty("metric").GetProperty("part").GetString() == "runq"));
    }

    private static string Of(Dashboard board, string panel) => board.Queries.Single(query => query.Panel == panel).Query;

    private Task HaveData(Dashboard board, Prometheus prometheus, Func<string, bool> isMeant) => Task.WhenAll(
        from query in board.Queries
        where isMeant(query.Query)
        select query.IsInstant ? prometheus.AwaitInstant(Fill(query.Query)) : prometheus.AwaitRange(Fill(query.Query), 10));

    // What Grafana puts in for variables: regular expressions for what may be several.
    private string Fill(string query, string rateOver = "30s") => query
        .Replace("\"$job\"", "\"kvmscope.*\"", StringComparison.Ordinal)
        .Replace("=\"$instance\"", $"=\"{fleet.Busy}\"", StringComparison.Ordinal)
        .Replace("=~\"$instance\"", "=~\".*\"", StringComparison.Ordinal)
        .Replace("\"$vm\"", "\".*\"", StringComparison.Ordinal)
        .Replace("$__rate_interval", rateOver, StringComparison.Ordinal)
        .Replace("$__range", "1m", StringComparison.Ordinal);

    [GeneratedRegex(@"^label_values\((.+), (\w+)\)$")]
    private static partial Regex LabelValues();
}
