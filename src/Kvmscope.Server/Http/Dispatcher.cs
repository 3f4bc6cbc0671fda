using System.Collections.Frozen;
using Kvmscope.Core;
using Kvmscope.Server.Endpoints;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kvmscope.Server.Http;

/// <summary>Answers requests: whom it may, by the endpoint of the path.</summary>
/// <param name="server">What all requests share.</param>
internal sealed class Dispatcher(ServerState server) : IHttpApplication<HttpContext>
{
    private readonly FrozenDictionary<string, IEndpoint> _endpoints = KvmscopeServer.Endpoints();

    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(HttpContext context)
    {
        var exchange = new Exchange(context, server);
        Guard.AddHeaders(context.Response.Headers);
        try
        {
            _endpoints.TryGetValue(exchange.Path, out IEndpoint? endpoint);
            Guard.Check(exchange, endpoint?.NeedsToken ?? true);
            if (endpoint is null)
                throw new Problem(ProblemType.NotFound, "there is nothing at this path", "'/openapi.json' lists what there is.");
            await endpoint.AnswerAsync(exchange).ConfigureAwait(false);
        }
        catch (Problem problem) when (!context.Response.HasStarted)
        {
            await exchange.SendAsync(problem).ConfigureAwait(false);
        }
        catch (KvmscopeException error) when (!context.Response.HasStarted)
        {
            await exchange.SendAsync(Problem.TooMuch(error.Message)).ConfigureAwait(false);
        }
        catch (Exception error) when (error is Problem or KvmscopeException or OperationCanceledException or IOException)
        {
            // What was begun and cannot be ended must not look whole.
            context.Abort();
        }
        catch (Exception error)
        {
            server.Settings.Complain($"{exchange.Path}: {error.GetType().Name}: {error.Message}");
            if (context.Response.HasStarted) context.Abort();
            else await exchange.SendAsync(new Problem(ProblemType.Internal, "see the log of kvmscope")).ConfigureAwait(false);
        }
    }
}
