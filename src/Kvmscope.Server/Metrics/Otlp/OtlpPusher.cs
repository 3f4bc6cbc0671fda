using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Kvmscope.Server.Metrics.Otlp.Messages;

namespace Kvmscope.Server.Metrics.Otlp;

/// <summary>
/// Pushes the series of a trace to an OTLP receiver: HTTP, protobuf, gzip. What could not be sent waits in a bounded queue and is tried
/// again; what is dropped is counted. Nothing here is waited for by the trace.
/// </summary>
public sealed class OtlpPusher
{
    /// <summary>How many batches wait at most; a new one drops the oldest.</summary>
    internal const int MostWaiting = 16;

    private const int MostAnswer = 64 * 1024;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1), s_longestPause = TimeSpan.FromSeconds(32);
    private static readonly TimeSpan s_longestRetryAfter = TimeSpan.FromMinutes(5);

    private readonly MetricsModel _model;
    private readonly OtlpOptions _options;
    private readonly HttpClient _client;
    private readonly TimeProvider _clock;
    private readonly Action<string> _complain;
    private readonly Func<double> _random;
    private readonly Uri _url;
    private readonly OtlpBatch _batch;
    private readonly OtlpCounts _counts;
    private readonly MetricsSnapshot _snapshot = new();
    private readonly Lock _lock = new();
    private readonly LinkedList<byte[]> _waiting = [];
    private readonly SemaphoreSlim _hasWork = new(0);
    private readonly HashSet<string> _said = [];

    private byte[]? _beingSent;
    private bool _isPlain, _isEncodingKnown;
    private volatile bool _isEnding;

    /// <summary>Makes it; <see cref="RunAsync"/> begins to push.</summary>
    /// <param name="source">The series.</param>
    /// <param name="options">Where to.</param>
    /// <param name="handler">Sends requests, and knows about TLS; stays the caller's.</param>
    /// <param name="clock">The time.</param>
    /// <param name="complain">Gets the first problem of each kind, one line.</param>
    /// <param name="random">From 0 to 1, for pauses; null for any.</param>
    public OtlpPusher(MetricsSource source, OtlpOptions options, HttpMessageHandler handler, TimeProvider clock, Action<string> complain,
        Func<double>? random = null)
    {
        (_model, _options, _clock, _complain) = (source.Model, options, clock, complain);
        _random = random ?? Random.Shared.NextDouble;
        _client = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        _url = options.Url.AbsolutePath is "/" or "" ? new Uri(options.Url, "/v1/metrics") : options.Url;
        _batch = new OtlpBatch(options.Host, options.Version);
        _counts = new OtlpCounts(clock.GetUtcNow());
        _model.Otlp = _counts;
    }

    /// <summary>How long it goes on when it is stopped, with the last figures.</summary>
    internal TimeSpan LastTime { get; set; }

    /// <summary>Pushes until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var end = new CancellationTokenSource();
        Task sending = SendAllAsync(end.Token);
        using var timer = new PeriodicTimer(_options.Interval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false)) Collect();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It was stopped.
        }
        if (LastTime > TimeSpan.Zero)
        {
            _isEnding = true;
            Collect();
            await Task.WhenAny(sending, Task.Delay(LastTime, _clock, CancellationToken.None)).ConfigureAwait(false);
        }
        await end.CancelAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(false);
        _client.Dispose();
    }

    /// <summary>Puts the series as they are now into the queue.</summary>
    internal void Collect()
    {
        _model.CopyTo(_snapshot);
        byte[] batch = Pack(_batch.Make(_snapshot, _clock.GetUtcNow()));
        lock (_lock)
        {
            _waiting.AddLast(batch);
            if (_waiting.Count > MostWaiting)
            {
                // Not the one that is being sent: what becomes of it is counted then.
                _waiting.Remove(_waiting.First!.Value == _beingSent ? _waiting.First.Next! : _waiting.First);
                _counts.CountDropped();
            }
        }
        _hasWork.Release();
    }

    private static byte[] Pack(ExportMetricsServiceRequest request)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) request.WriteTo(gzip);
        return packed.ToArray();
    }

    private async Task SendAllAsync(CancellationToken stop)
    {
        TimeSpan pause = s_firstPause;
        try
        {
            while (true)
            {
                await _hasWork.WaitAsync(stop).ConfigureAwait(false);
                while (Next() is { } batch)
                {
                    (bool isDone, TimeSpan? after) = await SendAsync(batch, stop).ConfigureAwait(false);
                    if (isDone)
                    {
                        Forget(batch);
                        pause = s_firstPause;
                        continue;
                    }
                    // Half of it is random, so that hosts do not all come at once.
                    await Task.Delay(after ?? pause * (0.5 + (_random() / 2)), _clock, stop).ConfigureAwait(false);
                    pause = pause * 2 > s_longestPause ? s_longestPause : pause * 2;
                }
                if (_isEnding) return;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It was stopped.
        }
    }

    private byte[]? Next()
    {
        lock (_lock) return _beingSent = _waiting.First?.Value;
    }

    private void Forget(byte[] batch)
    {
        lock (_lock)
        {
            _waiting.Remove(batch);
            _beingSent = null;
        }
    }

    // Whether there is no more to do for it, and otherwise how long the receiver wants to be left alone.
    private async Task<(bool IsDone, TimeSpan? After)> SendAsync(byte[] batch, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(_options.Timeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            using HttpResponseMessage response = await PostAsync(batch, both.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                _isEncodingKnown = true;
                await ReadAnswerAsync(response, both.Token).ConfigureAwait(false);
                return (true, null);
            }
            if (MayBeEncoding(response.StatusCode) && await IsTakenPlainAsync(batch, both.Token).ConfigureAwait(false)) return (true, null);
            Say($"{_url.Host} answers {(int)response.StatusCode}");
            if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout)
                return (false, RetryAfter(response.Headers.RetryAfter));
            _counts.CountRejected();
            return (true, null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException ||
            (error is OperationCanceledException && !stop.IsCancellationRequested))
        {
            // The innermost says most: what TLS or the socket did not like.
            string why = error is OperationCanceledException ? " does not answer in time" : ": " + error.GetBaseException().Message;
            Say(_url.Host + why);
            return (false, null);
        }
    }

    // What receivers that know no gzip answer, though OTLP says that they must know it.
    private bool MayBeEncoding(HttpStatusCode status) => !_isEncodingKnown
        && status is HttpStatusCode.BadRequest or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.InternalServerError;

    // Once: a receiver that refuses both has other reasons.
    private async Task<bool> IsTakenPlainAsync(byte[] batch, CancellationToken stop)
    {
        (_isEncodingKnown, _isPlain) = (true, true);
        using HttpResponseMessage response = await PostAsync(batch, stop).ConfigureAwait(false);
        _isPlain = response.IsSuccessStatusCode;
        if (!_isPlain) return false;
        Say($"{_url.Host} does not understand gzip: batches are not compressed from now on");
        await ReadAnswerAsync(response, stop).ConfigureAwait(false);
        return true;
    }

    private async Task<HttpResponseMessage> PostAsync(byte[] batch, CancellationToken stop)
    {
        using HttpRequestMessage request = RequestOf(batch);
        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop).ConfigureAwait(false);
    }

    private HttpRequestMessage RequestOf(byte[] batch)
    {
        HttpContent content = _isPlain
            ? new StreamContent(new GZipStream(new MemoryStream(batch), CompressionMode.Decompress)) : new ByteArrayContent(batch);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        if (!_isPlain) content.Headers.ContentEncoding.Add("gzip");
        var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = content };
        request.Headers.TryAddWithoutValidation("User-Agent", $"kvmscope/{_options.Version}");
        foreach ((string name, string value) in _options.Headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private async Task ReadAnswerAsync(HttpResponseMessage response, CancellationToken stop)
    {
        // What was rejected is not tried again; an answer that cannot be read is none.
        ExportMetricsPartialSuccess? part = null;
        await using Stream stream = await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        var bytes = new byte[MostAnswer];
        int length = await stream.ReadAtLeastAsync(bytes, MostAnswer, throwOnEndOfStream: false, stop).ConfigureAwait(false);
        try
        {
            if (length < MostAnswer) part = ExportMetricsServiceResponse.Parser.ParseFrom(bytes, 0, length).PartialSuccess;
        }
        catch (InvalidProtocolBufferException)
        {
            // It answered 200.
        }
        if (part is not { RejectedDataPoints: > 0 })
        {
            _counts.CountSent();
            return;
        }
        _counts.CountRejected();
        Say($"{_url.Host} rejects {part.RejectedDataPoints} data points: {SeriesLabels.Clean(part.ErrorMessage)}");
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        TimeSpan? after = header?.Delta ?? (header?.Date is { } date ? date - _clock.GetUtcNow() : null);
        if (after is not { } time || time <= TimeSpan.Zero) return null;
        return time < s_longestRetryAfter ? time : s_longestRetryAfter;
    }

    private void Say(string problem)
    {
        // A receiver may answer in many ways.
        if (_said.Count < 20 && _said.Add(problem)) _complain($"OTLP: {problem}");
    }
}
