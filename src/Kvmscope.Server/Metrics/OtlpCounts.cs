namespace Kvmscope.Server.Metrics;

/// <summary>What became of batches for an OTLP receiver. Several threads may count.</summary>
internal sealed class OtlpCounts
{
    private static readonly string[] s_outcomes = ["sent", "rejected", "dropped"];

    private readonly long[] _counts = new long[s_outcomes.Length];
    private readonly SeriesLabels[] _labels = [.. s_outcomes.Select(outcome => new SeriesLabels(("outcome", outcome)))];
    private readonly DateTimeOffset _created;

    internal OtlpCounts(DateTimeOffset created) => _created = created;

    internal long Sent => Interlocked.Read(ref _counts[0]);

    internal long Rejected => Interlocked.Read(ref _counts[1]);

    internal long Dropped => Interlocked.Read(ref _counts[2]);

    internal void CountSent() => Interlocked.Increment(ref _counts[0]);

    internal void CountRejected() => Interlocked.Increment(ref _counts[1]);

    internal void CountDropped() => Interlocked.Increment(ref _counts[2]);

    internal void CopyTo(MetricsSnapshot to)
    {
        for (int i = 0; i < _counts.Length; i++)
            to.Add(MetricFamily.OtlpBatches, _labels[i], (ulong)Interlocked.Read(ref _counts[i]), _created);
    }
}
