using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using Kvmscope.Core.Model;
using Kvmscope.Server.Metrics.Protobuf;
using Kvmscope.Server.Metrics.Text;

namespace Kvmscope.Server.Metrics;

/// <summary>The metrics of a trace or a replay, in all formats.</summary>
public sealed class MetricsSource : IMetricsSource
{
    // More at once make their own, which is thrown away.
    private const int MostKept = 4;
    private const int FlushBytes = 64 * 1024;

    private readonly ConcurrentBag<Scrape> _free = [];

    // What a scrape needs; used again.
    private sealed class Scrape
    {
        internal MetricsSnapshot Snapshot { get; } = new();

        internal ArrayBufferWriter<byte> Bytes { get; } = new(FlushBytes);
    }

    /// <summary>Makes one without intervals.</summary>
    /// <param name="options">How many series there are, and how long.</param>
    /// <param name="measured">What the trace measures.</param>
    /// <param name="clock">The time.</param>
    public MetricsSource(MetricsOptions options, MeasuredKinds measured, TimeProvider clock) =>
        Model = new MetricsModel(options, measured, clock);

    /// <summary>The series.</summary>
    internal MetricsModel Model { get; }

    /// <inheritdoc/>
    public void Add(Interval interval) => Model.Add(interval);

    /// <inheritdoc/>
    public string ContentTypeFor(string accept) => Negotiation.ContentTypeOf(Negotiation.Choose(accept));

    /// <inheritdoc/>
    public async ValueTask WriteAsync(string accept, PipeWriter to, CancellationToken stop)
    {
        ExpositionFormat format = Negotiation.Choose(accept);
        if (!_free.TryTake(out Scrape? scrape)) scrape = new Scrape();
        try
        {
            Model.CopyTo(scrape.Snapshot);
            ArrayBufferWriter<byte> bytes = scrape.Bytes;
            TextExposition? text = format == ExpositionFormat.Protobuf ? null : new(bytes, format == ExpositionFormat.OpenMetrics);
            ProtobufExposition? protobuf = text is null ? new(bytes) : null;
            foreach (MetricFamily family in MetricFamily.All)
            {
                text?.Write(family, scrape.Snapshot);
                protobuf?.Write(family, scrape.Snapshot);
                if (bytes.WrittenCount < FlushBytes) continue;
                if ((await to.WriteAsync(bytes.WrittenMemory, stop).ConfigureAwait(false)).IsCompleted) return;
                bytes.ResetWrittenCount();
            }
            text?.End();
            await to.WriteAsync(bytes.WrittenMemory, stop).ConfigureAwait(false);
        }
        finally
        {
            scrape.Bytes.ResetWrittenCount();
            if (_free.Count < MostKept) _free.Add(scrape);
        }
    }
}
