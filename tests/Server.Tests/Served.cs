using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Tests;
using Kvmscope.Server.Listening;

namespace Kvmscope.Server.Tests;

/// <summary>A server on a free port of loopback, with a history that grows when a test says so.</summary>
internal sealed class Served : IDisposable
{
    private readonly KvmscopeServer _server;
    private readonly HttpClient _client;

    public Served(
        ServerLimits? limits = null, int seconds = 5, SourceKind kind = SourceKind.Live, string epoch = "e1", TokenList? tokens = null,
        ServerSettings? settings = null, IMetricsSource? metrics = null, IHistory? history = null)
    {
        History = new LiveHistory(Samples.Header.Grouping, ExitParts.Qualifier, Samples.StepNs);
        Source = new ServedSource("host7", history ?? History, Samples.Header, kind) { Epoch = epoch };
        settings ??= new ServerSettings { Socket = Loopback.Open() };
        settings = settings with { Limits = limits ?? new ServerLimits(), Tokens = tokens ?? settings.Tokens, Complain = Complaints.Add };
        _server = new KvmscopeServer(Source, settings, metrics);
        _server.Start();
        for (int i = 0; i < seconds; i++) Grow();
        _client = new HttpClient { BaseAddress = new Uri($"http://{_server.EndPoint}"), Timeout = TimeSpan.FromSeconds(60) };
    }

    public LiveHistory History { get; }

    public ServedSource Source { get; }

    public List<string> Complaints { get; } = [];

    public IPEndPoint EndPoint => _server.EndPoint;

    public KvmscopeServer Server => _server;

    public HttpClient Client => _client;

    private int _seconds;

    /// <summary>The next second.</summary>
    public void Grow()
    {
        History.Add(Samples.At(_seconds++));
        _server.Notify();
    }

    public async Task<JsonElement> Json(string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        using HttpResponseMessage response = await _client.GetAsync(path);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{path}: {response.StatusCode}: {text}");
        JsonElement answer = JsonElement.Parse(text);
        // Whatever a test asks for: answers are as the published schemas say.
        if (answer.TryGetProperty("schema", out _)) PublishedSchemas.CheckAnswer(answer);
        else if (status != HttpStatusCode.OK) PublishedSchemas.Check("problem", answer);
        return answer;
    }

    /// <summary>Sends bytes, and reads all that comes until the server ends the connection.</summary>
    public async Task<string> Raw(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(EndPoint);
        NetworkStream stream = client.GetStream();
        var answer = new MemoryStream();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), late.Token);
            await stream.CopyToAsync(answer, late.Token);
        }
        catch (IOException)
        {
            // It ended the connection before all was sent.
        }
        return Encoding.UTF8.GetString(answer.ToArray());
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Stop(TimeSpan.FromMilliseconds(500));
        _server.Dispose();
        Assert.Empty(Complaints);
    }
}
