using System.Globalization;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;
using Kvmscope.Server.Streams;
using Microsoft.AspNetCore.Http;

namespace Kvmscope.Server.Endpoints;

/// <summary><c>/api/v1/stream</c>: each interval as it comes, as server-sent events.</summary>
internal sealed class StreamEndpoint : IEndpoint
{
    /// <inheritdoc/>
    public string Path => "/api/v1/stream";

    /// <inheritdoc/>
    public async Task AnswerAsync(Exchange exchange)
    {
        ServerState server = exchange.Server;
        ServedSource source = server.Source;
        Query query = exchange.Query();
        string last = query.Text("last_id") ?? "";
        if (exchange.Header("Last-Event-ID") is { Length: > 0 } header) last = header;
        string? from = query.Text("from");
        ReportChoice choice = ReportChoice.Read(query, source);
        query.Finish();
        if (source.Kind == SourceKind.Recording)
            throw new Problem(ProblemType.NotFound, "a recording does not grow", "Play it with --replay, or read /api/v1/intervals.");
        if (last.Length > 0 && PlaceOf(last) is null) throw Problem.Bad("last_id", "Last-Event-ID is not of this server");
        long? begin = from is null ? null : TimeChoice.PlaceOf("from", from, source.History);
        using IDisposable lease = server.Streams.TryOpen(exchange.Client) ?? throw new Problem(ProblemType.TooManyStreams,
            server.Streams.Open >= server.Limits.Streams ? "all clients together have as many streams as may be"
                : "this client has as many streams as one may have", "End one of them.");
        HttpResponse response = exchange.Context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        if (HttpMethods.IsHead(exchange.Context.Request.Method)) return;
        await response.StartAsync(exchange.Stop).ConfigureAwait(false);
        var writer = new EventWriter(exchange);
        long place = Begin(writer, source, last, begin);
        await RunAsync(exchange, writer, choice, place).ConfigureAwait(false);
    }

    private static async Task RunAsync(Exchange exchange, EventWriter writer, ReportChoice choice, long place)
    {
        StreamHub hub = exchange.Server.Streams;
        IHistory history = exchange.Server.Source.History;
        string question = choice.ToString();
        if (!await writer.FlushAsync().ConfigureAwait(false)) return;
        while (true)
        {
            // Before the history is looked at: what comes meanwhile is not missed.
            Task next = hub.Next;
            // An empty one begins with its first interval.
            if (place < history.From && history.To > history.From) place = Missed(writer, exchange.Server.Source, place);
            for (long end; place < history.To && (end = history.EdgeAfter(place)) > place; place = end)
            {
                if (hub.Stopping.IsCancellationRequested) break;
                var stretch = new Stretch(place, end);
                ReadOnlyMemory<byte> data = end == history.To
                    ? hub.Newest(string.Create(CultureInfo.InvariantCulture, $"{place}-{end}|{question}"),
                        () => DataOf(exchange.Server, stretch, choice))
                    : DataOf(exchange.Server, stretch, choice);
                writer.Add("interval", data, IdOf(exchange.Server.Source, end));
                if (!await writer.FlushAsync().ConfigureAwait(false)) return;
            }
            if (hub.Over is { } why && (place >= history.To || hub.Stopping.IsCancellationRequested))
            {
                writer.Add("end", Text(why));
                await writer.FlushAsync().ConfigureAwait(false);
                return;
            }
            if (!await WaitAsync(exchange, next).ConfigureAwait(false)) writer.AddComment("alive");
            if (exchange.Stop.IsCancellationRequested) return;
            if (!await writer.FlushAsync().ConfigureAwait(false)) return;
        }
    }

    // Where a stream begins.
    private static long Begin(EventWriter writer, ServedSource source, string last, long? from)
    {
        IHistory history = source.History;
        if (PlaceOf(last) is not { } known) return from ?? history.EdgeBefore(history.To);
        if (known.Epoch == source.Epoch && known.Place <= history.To) return known.Place;
        // Another run of it: what was between is not known here.
        writer.Add("gap", Gap(null, history.From == history.To ? null : history.TimeAt(history.From),
            "the server was started again"));
        return history.From;
    }

    // What was to come next is not kept any more.
    private static long Missed(EventWriter writer, ServedSource source, long place)
    {
        long first = source.History.From;
        if (place > 0) writer.Add("gap", Gap(null, source.History.TimeAt(first), "it is not kept any more"));
        return first;
    }

    private static ReadOnlyMemory<byte> DataOf(ServerState server, Stretch stretch, ReportChoice choice)
    {
        IReadOnlyCollection<VmIdentity> known = choice.Exits.NamesVms ? server.Excerpts.VmsIn(stretch) : [];
        Func<VmIdentity, bool> vms = choice.Exits.VmsAmong(known, mayBeUnknown: true);
        Excerpt excerpt = server.Excerpts.Read(stretch, choice.Exits, vms, choice.Grouping, choice.Parts);
        using var answer = new Answer(server.Limits, CancellationToken.None);
        IntervalJson.Write(answer, server.Source.History, excerpt, choice);
        return answer.ToBytes();
    }

    // Whether something happened; else it is time to show that the stream lives.
    private static async Task<bool> WaitAsync(Exchange exchange, Task next)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(exchange.Stop, exchange.Server.Streams.Stopping);
        Task alive = Task.Delay(exchange.Server.Limits.AliveTime, over.Token);
        await Task.WhenAny(next, alive).ConfigureAwait(false);
        bool isQuiet = alive.IsCompletedSuccessfully;
        await over.CancelAsync().ConfigureAwait(false);
        return !isQuiet;
    }

    /// <summary>The id of the event about an interval that ends at a place.</summary>
    internal static string IdOf(ServedSource source, long place) => string.Create(CultureInfo.InvariantCulture, $"{source.Epoch}-{place}");

    private static (string Epoch, long Place)? PlaceOf(string id)
    {
        int dash = id.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && long.TryParse(id.AsSpan(dash + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long place)
            ? (id[..dash], place) : null;
    }

    private static ReadOnlyMemory<byte> Gap(DateTimeOffset? from, DateTimeOffset? to, string why)
    {
        using var answer = new Answer(new ServerLimits(), CancellationToken.None);
        answer.Json.WriteStartObject();
        foreach ((string name, DateTimeOffset? time) in new[] { ("started", from), ("ended", to) })
        {
            if (time is { } known) answer.Json.WriteString(name, Core.Output.Rfc3339.Format(known));
            else answer.Json.WriteNull(name);
        }
        answer.Json.WriteString("why", why);
        answer.Json.WriteEndObject();
        return answer.ToBytes();
    }

    /// <summary>The data of an event that only says why.</summary>
    internal static ReadOnlyMemory<byte> Text(string why)
    {
        using var answer = new Answer(new ServerLimits(), CancellationToken.None);
        answer.Json.WriteStartObject();
        answer.Json.WriteString("why", why);
        answer.Json.WriteEndObject();
        return answer.ToBytes();
    }
}
