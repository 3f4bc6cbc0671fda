using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Kvmscope.Server.Tests;

public sealed class StreamTests
{
    private static string At(int second) =>
        Samples.Start.AddSeconds(second).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    [Fact]
    public async Task It_begins_with_the_newest_interval_and_goes_on_as_they_come()
    {
        using var served = new Served(seconds: 3);
        using EventStream stream = await EventStream.Open(served.Client, "?by=vm&rows=total");
        Assert.Equal(At(2), (await stream.Next())!.Started);
        served.Grow();
        served.Grow();
        ServerEvent[] events = await stream.Next(2);
        Assert.Equal([At(3), At(4)], events.Select(e => e.Started));
        JsonElement total = events[1].Json.GetProperty("report").GetProperty("rows")[0];
        Assert.Equal(104 + 10 + 50 + 7, total.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Events_are_the_elements_of_intervals()
    {
        using var served = new Served(seconds: 4);
        using EventStream stream = await EventStream.Open(served.Client, "?from=-3s&by=vcpu&with=split");
        ServerEvent[] events = await stream.Next(3);
        JsonElement intervals = (await served.Json("/api/v1/intervals?from=-3s&step=1s&by=vcpu&with=split")).GetProperty("intervals");
        for (int i = 0; i < 3; i++) Assert.True(JsonElement.DeepEquals(intervals[i], events[i].Json));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_comes_again_misses_nothing(bool byHeader)
    {
        using var served = new Served(seconds: 1);
        string? id;
        using (EventStream stream = await EventStream.Open(served.Client)) id = (await stream.Next())!.Id;
        for (int i = 0; i < 40; i++) served.Grow();
        using EventStream again = byHeader
            ? await EventStream.Open(served.Client, lastId: id)
            : await EventStream.Open(served.Client, $"?last_id={id}");
        Assert.Equal(Enumerable.Range(1, 40).Select(At), (await again.Next(40)).Select(e => e.Started));
    }

    [Fact]
    public async Task Clients_that_leave_at_random_and_resume_have_each_interval_once()
    {
        using var served = new Served(seconds: 1);
        var random = new Random(7);
        string? id = null;
        var seen = new List<string>();
        for (int round = 0; round < 12; round++)
        {
            int more = random.Next(1, 5);
            for (int i = 0; i < more; i++) served.Grow();
            using EventStream stream = await EventStream.Open(served.Client, id is null ? "?from=-1h" : "", id);
            int take = random.Next(1, more + 1);
            foreach (ServerEvent one in await stream.Next(take))
            {
                seen.Add(one.Started);
                id = one.Id;
            }
        }
        Assert.Equal(Enumerable.Range(0, seen.Count).Select(At), seen);
    }

    [Fact]
    public async Task After_another_start_of_the_server_the_gap_is_said()
    {
        string? id;
        using (var before = new Served(seconds: 2, epoch: "run1"))
        {
            using EventStream stream = await EventStream.Open(before.Client);
            id = (await stream.Next())!.Id;
        }
        using var after = new Served(seconds: 3, epoch: "run2");
        using EventStream again = await EventStream.Open(after.Client, lastId: id);
        ServerEvent[] events = await again.Next(4);
        Assert.Equal("gap", events[0].Name);
        Assert.Equal("the server was started again", events[0].Json.GetProperty("why").GetString());
        Assert.Equal([At(0), At(1), At(2)], events.Skip(1).Select(e => e.Started));
    }

    [Fact]
    public async Task The_end_of_a_server_and_of_a_replay_is_said()
    {
        var served = new Served(seconds: 1, kind: SourceKind.Replay);
        using EventStream stream = await EventStream.Open(served.Client);
        await stream.Next();
        served.Server.EndStreams("the replay is over");
        ServerEvent? end = await stream.Next();
        Assert.Equal(("end", "the replay is over"), (end!.Name, end.Json.GetProperty("why").GetString()));
        Assert.Null(await stream.Next());
        served.Dispose();
    }

    [Fact]
    public async Task A_server_with_open_streams_ends_within_a_second_and_tells_them()
    {
        using var served = new Served(seconds: 1);
        EventStream[] streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => EventStream.Open(served.Client)));
        foreach (EventStream stream in streams) await stream.Next();
        long begin = Stopwatch.GetTimestamp();
        served.Server.Stop(TimeSpan.FromMilliseconds(500));
        TimeSpan took = Stopwatch.GetElapsedTime(begin);
        foreach (EventStream stream in streams)
        {
            Assert.Equal("end", (await stream.Next())?.Name);
            stream.Dispose();
        }
        // The limit is 500 ms: it ends connections that do not end by themselves.
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_recording_has_no_stream()
    {
        using var served = new Served(kind: SourceKind.Recording, seconds: 2);
        JsonElement problem = await served.Json("/api/v1/stream", HttpStatusCode.NotFound);
        Assert.Equal("a recording does not grow", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Streams_of_a_client_and_of_all_are_limited_and_given_back()
    {
        using var served = new Served(new ServerLimits { StreamsPerClient = 2 }, seconds: 1);
        using EventStream one = await EventStream.Open(served.Client);
        using (EventStream two = await EventStream.Open(served.Client))
        {
            await two.Next();
            await served.Json("/api/v1/stream", HttpStatusCode.TooManyRequests);
        }
        await Eventually.Until(async () => (await served.Json("/api/v1/host")).GetProperty("streams").GetProperty("open").GetInt32() == 1);
        using EventStream again = await EventStream.Open(served.Client);
        Assert.NotNull(await again.Next());
    }

    [Fact]
    public async Task A_reader_that_reads_nothing_is_dropped_and_delays_nobody()
    {
        var limits = new ServerLimits { StreamTime = TimeSpan.FromMilliseconds(300), LastEventTime = TimeSpan.FromMilliseconds(300) };
        using var served = new Served(limits, seconds: 1);
        using var idle = new TcpClient { ReceiveBufferSize = 4096 };
        await idle.ConnectAsync(served.EndPoint);
        await idle.GetStream().WriteAsync(
            "GET /api/v1/stream?by=vcpu,qualifier&kind=hist HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        using EventStream reader = await EventStream.Open(served.Client, "?by=vcpu,qualifier&kind=hist");
        await reader.Next();
        int sent = 0;
        await Eventually.Until(async () =>
        {
            // More than the kernel's buffers take.
            for (int i = 0; i < 50; i++, sent++) served.Grow();
            Assert.All(await reader.Next(50), e => Assert.Equal("interval", e.Name));
            return (await served.Json("/api/v1/host")).GetProperty("streams").GetProperty("dropped").GetInt64() == 1;
        });
        await Eventually.Until(async () => (await served.Json("/api/v1/host")).GetProperty("streams").GetProperty("open").GetInt32() == 1);
    }

    [Fact]
    public async Task Two_hundred_clients_get_each_interval()
    {
        using var served = new Served(new ServerLimits { StreamsPerClient = 256, ConnectionsPerClient = 512 }, seconds: 1);
        EventStream[] streams = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => EventStream.Open(served.Client, "?by=vm")));
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 30; i++) served.Grow();
        await Task.WhenAll(streams.Select(async stream =>
            Assert.Equal(Enumerable.Range(0, 31).Select(At), (await stream.Next(31)).Select(e => e.Started))));
        long after = GC.GetTotalMemory(forceFullCollection: true);
        foreach (EventStream stream in streams) stream.Dispose();
        // Nothing is queued for any of them.
        Assert.InRange(after - before, long.MinValue, 32L << 20);
    }

    // In the long form for a minute, and more than the kernel's buffers take: then the one that reads nothing is dropped.
    [Fact]
    public async Task Two_hundred_clients_get_each_interval_while_one_reads_nothing()
    {
        const string question = "?by=vcpu,qualifier&kind=hist";
        int clients = 200, intervals = Masses.IsLong ? 1200 : 20;
        using var served = new Served(new ServerLimits { StreamsPerClient = 256, ConnectionsPerClient = 512 }, seconds: 1);
        int descriptors = Masses.Descriptors;
        using (var idle = new TcpClient { ReceiveBufferSize = 4096 })
        {
            await idle.ConnectAsync(served.EndPoint);
            await idle.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes($"GET /api/v1/stream{question} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            EventStream[] streams = await Task.WhenAll(
                Enumerable.Range(0, clients - 1).Select(_ => EventStream.Open(served.Client, question)));
            await Task.WhenAll(streams.Select(stream => stream.Next()));
            long memory = Masses.Memory, began = Stopwatch.GetTimestamp();
            for (int i = 0; i < intervals; i++)
            {
                served.Grow();
                string expected = At(i + 1);
                await Task.WhenAll(streams.Select(async stream => Assert.Equal(expected, (await stream.Next())!.Started)));
                if (Masses.IsLong) await Task.Delay(Math.Max(0, (50 * i) - (int)Stopwatch.GetElapsedTime(began).TotalMilliseconds));
            }
            long more = Masses.Memory - memory;
            if (Masses.IsLong)
            {
                Assert.InRange(more, long.MinValue, 32L << 20);
                await Eventually.Until(async () =>
                    (await served.Json("/api/v1/host")).GetProperty("streams").GetProperty("dropped").GetInt64() == 1);
            }
            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            Masses.Log($"{clients} streams, {intervals} intervals in {seconds:F0} s: {more / 1e6:F1} MB more");
            foreach (EventStream stream in streams) stream.Dispose();
        }
        await Eventually.Until(async () =>
            (await served.Json("/api/v1/host")).GetProperty("streams").GetProperty("open").GetInt32() == 0
            && Masses.HaveEnded(descriptors));
    }

    [Fact]
    public async Task A_quiet_stream_is_kept_alive()
    {
        using var served = new Served(new ServerLimits { AliveTime = TimeSpan.FromMilliseconds(50) }, seconds: 1);
        using var client = new TcpClient();
        await client.ConnectAsync(served.EndPoint);
        await client.GetStream().WriteAsync("GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(client.GetStream());
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        string? line;
        do line = await reader.ReadLineAsync(late.Token);
        while (line is not null && line != ": alive");
        Assert.Equal(": alive", line);
    }
}
