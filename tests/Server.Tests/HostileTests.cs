using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kvmscope.Core;
using Kvmscope.Server.Http;
using Kvmscope.Server.Listening;

namespace Kvmscope.Server.Tests;

public sealed class HostileTests
{
    private const string End = "Host: localhost\r\nConnection: close\r\n\r\n";

    [Theory]
    [InlineData("POST /api/v1/host HTTP/1.1\r\nContent-Length: 0\r\n", "HTTP/1.1 405 ")]
    [InlineData("PUT / HTTP/1.1\r\n", "HTTP/1.1 405 ")]
    [InlineData("DELETE /api/v1/recording HTTP/1.1\r\n", "HTTP/1.1 405 ")]
    [InlineData("OPTIONS * HTTP/1.1\r\n", "HTTP/1.1 405 ")]
    [InlineData("TRACE / HTTP/1.1\r\n", "HTTP/1.1 405 ")]
    [InlineData("CONNECT localhost:80 HTTP/1.1\r\n", "HTTP/1.1 ")]
    [InlineData("GET /../../etc/passwd HTTP/1.1\r\n", "HTTP/1.1 404 ")]
    [InlineData("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n", "HTTP/1.1 404 ")]
    [InlineData("GET /..%2f..%2fetc%2fpasswd HTTP/1.1\r\n", "HTTP/1.1 404 ")]
    [InlineData("GET //etc/passwd HTTP/1.1\r\n", "HTTP/1.1 404 ")]
    [InlineData("GET /api/v1/host/ HTTP/1.1\r\n", "HTTP/1.1 404 ")]
    [InlineData("GET /API/v1/host HTTP/1.1\r\n", "HTTP/1.1 404 ")]
    [InlineData("GET /%00 HTTP/1.1\r\n", "HTTP/1.1 400 ")]
    [InlineData("GET /healthz HTTP/1.0\r\n", "HTTP/1.1 200 ")]
    [InlineData("GET /healthz HTTP/2.0\r\n", "HTTP/1.1 505 ")]
    [InlineData("GET http://localhost/healthz HTTP/1.1\r\n", "HTTP/1.1 200 ")]
    [InlineData("nonsense\r\n", "HTTP/1.1 400 ")]
    [InlineData("GET /healthz HTTP/1.1\r\nX: a\nb\r\n", "HTTP/1.1 400 ")]
    [InlineData("GET /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n", "HTTP/1.1 ")]
    [InlineData("GET /healthz HTTP/1.1\r\nOrigin: http://evil.example\r\n", "HTTP/1.1 403 ")]
    [InlineData("GET /healthz HTTP/1.1\r\nOrigin: null\r\n", "HTTP/1.1 403 ")]
    [InlineData("GET /healthz HTTP/1.1\r\nOrigin: http://localhost\r\n", "HTTP/1.1 200 ")]
    [InlineData("GET /api/v1/host HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n", "HTTP/1.1 403 ")]
    [InlineData("GET / HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", "HTTP/1.1 200 ")]
    public async Task Only_reading_of_what_is_there_is_answered(string request, string answer)
    {
        using var served = new Served(seconds: 1);
        string got = await served.Raw(request + End);
        Assert.StartsWith(answer, got, StringComparison.Ordinal);
        Assert.DoesNotContain("root:", got, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:7780", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("localhost:9000", 200)]
    [InlineData("[::1]:7780", 200)]
    [InlineData("LOCALHOST", 200)]
    [InlineData("host7.example", 200)]
    [InlineData("evil.example", 403)]
    [InlineData("localhost.evil.example", 403)]
    [InlineData("127.0.0.1.evil.example:7780", 403)]
    [InlineData("localhost:80:80", 400)]
    [InlineData("a\tb", 400)]
    public async Task Names_that_are_not_this_server_are_refused(string host, int status)
    {
        var settings = new ServerSettings { Socket = Loopback.Open(), Names = ["host7.example"] };
        using var served = new Served(seconds: 1, settings: settings);
        string got = await served.Raw($"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", got, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_name_there_is_no_answer()
    {
        using var served = new Served(seconds: 1);
        Assert.StartsWith("HTTP/1.1 400 ", await served.Raw("GET /readyz HTTP/1.0\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400 ", await served.Raw("GET /readyz HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_in_one_piece_are_answered_in_order()
    {
        using var served = new Served(seconds: 1);
        string one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", last = "GET /readyz HTTP/1.1\r\n" + End;
        string got = await served.Raw(string.Concat(Enumerable.Repeat(one, 50)) + last);
        Assert.Equal(51, got.Split("HTTP/1.1 200 OK").Length - 1);
        Assert.EndsWith("ready\n", got, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1 << 20, "431")]
    [InlineData(20_000, "431")]
    public async Task Headers_are_limited(int bytes, string status)
    {
        using var served = new Served(seconds: 1);
        string got = await served.Raw($"GET / HTTP/1.1\r\nX: {new string('a', bytes)}\r\n{End}");
        // It may have ended the connection before its answer could be read.
        if (got.Length > 0) Assert.StartsWith($"HTTP/1.1 {status} ", got, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await served.Client.GetAsync("/healthz")).StatusCode);
    }

    [Fact]
    public async Task Many_headers_long_urls_and_bodies_are_refused()
    {
        using var served = new Served(seconds: 1);
        string many = string.Concat(Enumerable.Range(0, 100).Select(i => $"X{i}: a\r\n"));
        Assert.StartsWith("HTTP/1.1 431 ", await served.Raw($"GET / HTTP/1.1\r\n{many}{End}"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 414 ", await served.Raw($"GET /?{new string('a', 9000)} HTTP/1.1\r\n{End}"), StringComparison.Ordinal);
        string body = await served.Raw($"POST / HTTP/1.1\r\nContent-Length: 5\r\n{End}hello");
        Assert.True(body.StartsWith("HTTP/1.1 405 ", StringComparison.Ordinal)
            || body.StartsWith("HTTP/1.1 413 ", StringComparison.Ordinal), body);
    }

    [Fact]
    public async Task A_client_that_does_not_end_its_headers_is_ended()
    {
        using var served = new Served(new ServerLimits { HeaderTime = TimeSpan.FromSeconds(1) }, seconds: 1);
        // Comes back only when the server has ended it.
        string got = await served.Raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
        Assert.True(got.Length == 0 || got.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), got);
    }

    [Fact]
    public async Task One_client_cannot_take_all_connections()
    {
        using var served = new Served(new ServerLimits { ConnectionsPerClient = 4 }, seconds: 1);
        var greedy = new List<TcpClient>();
        for (int i = 0; i < 20; i++)
        {
            var client = new TcpClient(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
            greedy.Add(client);
            try
            {
                await client.ConnectAsync(served.EndPoint);
            }
            catch (SocketException)
            {
                // It was ended before it was there.
            }
        }
        Assert.Equal(HttpStatusCode.OK, (await served.Client.GetAsync("/healthz")).StatusCode);
        foreach (TcpClient client in greedy) client.Dispose();
    }

    [Fact]
    public async Task Connections_in_masses_leave_nothing_behind()
    {
        using var served = new Served(seconds: 1);
        Assert.Equal(HttpStatusCode.OK, (await served.Client.GetAsync("/healthz")).StatusCode);
        long memory = Masses.Memory;
        int descriptors = Masses.Descriptors, steps = Masses.IsLong ? 2000 : 100;
        for (int step = 0; step < steps; step++)
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
            {
                using var client = new TcpClient { LingerState = new LingerOption(true, 0) };
                try
                {
                    await client.ConnectAsync(served.EndPoint);
                    if (i % 3 == 0) await client.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHo"u8.ToArray());
                }
                catch (Exception error) when (error is SocketException or IOException)
                {
                    // One of too many.
                }
            }));
        }
        await Eventually.Until(async () =>
        {
            try
            {
                using HttpResponseMessage response = await served.Client.GetAsync("/api/v1/vms");
                return response.IsSuccessStatusCode && OpenTo(served.EndPoint) <= 2;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        await Eventually.Until(() => Masses.HaveEnded(descriptors));
        long more = Masses.Memory - memory;
        Assert.InRange(more, long.MinValue, 32L << 20);
        Masses.Log($"{steps * 50} connections: {more / 1e6:F1} MB and {Masses.Descriptors - descriptors} descriptors more");
    }

    // Established connections of the server, as the kernel counts them.
    private static int OpenTo(IPEndPoint server)
    {
        string port = $":{server.Port:X4}";
        return File.ReadLines("/proc/self/net/tcp").Skip(1).Count(line =>
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, _, "01", ..]
            && local.EndsWith(port, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tokens_are_needed_where_there_are_some()
    {
        using var file = new TemporaryFile("# comment\n0123456789abcdef\r\n\nfedcba9876543210-second\n");
        using var served = new Served(seconds: 1, tokens: TokenList.Read(file.Path));
        foreach ((string? header, int status) in new (string?, int)[]
        {
            (null, 401), ("Bearer 0123456789abcdef", 200), ("bearer fedcba9876543210-second", 200), ("Bearer 0123456789abcde", 401),
            ("Bearer 0123456789abcdef0", 401), ("Bearer ", 401),
            ($"Basic {Base64("anyone:0123456789abcdef")}", 200), ($"Basic {Base64("0123456789abcdef:")}", 401), ("Basic !!", 401),
            ($"Bearer {new string('a', 4000)}", 401), ("Digest x", 401), ("# comment", 401),
        })
        {
            string line = header is null ? "" : $"Authorization: {header}\r\n";
            string got = await served.Raw($"GET /api/v1/host HTTP/1.1\r\n{line}{End}");
            Assert.True(got.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal), $"{header}: {got}");
            Assert.Equal(status == 401, got.Contains("no-token", StringComparison.Ordinal));
        }
        Assert.Equal(HttpStatusCode.OK, (await served.Client.GetAsync("/healthz")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await served.Client.GetAsync("/nothing")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await served.Client.GetAsync("/")).StatusCode);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    [Theory]
    [InlineData("", "it has no token")]
    [InlineData("# only a comment\n", "it has no token")]
    [InlineData("short\n", "does not have 16 to 256 characters")]
    [InlineData("0123456789abcdef with blank\n", "a blank")]
    [InlineData("0123456789abcdef\u00e9\n", "not printable ASCII")]
    public void A_bad_token_file_is_one_line_and_status_2(string text, string why)
    {
        using var file = new TemporaryFile(text);
        var error = Assert.Throws<KvmscopeException>(() => TokenList.Read(file.Path));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_token_file_that_others_can_read_or_that_is_none_is_refused()
    {
        using var file = new TemporaryFile("0123456789abcdef\n");
        File.SetUnixFileMode(file.Path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        string message = Assert.Throws<KvmscopeException>(() => TokenList.Read(file.Path)).Message;
        Assert.Contains("every user can read", message, StringComparison.Ordinal);
        Assert.Equal(ExitStatus.Usage, Assert.Throws<KvmscopeException>(() => TokenList.Read("/nonexistent/token")).Status);
    }

    [Theory]
    [InlineData("7780")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:70000")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("1:80")]
    [InlineData("::1:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("example.com:80")]
    [InlineData("")]
    public void What_is_no_address_is_refused(string text) =>
        Assert.Equal(ExitStatus.Usage, Assert.Throws<KvmscopeException>(() => ListenAddress.Parse(text)).Status);

    [Fact]
    public async Task Too_many_questions_at_once_are_refused_and_the_rest_is_answered()
    {
        using var turns = new Turns(1, 2);
        IDisposable first = await turns.TakeAsync(CancellationToken.None);
        ValueTask<IDisposable> second = turns.TakeAsync(CancellationToken.None), third = turns.TakeAsync(CancellationToken.None);
        Problem refused = await Assert.ThrowsAsync<Problem>(async () => await turns.TakeAsync(CancellationToken.None));
        Assert.Equal(ProblemType.Busy, refused.Type);
        first.Dispose();
        (await second).Dispose();
        (await third).Dispose();
        (await turns.TakeAsync(CancellationToken.None)).Dispose();
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_a_problem_and_no_half_answer()
    {
        using var served = new Served(new ServerLimits { AnswerBytes = 4000 }, seconds: 20);
        JsonElement problem = await served.Json("/api/v1/intervals?step=1s&by=vcpu", HttpStatusCode.BadRequest);
        Assert.Equal("urn:kvmscope:problem:too-much", problem.GetProperty("type").GetString());
        using var slow = new Served(new ServerLimits { AnswerTime = TimeSpan.Zero }, seconds: 20);
        problem = await slow.Json("/api/v1/intervals?step=1s", HttpStatusCode.ServiceUnavailable);
        Assert.Equal("urn:kvmscope:problem:too-slow", problem.GetProperty("type").GetString());
    }
}

/// <summary>A private file.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(string text)
    {
        File.WriteAllText(Path, text);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

    public void Dispose() => File.Delete(Path);
}
