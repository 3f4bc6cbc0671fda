using System.Text.Json;
using Kvmscope.Server.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Kvmscope.Server.Http;

/// <summary>A request and its answer.</summary>
/// <param name="context">As Kestrel has it.</param>
/// <param name="server">What all requests share.</param>
internal sealed class Exchange(HttpContext context, ServerState server)
{
    private const string Json = "application/json", ProblemJson = "application/problem+json";

    private const int AtOnce = 1 << 16;

    /// <summary>As Kestrel has it.</summary>
    public HttpContext Context => context;

    /// <summary>What all requests share.</summary>
    public ServerState Server => server;

    /// <summary>The client has left, or the server ends.</summary>
    public CancellationToken Stop => context.RequestAborted;

    /// <summary>The client's address.</summary>
    public string Client => context.Connection.RemoteIpAddress?.ToString() ?? "";

    /// <summary>The path, decoded once.</summary>
    public string Path => context.Request.Path.Value ?? "/";

    /// <summary>The parameters.</summary>
    /// <exception cref="Problem">They are not well-formed.</exception>
    public Query Query() => Requests.Query.Parse(context.Request.QueryString.Value ?? "");

    /// <summary>A header; empty where it is not there.</summary>
    /// <exception cref="Problem">It is there twice.</exception>
    public string Header(string name) => context.Request.Headers.TryGetValue(name, out StringValues values)
        ? values.Count <= 1 ? values.ToString() : throw new Problem(ProblemType.BadRequest, $"{name} is there more than once")
        : "";

    /// <summary>Answers with JSON that takes time to make, when it is this request's turn.</summary>
    public async Task MakeAsync(Action<Answer> make)
    {
        IDisposable turn = await server.Turns.TakeAsync(Stop).ConfigureAwait(false);
        // What it takes counts from here on: not the time for which it waited, nor what another thread allocates.
        using var answer = new Answer(server.Limits, Stop);
        ReadOnlyMemory<byte>[] pieces;
        using (turn)
        {
            make(answer);
            pieces = answer.ToPieces();
        }
        await SendAsync(Json, StatusCodes.Status200OK, pieces).ConfigureAwait(false);
    }

    /// <summary>Answers with bytes.</summary>
    public Task SendAsync(string type, ReadOnlyMemory<byte> bytes, int status = StatusCodes.Status200OK) =>
        SendAsync(type, status, [bytes]);

    private async Task SendAsync(string type, int status, ReadOnlyMemory<byte>[] pieces)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = type;
        response.ContentLength = pieces.Sum(piece => (long)piece.Length);
        if (!response.Headers.ContainsKey("Cache-Control")) response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            // Kestrel copies what it is given at once, and keeps memory for it: not more than it waits for anyway.
            for (ReadOnlyMemory<byte> rest = piece; !rest.IsEmpty;)
            {
                ReadOnlyMemory<byte> part = rest[..Math.Min(rest.Length, AtOnce)];
                if ((await response.BodyWriter.WriteAsync(part, Stop).ConfigureAwait(false)).IsCompleted) return;
                rest = rest[part.Length..];
            }
        }
    }

    /// <summary>Answers with a problem.</summary>
    public async Task SendAsync(Problem problem)
    {
        using var answer = new Answer(server.Limits, CancellationToken.None);
        Utf8JsonWriter json = answer.Json;
        json.WriteStartObject();
        json.WriteString("type", problem.Type.Urn);
        json.WriteString("title", problem.Type.Title);
        json.WriteNumber("status", problem.Type.Status);
        json.WriteString("detail", problem.Message);
        if (problem.Hint is { } hint) json.WriteString("hint", hint);
        if (problem.Parameter is { } parameter) json.WriteString("parameter", parameter);
        json.WriteEndObject();
        IHeaderDictionary headers = context.Response.Headers;
        if (problem.Type == ProblemType.Method) headers.Allow = "GET, HEAD";
        if (problem.Type == ProblemType.NoToken)
            headers.WWWAuthenticate = new StringValues(["Bearer", "Basic realm=\"kvmscope\", charset=\"UTF-8\""]);
        if (problem.Type == ProblemType.Busy || problem.Type == ProblemType.TooSlow || problem.Type == ProblemType.TooManyStreams)
            headers.RetryAfter = "5";
        await SendAsync(ProblemJson, problem.Type.Status, answer.ToPieces()).ConfigureAwait(false);
    }
}
