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

    private readonly ConcurrentBag<MetricsSnapshot> _free = [];

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
        if (!_free.TryTake(out MetricsSnapshot? snapshot)) snapshot = new MetricsSnapshot();
        try
        {
            Model.CopyTo(snapshot);
            Action<MetricFamily> write;
            Action end = static () => { };
            if (format == ExpositionFormat.Protobuf)
            {
                var protobuf = new ProtobufExposition(to);
                write = family => protobuf.Write(family, snapshot);
            }
            else
            {
                var text = new TextExposition(to, format == ExpositionFormat.OpenMetrics);
                write = family => text.Write(family, snapshot);
                end = text.End;
            }
            foreach (MetricFamily family in MetricFamily.All)
            {
                write(family);
                if (to.CanGetUnflushedBytes && to.UnflushedBytes < FlushBytes) continue;
                if ((await to.FlushAsync(stop).ConfigureAwait(false)).IsCompleted) return;
            }
            end();
            await to.FlushAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            if (_free.Count < MostKept) _free.Add(snapshot);
        }
    }
}
