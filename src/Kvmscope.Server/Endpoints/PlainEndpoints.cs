using System.Text;
using Kvmscope.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Kvmscope.Server.Endpoints;

/// <summary><c>/healthz</c>: whether intervals come as they should.</summary>
internal sealed class HealthEndpoint : IEndpoint
{
    private static readonly TimeSpan s_more = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Path => "/healthz";

    /// <inheritdoc/>
    public bool NeedsToken => false;

    /// <inheritdoc/>
    public Task AnswerAsync(Exchange exchange)
    {
        ServedSource source = exchange.Server.Source;
        TimeSpan most = TimeSpan.FromTicks(source.History.StepNs / 100 * 3) + s_more;
        bool isWell = source.Kind != SourceKind.Live || exchange.Server.Streams.SinceLast <= most;
        return PlainText.SendAsync(exchange, isWell, isWell ? "ok" : "no interval comes any more");
    }
}

/// <summary><c>/readyz</c>: whether there is anything to show.</summary>
internal sealed class ReadyEndpoint : IEndpoint
{
    /// <inheritdoc/>
    public string Path => "/readyz";

    /// <inheritdoc/>
    public bool NeedsToken => false;

    /// <inheritdoc/>
    public Task AnswerAsync(Exchange exchange)
    {
        bool isReady = exchange.Server.Source.History is { } history && history.To > history.From;
        return PlainText.SendAsync(exchange, isReady, isReady ? "ready" : "no interval has come yet");
    }
}

/// <summary><c>/metrics</c>: for Prometheus.</summary>
internal sealed class MetricsEndpoint : IEndpoint
{
    /// <inheritdoc/>
    public string Path => "/metrics";

    /// <inheritdoc/>
    public async Task AnswerAsync(Exchange exchange)
    {
        if (exchange.Server.Metrics is not { } metrics)
            throw new Problem(ProblemType.NotFound, "a recording has no metrics", "Play it with --replay.");
        exchange.Query().Finish();
        string accept = string.Join(',', exchange.Context.Request.Headers.Accept.ToArray());
        HttpResponse response = exchange.Context.Response;
        response.ContentType = metrics.ContentTypeFor(accept);
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Accept";
        if (HttpMethods.IsHead(exchange.Context.Request.Method)) return;
        using (await exchange.Server.Turns.TakeAsync(exchange.Stop).ConfigureAwait(false))
        {
            // Only after this is its body a writer without restrictions.
            await response.StartAsync(exchange.Stop).ConfigureAwait(false);
            await metrics.WriteAsync(accept, response.BodyWriter, exchange.Stop).ConfigureAwait(false);
        }
    }
}

/// <summary>One line of text.</summary>
internal static class PlainText
{
    internal static Task SendAsync(Exchange exchange, bool isWell, string text) => exchange.SendAsync(
        "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text + "\n"),
        isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}
