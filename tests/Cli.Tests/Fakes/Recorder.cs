namespace Kvmscope.Tests.Fakes;

/// <summary>Makes recordings of one host, one after the other, in a folder of its own: 147 exits in each second.</summary>
internal sealed class Recorder : IDisposable
{
    public const int ExitsPerSecond = 147;

    private readonly World _world;
    private readonly FakeSystem _system;
    private readonly List<(double Second, double Seconds)> _suspends = [];

    public Recorder(FakeClock? clock = null)
    {
        _world = new World(clock);
        _system = new FakeSystem
        {
            Suspended = () => (long)(_suspends.Where(s => s.Second <= Clock.Now.TotalSeconds).Sum(s => s.Seconds) * 1e9),
        };
        _world.System = _system;
        Folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;
    }

    public string Folder { get; }

    public FakeClock Clock => _world.Clock;

    public string this[string name] => Path.Combine(Folder, name);

    /// <summary>Records for some seconds from now.</summary>
    public string Record(string name, double seconds, string options = "", string host = "host1", string boot = "boot-1")
    {
        _world.End = new FakeEnd(Clock, _world.Log) { At = Clock.Now + TimeSpan.FromSeconds(seconds) };
        _world.Host = new FakeHost(Clock)
        {
            GrowsEachSecond = true,
            Log = _world.Log,
            Id = new(host, "6.1.0-test", "a CPU", 4, boot),
        };
        Outcome outcome = _world.Run(["record", "-o", this[name], .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return this[name];
    }

    /// <summary>Lets time pass without a recorder.</summary>
    public void Wait(double seconds) => Clock.Advance(TimeSpan.FromSeconds(seconds));

    /// <summary>The host sleeps at this second of the fake clock: the time of day goes on, and nothing else.</summary>
    public void SuspendAt(double second, double seconds)
    {
        _suspends.Add((second, seconds));
        Clock.Steps.Add((second, TimeSpan.FromSeconds(seconds)));
    }

    /// <summary>Runs a command line with FOLDER in it, on a machine in another zone.</summary>
    public Outcome Run(string line)
    {
        World reader = new(new FakeClock
        {
            Start = Clock.GetUtcNow(),
            Zone = TimeZoneInfo.CreateCustomTimeZone("x", TimeSpan.FromHours(-7), "x", "x"),
        });
        return reader.Run([.. line.Split(' ').Select(word => word.Replace("FOLDER", Folder, StringComparison.Ordinal))]);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
