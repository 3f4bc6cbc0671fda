using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Kvmscope.Server.Tests.Metrics;

/// <summary>Debian's Prometheus on a free port of loopback, with its data in a folder that is removed.</summary>
internal sealed class Prometheus : IDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-prometheus-").FullName;
    private readonly Process _process;
    private readonly HttpClient _client = new();

    /// <summary>Starts one.</summary>
    /// <param name="config">Its prometheus.yml, which is put into a folder of its own.</param>
    /// <param name="isNative">Whether it asks for native histograms.</param>
    /// <param name="prepare">Puts other files into that folder; data are in <c>data</c>.</param>
    internal Prometheus(string config, bool isNative = false, Action<string>? prepare = null)
    {
        string file = Path.Combine(_folder, "prometheus.yml");
        File.WriteAllText(file, config);
        prepare?.Invoke(_folder);
        int port = FreePort();
        Address = $"127.0.0.1:{port}";
        _client.BaseAddress = new Uri($"http://{Address}");
        List<string> arguments = [$"--config.file={file}", $"--storage.tsdb.path={_folder}/data",
            $"--web.listen-address={Address}", "--log.level=error"];
        if (isNative) arguments.Add("--enable-feature=native-histograms");
        _process = Process.Start(new ProcessStartInfo("prometheus", arguments))!;
    }

    /// <summary>Where it listens.</summary>
    internal string Address { get; }

    /// <summary>The single value of a query, once it has one.</summary>
    internal async Task<double> Await(string query)
    {
        JsonElement[] found = await AwaitSeries($"/api/v1/query?query={Uri.EscapeDataString(query)}", query, HasNumber);
        return Number(found[0]);
    }

    /// <summary>The series that an instant query answers, once there are any.</summary>
    /// <param name="query">The query.</param>
    /// <param name="isEnough">Whether these are what is awaited.</param>
    internal Task<JsonElement[]> AwaitInstant(string query, Func<JsonElement[], bool>? isEnough = null) =>
        AwaitSeries($"/api/v1/query?query={Uri.EscapeDataString(query)}", query, isEnough ?? (static _ => true));

    /// <summary>The series that a query of the last seconds answers, once there are any.</summary>
    internal Task<JsonElement[]> AwaitRange(string query, int seconds) => AwaitSeries(() =>
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return $"/api/v1/query_range?query={Uri.EscapeDataString(query)}&start={now - seconds}&end={now}&step=1";
    }, query, static _ => true);

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Task<JsonElement[]> AwaitSeries(string path, string query, Func<JsonElement[], bool> isEnough) =>
        AwaitSeries(() => path, query, isEnough);

    private async Task<JsonElement[]> AwaitSeries(Func<string> path, string query, Func<JsonElement[], bool> isEnough)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            Assert.False(_process.HasExited, "prometheus ended");
            if (await Ask(path(), query) is { Length: > 0 } found && isEnough(found)) return found;
            Assert.True(since.Elapsed < s_longest, $"no answer to {query}");
            await Task.Delay(100);
        }
    }

    private async Task<JsonElement[]> Ask(string path, string query)
    {
        try
        {
            using HttpResponseMessage answer = await _client.GetAsync(path);
            string text = await answer.Content.ReadAsStringAsync();
            // It is not ready yet.
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable) return [];
            Assert.True(answer.IsSuccessStatusCode, $"{query}: {text}");
            using JsonDocument json = JsonDocument.Parse(text);
            return [.. json.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(series => series.Clone())];
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return [];
        }
    }

    private static bool HasNumber(JsonElement[] series) => !double.IsNaN(Number(series[0]));

    internal static double Number(JsonElement series) =>
        double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return port;
    }
}
