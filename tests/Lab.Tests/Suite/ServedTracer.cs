using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary><c>kvmscope serve</c> of this host, on any free port of loopback.</summary>
internal sealed class ServedTracer : ChildProcess
{
    private const int SigTerm = 15;
    private const string Says = "serving at http://";


    /// <summary>Starts it, and waits until it answers: everything is attached then.</summary>
    internal ServedTracer(LabHost host, string words)
        : this(host.Kvmscope, ["serve", "--listen", "127.0.0.1:0", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
    {
    }

    /// <summary>The same through another program.</summary>
    internal ServedTracer(string program, IEnumerable<string> arguments)
        : base(program, arguments)
    {
        Deadline.Until(() => Errors.Contains(Says, StringComparison.Ordinal), () => $"serve did not answer: {Errors}");
        string line = Errors.Split('\n').Single(l => l.Contains(Says, StringComparison.Ordinal));
        At = IPEndPoint.Parse(line[(line.IndexOf(Says, StringComparison.Ordinal) + Says.Length)..]);
    }

    /// <summary>Where it listens.</summary>
    internal IPEndPoint At { get; }

    /// <summary>What is answered at a path; it has to be there.</summary>
    internal string Get(string path)
    {
        using ServedStream stream = Open(path);
        return stream.ReadRest();
    }

    /// <summary>Asks, and leaves it to the caller to read.</summary>
    internal ServedStream Open(string path) => new(At, path);

    /// <summary>The series of a scrape, by name with labels.</summary>
    internal Dictionary<string, string> Scrape() => Get("/metrics").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => line[0] != '#').ToDictionary(line => line[..line.LastIndexOf(' ')], line => line[(line.LastIndexOf(' ') + 1)..]);

    /// <summary>Ends it as a service manager does.</summary>
    internal void End()
    {
        Signal(SigTerm);
        Check.Equal(0, WaitForEnd(), $"status of serve ({Errors})");
    }
}

/// <summary>An answer that is read as it comes, over HTTP/1.0, so that it has no chunks.</summary>
internal sealed class ServedStream : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(90);

    private readonly TcpClient _client = new();
    private readonly StreamReader _reader;

    internal ServedStream(IPEndPoint at, string path)
    {
        _client.Connect(at);
        _client.ReceiveTimeout = (int)s_deadline.TotalMilliseconds;
        NetworkStream stream = _client.GetStream();
        stream.Write(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"));
        _reader = new StreamReader(stream, Encoding.UTF8);
        string status = _reader.ReadLine() ?? "";
        while (_reader.ReadLine() is { Length: > 0 })
        {
        }
        if (int.Parse(status.Split(' ')[1], CultureInfo.InvariantCulture) != 200)
            throw new SuiteFailure($"{path}: {status}: {_reader.ReadToEnd()}");
    }

    /// <summary>The next line; null at the end.</summary>
    internal string? ReadLine() => _reader.ReadLine();

    /// <summary>All that comes.</summary>
    internal string ReadRest() => _reader.ReadToEnd();

    public void Dispose() => _client.Dispose();
}
