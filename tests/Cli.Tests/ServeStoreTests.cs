using System.Diagnostics;
using System.Text.Json;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>A store is shown by the server that writes it, and by the one that is started after it.</summary>
public sealed class ServeStoreTests : IDisposable
{
    private const int ExitsPerSecond = 147;

    private readonly FakeClock _clock = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-store-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Serves for some seconds; the check is called once in the last of them, with a client of the server.
    private (int Status, string Errors) Serve(int seconds, Action<HttpClient> check, string options = "--rotate 2s --keep 100")
    {
        double end = _clock.Now.TotalSeconds + seconds;
        var world = new World(_clock);
        var errors = new StringWriter();
        bool isChecked = false;
        world.Host = new FakeHost(_clock) { GrowsEachSecond = true, Log = world.Log };
        world.End = new FakeEnd(_clock, world.Log)
        {
            At = TimeSpan.FromSeconds(end),
            Waiting = now =>
            {
                if (isChecked || now.TotalSeconds < end - 1) return;
                isChecked = true;
                using var client = new HttpClient { BaseAddress = new Uri(errors.ToString().Split("serving at ")[1].Trim()) };
                check(client);
            },
        };
        int status = Application.Run("kvmscope",
            ["serve", "--listen", "127.0.0.1:0", "--store", _folder, .. options.Split(' ')], world.Context(null, errors));
        Assert.True(isChecked);
        return (status, errors.ToString());
    }

    private static JsonElement Get(HttpClient client, string path) =>
        JsonDocument.Parse(client.GetStringAsync(new Uri(path, UriKind.Relative)).GetAwaiter().GetResult()).RootElement;

    private static long Exits(HttpClient client, string from = "-24h") =>
        Get(client, $"/api/v1/intervals?kind=count&from={from}").GetProperty("intervals")[0].GetProperty("report").GetProperty("trust")
            .GetProperty("exits").GetInt64();

    private static string[] Notes(HttpClient client) =>
        [.. Get(client, "/api/v1/host").GetProperty("notes").EnumerateArray().Select(note => note.GetString()!)];

    // Files are looked at by another thread.
    private static void Until(Func<bool> isTrue, Func<string> what)
    {
        for (long began = Stopwatch.GetTimestamp(); !isTrue(); Thread.Sleep(10))
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), what());
    }

    [Fact]
    public void What_was_recorded_before_is_shown_and_each_interval_once()
    {
        string? began = null;
        (int status, string errors) = Serve(8, client =>
        {
            Assert.Equal(7 * ExitsPerSecond, Exits(client));
            began = Get(client, "/api/v1/host").GetProperty("started").GetString();
        });
        Assert.Equal(0, status);
        Assert.DoesNotContain("left out", errors);
        Assert.Equal(4, Directory.GetFiles(_folder).Length);
        _clock.Advance(TimeSpan.FromSeconds(100));
        (status, _) = Serve(6, client =>
        {
            Until(() => Get(client, "/api/v1/host").GetProperty("started").GetString() == began, () => "the store is not shown");
            Assert.Equal(13 * ExitsPerSecond, Exits(client));
            // From the middle of a file to the middle of what is in memory: 2 + 5 seconds.
            Assert.Equal(7 * ExitsPerSecond, Exits(client, "-107s"));
            JsonElement host = Get(client, "/api/v1/host");
            Assert.Equal(began, host.GetProperty("kept")[0].GetProperty("started").GetString());
            Assert.Equal("vcpu", host.GetProperty("kept")[0].GetProperty("by").GetString());
            Assert.Empty(Notes(client));
            // A stream goes on where one of the first server ended.
            using Stream events = client.GetStreamAsync(
                new Uri("/api/v1/stream?kind=count&from=-24h", UriKind.Relative)).GetAwaiter().GetResult();
            using var lines = new StreamReader(events);
            int intervals = 0;
            while (intervals < 13)
                if (lines.ReadLine()!.StartsWith("event: interval", StringComparison.Ordinal)) intervals++;
        });
        Assert.Equal(0, status);
    }

    [Fact]
    public void What_cannot_be_read_or_shown_is_said_and_left_out()
    {
        Assert.Equal(0, Serve(8, _ => { }).Status);
        string[] files = [.. Directory.GetFiles(_folder).Order()];
        using (FileStream cut = File.OpenWrite(files[0])) cut.SetLength(cut.Length - 100);
        File.WriteAllText(Path.Combine(_folder, "serve-20200101T000000Z.kvmscope"), "nothing that was recorded");
        File.WriteAllText(Path.Combine(_folder, "serve-notes.txt"), "of no interest");
        using (FileStream broken = File.OpenWrite(files[1]))
        {
            broken.Position = 4;
            broken.Write(new byte[200]);
        }
        _clock.Advance(TimeSpan.FromSeconds(100));
        (int status, _) = Serve(3, client =>
        {
            Until(() => Notes(client).Length > 1, () => string.Join('\n', Notes(client)));
            string[] notes = Notes(client);
            Assert.Contains(notes, note => note.StartsWith("1 files have names as those of the store", StringComparison.Ordinal));
            Assert.Contains(notes, note => note.Contains(Path.GetFileName(files[1]), StringComparison.Ordinal)
                && note.EndsWith("it is left out", StringComparison.Ordinal));
            // The end of the first is cut; the second is left out.
            Assert.InRange(Exits(client), (4 + 2) * ExitsPerSecond, (6 + 2) * ExitsPerSecond);
        });
        Assert.Equal(0, status);
        Assert.Equal(0, Serve(3, client =>
        {
            Until(() => Notes(client).Any(note => note.Contains("without the split", StringComparison.Ordinal)),
                () => string.Join('\n', Notes(client)));
            Assert.Equal(2 * ExitsPerSecond, Exits(client));
        }, "--light").Status);
    }

    [Fact]
    public void What_keep_removed_is_not_shown_any_more_and_takes_no_space()
    {
        (int status, _) = Serve(12, client =>
        {
            Until(() => Directory.GetFiles(_folder).Length == 3, () => "too many files");
            // Memory has it still.
            Assert.Equal(11 * ExitsPerSecond, Exits(client));
            Until(() => Removed() == 0, () => $"{Removed()} removed files are still open");
        }, "--rotate 2s --keep 3");
        Assert.Equal(0, status);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(0, Serve(4, client => Until(() => Exits(client) is >= (3 + 4) * ExitsPerSecond and <= (3 + 6) * ExitsPerSecond,
            () => $"{Exits(client)} exits"), "--rotate 1h --keep 4").Status);
    }

    // Other tests of this process open and close files meanwhile: one that is gone by then has no target.
    private int Removed() => Directory.GetFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget is { } target
        && target.Contains(_folder, StringComparison.Ordinal) && target.EndsWith("(deleted)", StringComparison.Ordinal));
}
