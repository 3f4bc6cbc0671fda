using System.Buffers;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Server.Metrics.Text;

namespace Kvmscope.Server.Metrics;

/// <summary>
/// The series of <c>/metrics</c> as a server would have given them while a recording was made, as OpenMetrics with timestamps. OpenMetrics
/// wants all samples of a series together, so they wait in a file until the end.
/// </summary>
public sealed class MetricsBackfill : IDisposable
{
    private readonly PastClock _clock;
    private readonly MetricsModel _model;
    private readonly MetricsSnapshot _snapshot = new();
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly TextExposition _text;
    private readonly SpooledLines _lines;
    private readonly Dictionary<SeriesLabels, int>[] _numbers = [.. MetricFamily.All.Select(_ => new Dictionary<SeriesLabels, int>())];
    private readonly SortedDictionary<string, int>[] _byText =
        [.. MetricFamily.All.Select(_ => new SortedDictionary<string, int>(StringComparer.Ordinal))];
    private DateTimeOffset? _last;

    /// <summary>Begins without intervals.</summary>
    /// <param name="options">How many series there are.</param>
    /// <param name="header">Of the recording: its host is the label <c>instance</c>.</param>
    /// <param name="from">When the first interval begins.</param>
    /// <param name="spool">Where samples wait: a file that is read and written, and of no use afterwards.</param>
    public MetricsBackfill(MetricsOptions options, RecordingHeader header, DateTimeOffset from, Stream spool)
    {
        _clock = new PastClock { Now = from };
        _model = new MetricsModel(options, MeasuredKinds.Of(header), _clock);
        var common = new SeriesLabels(("job", "kvmscope"), ("instance", header.Host));
        _text = new TextExposition(_bytes, isOpenMetrics: true) { Common = common.Text.ToArray() };
        _lines = new SpooledLines(spool);
    }

    /// <summary>How many samples there are; those of a histogram are one.</summary>
    public long Samples { get; private set; }

    private sealed class PastClock : TimeProvider
    {
        internal DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.UtcTicks;
    }

    /// <summary>Adds the next interval.</summary>
    /// <param name="interval">The interval.</param>
    /// <param name="slow">Its slow exits.</param>
    public void Add(Interval interval, IReadOnlyList<SlowExit> slow)
    {
        _clock.Now = interval.To;
        _model.Add(slow.Count == 0 ? interval : interval.WithSlow(slow));
    }

    /// <summary>Takes a sample of each series as of the end of the last interval.</summary>
    public void Sample()
    {
        // A clock that was set back: two samples of one time would contradict each other.
        if (_last is { } last && _clock.Now.ToUnixTimeMilliseconds() <= last.ToUnixTimeMilliseconds()) return;
        DateTimeOffset? before = _last;
        _last = _clock.Now;
        _model.CopyTo(_snapshot);
        foreach (MetricFamily family in MetricFamily.All)
            foreach (Sample sample in _snapshot.Of(family))
            {
                int series = NumberOf(family, sample.Labels, out bool isNew);
                ReadOnlySpan<ulong> bins = family.Type == MetricType.Histogram ? _snapshot.BinsOf(sample) : [];
                // So that an increase since then is seen.
                if (isNew && sample.Created != default && (before is null || sample.Created >= before) && sample.Created < _clock.Now)
                    Put(series, family, sample with { Value = 0 }, family.Type == MetricType.Histogram ? s_noBins : [], sample.Created);
                Put(series, family, sample, bins, _clock.Now);
            }
    }

    /// <summary>Writes all samples, by series.</summary>
    public void WriteTo(Stream to)
    {
        foreach (MetricFamily family in MetricFamily.All)
        {
            if (_byText[family.Index].Count == 0) continue;
            _text.WriteHead(family);
            Flush(to);
            foreach (int series in _byText[family.Index].Values) _lines.CopyTo(series, to);
        }
        _text.End();
        Flush(to);
    }

    /// <summary>Closes the file in which samples waited.</summary>
    public void Dispose() => _lines.Dispose();

    private static readonly ulong[] s_noBins = new ulong[HistogramLayout.BinCount];

    private void Put(int series, MetricFamily family, in Sample sample, ReadOnlySpan<ulong> bins, DateTimeOffset at)
    {
        _text.At(at);
        _text.Write(family, sample, bins);
        _lines.Add(series, _bytes.WrittenSpan);
        _bytes.ResetWrittenCount();
        Samples++;
    }

    // By the object first, as labels live as long as their series; one that comes again has other labels of the same text.
    private int NumberOf(MetricFamily family, SeriesLabels labels, out bool isNew)
    {
        isNew = false;
        if (_numbers[family.Index].TryGetValue(labels, out int number)) return number;
        string text = System.Text.Encoding.UTF8.GetString(labels.Text);
        if (!_byText[family.Index].TryGetValue(text, out number))
        {
            isNew = true;
            _byText[family.Index].Add(text, number = _lines.Begin());
        }
        _numbers[family.Index].Add(labels, number);
        return number;
    }

    private void Flush(Stream to)
    {
        to.Write(_bytes.WrittenSpan);
        _bytes.ResetWrittenCount();
    }
}
