using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Kvmscope.Server.Metrics.Otlp;
using Kvmscope.Server.Metrics.Otlp.Messages;
using static Kvmscope.Server.Tests.Metrics.MetricsWorld;

namespace Kvmscope.Server.Tests.Metrics;

public sealed class OtlpPusherTests
{
    private static readonly OtlpOptions s_options = new(new Uri("http://collector:4318"))
    {
        Headers = [("Authorization", "Bearer x")],
        Host = "host7",
        Version = "1.2.3",
    };

    [Fact]
    public async Task What_is_sent_is_what_a_scrape_says()
    {
        using var world = new Pushed(_ => new HttpResponseMessage(HttpStatusCode.OK));
        world.Pusher.Collect();
        await Eventually.Until(() => world.Requests.Count == 1);
        (HttpRequestMessage request, ExportMetricsServiceRequest message) = world.Requests.Single();
        Assert.Equal("http://collector:4318/v1/metrics", request.RequestUri!.ToString());
        Assert.Equal("Bearer x", request.Headers.Authorization!.ToString());
        Assert.Equal("application/x-protobuf", request.Content!.Headers.ContentType!.ToString());
        ResourceMetrics resource = Assert.Single(message.ResourceMetrics);
        Assert.Contains(resource.Resource.Attributes, a => a.Key == "host.name" && a.Value.StringValue == "host7");
        Metric exits = resource.ScopeMetrics[0].Metrics.Single(m => m.Name == "kvmscope_exits");
        Assert.True(exits.Sum is { IsMonotonic: true, AggregationTemporality: AggregationTemporality.Cumulative });
        NumberDataPoint point = Assert.Single(exits.Sum.DataPoints);
        Assert.Equal(3, point.AsInt);
        Assert.Equal(["vm=web-1", "reason=CPUID", "level=l1"], point.Attributes.Select(a => $"{a.Key}={a.Value.StringValue}"));
        Assert.Equal(1_000_000_000UL, point.TimeUnixNano - point.StartTimeUnixNano);
        HistogramDataPoint histogram = resource.ScopeMetrics[0].Metrics.Single(m => m.Name == "kvmscope_busy_exit_handling_seconds")
            .Histogram.DataPoints.Single();
        Assert.Equal((3UL, 4.5e-6), (histogram.Count, histogram.Sum));
        Assert.Equal(histogram.ExplicitBounds.Count + 1, histogram.BucketCounts.Count);
        Assert.Equal(3UL, histogram.BucketCounts[histogram.ExplicitBounds.IndexOf(2.048e-6)]);
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task It_comes_again_when_the_receiver_says(HttpStatusCode status)
    {
        int answers = 0;
        using var world = new Pushed(_ =>
        {
            if (answers++ > 0) return new HttpResponseMessage(HttpStatusCode.OK);
            var busy = new HttpResponseMessage(status);
            busy.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7));
            return busy;
        });
        world.Pusher.Collect();
        await Eventually.Until(() => world.Clock.Waits.Contains(TimeSpan.FromSeconds(7)));
        Assert.Single(world.Requests);
        world.Clock.Fire(TimeSpan.FromSeconds(7));
        await Eventually.Until(() => world.Source.Model.Otlp!.Sent == 1);
        Assert.Equal(2, world.Requests.Count);
    }

    [Fact]
    public async Task A_receiver_that_is_down_is_asked_with_growing_pauses_and_the_queue_is_bounded()
    {
        bool isDown = true;
        using var world = new Pushed(_ => isDown ? throw new HttpRequestException("refused") : new HttpResponseMessage(HttpStatusCode.OK));
        for (int i = 0; i < OtlpPusher.MostWaiting + 3; i++) world.Pusher.Collect();
        foreach (int seconds in (int[])[1, 2, 4, 8, 16, 32, 32])
        {
            await Eventually.Until(() => world.Clock.Waits.Contains(TimeSpan.FromSeconds(seconds)));
            world.Clock.Fire(TimeSpan.FromSeconds(seconds));
        }
        await Eventually.Until(() => world.Clock.Waits.Contains(TimeSpan.FromSeconds(32)));
        Assert.Equal(3, world.Source.Model.Otlp!.Dropped);
        isDown = false;
        world.Clock.Fire(TimeSpan.FromSeconds(32));
        await Eventually.Until(() => world.Source.Model.Otlp!.Sent == OtlpPusher.MostWaiting);
        Assert.Equal(["OTLP: collector: refused"], world.Complaints);
    }

    [Fact]
    public async Task A_receiver_that_is_slow_is_left_after_the_timeout()
    {
        using var world = new Pushed(_ => null);
        world.Pusher.Collect();
        await Eventually.Until(() => world.Clock.Waits.Contains(s_options.Timeout));
        world.Clock.Fire(s_options.Timeout);
        await Eventually.Until(() => world.Clock.Waits.Contains(TimeSpan.FromSeconds(1)));
        Assert.Equal(["OTLP: collector does not answer in time"], world.Complaints);
    }

    [Fact]
    public async Task What_is_refused_for_good_is_counted_and_not_tried_again()
    {
        using var world = new Pushed(_ => new HttpResponseMessage(HttpStatusCode.BadRequest));
        world.Pusher.Collect();
        await Eventually.Until(() => world.Source.Model.Otlp!.Rejected == 1);
        world.Pusher.Collect();
        await Eventually.Until(() => world.Source.Model.Otlp!.Rejected == 2);
        // The first also as it is, as the receiver might not know gzip.
        Assert.Equal(["gzip", "", "gzip"], world.Requests.Select(r => string.Join(',', r.Request.Content!.Headers.ContentEncoding)));
        Assert.Equal("2", world.Scrape("kvmscope_otlp_batches_total{outcome=\"rejected\"}"));
        Assert.Equal(["OTLP: collector answers 400"], world.Complaints);
    }

    [Fact]
    public async Task A_receiver_that_knows_no_gzip_gets_the_batches_as_they_are()
    {
        using var world = new Pushed(request => new HttpResponseMessage(
            request.Content!.Headers.ContentEncoding.Count > 0 ? HttpStatusCode.InternalServerError : HttpStatusCode.OK));
        for (int batch = 1; batch <= 2; batch++)
        {
            world.Pusher.Collect();
            await Eventually.Until(() => world.Source.Model.Otlp!.Sent == batch);
        }
        Assert.Equal(["gzip", "", ""], world.Requests.Select(r => string.Join(',', r.Request.Content!.Headers.ContentEncoding)));
        Assert.All(world.Requests, r => Assert.NotEmpty(r.Message.ResourceMetrics.Single().ScopeMetrics));
        Assert.Equal(["OTLP: collector does not understand gzip: batches are not compressed from now on"], world.Complaints);
        Assert.Equal(0, world.Source.Model.Otlp!.Rejected);
    }

    /// <summary>A pusher whose receiver and clock are the test's.</summary>
    private sealed class Pushed : HttpMessageHandler
    {
        private readonly MetricsWorld _world = new();
        private readonly Func<HttpRequestMessage, HttpResponseMessage?> _answer;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        internal Pushed(Func<HttpRequestMessage, HttpResponseMessage?> answer)
        {
            _answer = answer;
            _world.Add([Vm(1, "web-1")], Row(Vm(1, "web-1"), Cpuid, 3, 1_500));
            Clock = new FiredClock(_world.Clock);
            Pusher = new OtlpPusher(_world.Source, s_options, this, Clock, Complaints.Enqueue, () => 1);
            _running = Pusher.RunAsync(_stop.Token);
        }

        internal OtlpPusher Pusher { get; }

        internal FiredClock Clock { get; }

        internal Kvmscope.Server.Metrics.MetricsSource Source => _world.Source;

        internal ConcurrentQueue<(HttpRequestMessage Request, ExportMetricsServiceRequest Message)> Requests { get; } = [];

        internal ConcurrentQueue<string> Complaints { get; } = [];

        internal string Scrape(string series) => _world.Scrape()[series];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken stop)
        {
            using var sent = new MemoryStream(await request.Content!.ReadAsByteArrayAsync(stop));
            using Stream plain =
                request.Content.Headers.ContentEncoding.Count > 0 ? new GZipStream(sent, CompressionMode.Decompress) : sent;
            Requests.Enqueue((request, ExportMetricsServiceRequest.Parser.ParseFrom(plain)));
            if (_answer(request) is { } response) return response;
            await Task.Delay(Timeout.Infinite, stop);
            throw new InvalidOperationException();
        }

        protected override void Dispose(bool disposing)
        {
            _stop.Cancel();
            _running.Wait(TimeSpan.FromSeconds(60));
            base.Dispose(disposing);
        }
    }

    /// <summary>A clock whose timers go off when a test says so.</summary>
    private sealed class FiredClock(TimeProvider time) : TimeProvider
    {
        private readonly List<Timer> _timers = [];

        internal IReadOnlyList<TimeSpan> Waits
        {
            get
            {
                lock (_timers) return [.. _timers.Select(t => t.Due)];
            }
        }

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        internal void Fire(TimeSpan due)
        {
            Timer timer;
            lock (_timers)
            {
                timer = _timers.Last(t => t.Due == due);
                _timers.Remove(timer);
            }
            timer.Fire();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(this, () => callback(state));
            timer.Change(dueTime, period);
            return timer;
        }

        private sealed class Timer(FiredClock clock, Action fire) : ITimer
        {
            internal TimeSpan Due { get; private set; }

            internal void Fire() => fire();

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                lock (clock._timers)
                {
                    clock._timers.Remove(this);
                    Due = dueTime;
                    if (dueTime != Timeout.InfiniteTimeSpan) clock._timers.Add(this);
                }
                return true;
            }

            public void Dispose()
            {
                lock (clock._timers) clock._timers.Remove(this);
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
