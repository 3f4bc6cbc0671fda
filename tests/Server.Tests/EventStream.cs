using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Kvmscope.Server.Tests;

/// <summary>A server-sent event.</summary>
internal sealed record ServerEvent(string? Id, string Name, string Data)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;

    public string Started => Json.GetProperty("started").GetString()!;
}

/// <summary>Reads events as they come.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage response, Stream stream) => (_response, _reader) = (response, new StreamReader(stream));

    public static async Task<EventStream> Open(HttpClient client, string query = "", string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/stream" + query);
        if (lastId is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(MediaTypeHeaderValue.Parse("text/event-stream; charset=utf-8"), response.Content.Headers.ContentType);
        return new EventStream(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event; null at the end.</summary>
    public async Task<ServerEvent?> Next()
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        string? id = null, name = null, data = null;
        while (await _reader.ReadLineAsync(late.Token) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
            if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
            if (line.Length == 0 && name is not null) return new ServerEvent(id, name, data!);
        }
        return null;
    }

    /// <summary>The next events.</summary>
    public async Task<ServerEvent[]> Next(int count)
    {
        var events = new ServerEvent[count];
        for (int i = 0; i < count; i++) events[i] = (await Next()) ?? throw new EndOfStreamException($"{i} of {count} events came");
        return events;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}
