using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Kvmscope.Server.Endpoints;
using Kvmscope.Server.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Kvmscope.Server.Streams;

/// <summary>
/// Writes server-sent events to one client, and drops it if it does not take them. What was written and not taken is at most Kestrel's
/// buffer and one event: everything else stays in the history.
/// </summary>
internal sealed class EventWriter
{
    private readonly Exchange _exchange;
    private readonly PipeWriter _body;

    /// <summary>Begins a stream.</summary>
    public EventWriter(Exchange exchange)
    {
        (_exchange, _body) = (exchange, exchange.Context.Response.BodyWriter);
        // Its own limit would end the connection without a word.
        if (exchange.Context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
        Write("retry: 2000\n\n"u8);
    }

    /// <summary>Adds an event; <see cref="FlushAsync"/> sends it.</summary>
    /// <param name="name">Its kind.</param>
    /// <param name="data">Its data, without a line end.</param>
    /// <param name="id">Its id; null for none.</param>
    public void Add(string name, ReadOnlyMemory<byte> data, string? id = null)
    {
        if (id is not null) Write(Encoding.ASCII.GetBytes($"id: {id}\n"));
        Write(Encoding.ASCII.GetBytes($"event: {name}\ndata: "));
        Write(data.Span);
        Write("\n\n"u8);
    }

    /// <summary>Adds what clients do not see.</summary>
    public void AddComment(string text) => Write(Encoding.ASCII.GetBytes($": {text}\n\n"));

    /// <summary>Sends what was added.</summary>
    /// <returns>False where the client has left, or does not take it and was dropped.</returns>
    public async ValueTask<bool> FlushAsync()
    {
        // Not cancelled: that would end the connection at once.
        ValueTask<FlushResult> flush = _body.FlushAsync(CancellationToken.None);
        if (flush.IsCompletedSuccessfully) return IsOpen(flush.Result);
        Task<FlushResult> flushing = flush.AsTask();
        try
        {
            if (await CompletesAsync(flushing, _exchange.Server.Limits.StreamTime).ConfigureAwait(false))
                return IsOpen(await flushing.ConfigureAwait(false));
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            return false;
        }
        await DropAsync(flushing).ConfigureAwait(false);
        return false;
    }

    private async Task DropAsync(Task<FlushResult> flushing)
    {
        _exchange.Server.Streams.CountDropped();
        Add("dropped", StreamEndpoint.Text("what was sent was not read in time"));
        try
        {
            if (await CompletesAsync(flushing, _exchange.Server.Limits.LastEventTime).ConfigureAwait(false))
            {
                await flushing.ConfigureAwait(false);
                await CompletesAsync(_body.FlushAsync(CancellationToken.None).AsTask(), _exchange.Server.Limits.LastEventTime)
                    .ConfigureAwait(false);
                return;
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            return;
        }
        _exchange.Context.Abort();
    }

    private async Task<bool> CompletesAsync(Task task, TimeSpan time)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_exchange.Stop, _exchange.Server.Streams.Stopping);
        await Task.WhenAny(task, Task.Delay(time, over.Token)).ConfigureAwait(false);
        bool completes = task.IsCompleted;
        await over.CancelAsync().ConfigureAwait(false);
        return completes;
    }

    private bool IsOpen(FlushResult result) => !result.IsCompleted && !result.IsCanceled && !_exchange.Stop.IsCancellationRequested;

    private void Write(ReadOnlySpan<byte> bytes) => _body.Write(bytes);
}
