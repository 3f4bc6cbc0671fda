using System.Globalization;
using System.Buffers;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;
using Microsoft.AspNetCore.Http;

namespace Kvmscope.Server.Endpoints;

/// <summary><c>/api/v1/recording</c>: a stretch of time as a recording.</summary>
internal sealed class RecordingEndpoint : IEndpoint
{
    // Of an interval.
    private const int MostSlow = 10_000;

    /// <inheritdoc/>
    public string Path => "/api/v1/recording";

    // As finely as all of it is kept.
    private sealed record Plan(Stretch Stretch, Grouping Grouping, ExitParts Parts, Interval First);

    /// <inheritdoc/>
    public async Task AnswerAsync(Exchange exchange)
    {
        ServerState server = exchange.Server;
        Query query = exchange.Query();
        Stretch stretch = TimeChoice.Read(query, server.Source.History);
        query.Finish();
        // One at a time, and not for longer than it makes progress: it counts as a stream.
        using IDisposable lease = server.Streams.TryOpen(exchange.Client)
            ?? throw new Problem(ProblemType.TooManyStreams, "this client, or all together, have as many streams and recordings as may be");
        using var limits = new Answer(server.Limits, exchange.Stop);
        Plan plan = PlanOf(server.Source, stretch, limits.Check);
        HttpResponse response = exchange.Context.Response;
        response.ContentType = "application/vnd.kvmscope";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture,
            $"attachment; filename=\"{FileName(server.Source.Header.Host)}-{plan.First.From.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}.kvmscope\"");
        if (HttpMethods.IsHead(exchange.Context.Request.Method)) return;
        await response.StartAsync(exchange.Stop).ConfigureAwait(false);
        await WriteAsync(exchange, server.Source, plan).ConfigureAwait(false);
    }

    private static Plan PlanOf(ServedSource source, Stretch stretch, Action check)
    {
        IHistory history = source.History;
        HistoryDetail detail = history.DetailOf(stretch.From, stretch.To);
        long first = history.EdgeAfter(stretch.From);
        Interval? whole = history.Sum(stretch.From, stretch.To, Grouping.Host, ExitParts.None, check);
        if (whole is null || first <= stretch.From) throw new Problem(ProblemType.NotFound, "nothing was recorded in that time");
        // The monotonic clock begins anew with each boot.
        if (whole.ToNs < whole.FromNs || Math.Abs((whole.To - whole.From).TotalSeconds - ((whole.ToNs - whole.FromNs) / 1e9)) > 86400)
            throw Problem.Bad("from", "the host was started again in that time, and a recording is of one boot", "Ask for a part of it.");
        Interval begin = history.Sum(stretch.From, first, detail.Grouping, detail.Parts) ?? whole;
        return new Plan(stretch, detail.Grouping, detail.Parts, begin);
    }

    private static async Task WriteAsync(Exchange exchange, ServedSource source, Plan plan)
    {
        IHistory history = source.History;
        var bytes = new ArrayBufferWriter<byte>(1 << 16);
        var writer = new RecordingWriter(HeaderOf(source, plan), part => bytes.Write(part.Span));
        writer.Begin();
        long at = plan.Stretch.From, end, last = plan.First.FromNs;
        for (; at < plan.Stretch.To && (end = history.EdgeAfter(at)) > at; at = end)
        {
            // Mostly in the chosen time.
            if (at + ((end - at) / 2) >= plan.Stretch.To) break;
            Interval? interval;
            using (await exchange.Server.Turns.TakeAsync(exchange.Stop).ConfigureAwait(false))
            {
                interval = history.Sum(at, end, plan.Grouping, plan.Parts);
                if (interval is not null && interval.FromNs >= last)
                {
                    last = interval.ToNs;
                    IReadOnlyList<SlowExit> slow = history.Slow(at, end, MostSlow);
                    writer.Add((interval with { First = writer.Intervals, Intervals = 1 }).WithSlow(slow));
                }
            }
            exchange.Context.Response.BodyWriter.Write(bytes.WrittenSpan);
            bytes.ResetWrittenCount();
            if ((await exchange.Context.Response.BodyWriter.FlushAsync(exchange.Stop).ConfigureAwait(false)).IsCompleted) return;
        }
        writer.End();
        await exchange.Context.Response.BodyWriter.WriteAsync(bytes.WrittenMemory, exchange.Stop).ConfigureAwait(false);
    }

    private static RecordingHeader HeaderOf(ServedSource source, Plan plan) => source.Header with
    {
        Started = plan.First.From.ToOffset(source.Header.Started.Offset),
        MonotonicNs = plan.First.FromNs,
        BootNs = null,
        Grouping = plan.Grouping,
        HasQualifiers = source.Header.HasQualifiers && plan.Parts.HasFlag(ExitParts.Qualifier),
        PageShift = plan.Parts.HasFlag(ExitParts.Page) ? source.Header.PageShift : null,
        HasRips = source.Header.HasRips && plan.Parts.HasFlag(ExitParts.Rip),
        // Returns to the VMM are not kept in memory.
        IsContinued = true,
        Machines = [.. plan.First.Vms.Select(KnownVm.Of)],
    };

    private static string FileName(string host)
    {
        string name = new([.. host.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.').Take(64)]);
        return name.Length == 0 ? "kvmscope" : name;
    }
}
