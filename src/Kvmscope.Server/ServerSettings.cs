using System.Security.Cryptography.X509Certificates;
using Kvmscope.Server.Listening;

namespace Kvmscope.Server;

/// <summary>Where and to whom it is served.</summary>
public sealed record ServerSettings
{
    /// <summary>Listens already, so that a port in use is found before anything else is done.</summary>
    public required ListeningSocket Socket { get; init; }

    /// <summary>Names besides addresses and <c>localhost</c> by which clients may call it, in lower case.</summary>
    public IReadOnlyCollection<string> Names { get; init; } = [];

    /// <summary>Who may ask; null for all that can connect.</summary>
    public TokenList? Tokens { get; init; }

    /// <summary>The server's certificate with its key, and those between it and its CA; null for HTTP.</summary>
    public ServerCertificate? Certificate { get; init; }

    /// <summary>Clients need a certificate of one of these; null where they need none.</summary>
    public X509Certificate2Collection? ClientCas { get; init; }

    /// <summary>Limits.</summary>
    public ServerLimits Limits { get; init; } = new();

    /// <summary>Takes what should not happen, one line each; foreign text.</summary>
    public Action<string> Complain { get; init; } = static _ => { };

    /// <summary>The version of the program.</summary>
    public string Version { get; init; } = "";
}

/// <summary>How much is given to clients.</summary>
public sealed record ServerLimits
{
    /// <summary>Connections of all clients.</summary>
    public int Connections { get; init; } = 512;

    /// <summary>Connections of one client address.</summary>
    public int ConnectionsPerClient { get; init; } = 64;

    /// <summary>Streams of all clients.</summary>
    public int Streams { get; init; } = 256;

    /// <summary>Streams of one client address.</summary>
    public int StreamsPerClient { get; init; } = 32;

    /// <summary>How many answers are made at once; others wait.</summary>
    public int Answers { get; init; } = 2;

    /// <summary>How many answers may wait.</summary>
    public int Waiting { get; init; } = 64;

    /// <summary>Bytes of an answer that is made in memory.</summary>
    public int AnswerBytes { get; init; } = 8 << 20;

    /// <summary>Bytes of a request's first line.</summary>
    public int LineBytes { get; init; } = 8 << 10;

    /// <summary>Bytes of a request's headers.</summary>
    public int HeaderBytes { get; init; } = 16 << 10;

    /// <summary>How many headers a request has.</summary>
    public int Headers { get; init; } = 64;

    /// <summary>How long headers may take to come.</summary>
    public TimeSpan HeaderTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an answer may take to make.</summary>
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stream's reader may take nothing.</summary>
    public TimeSpan StreamTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long it has for the last event after that.</summary>
    public TimeSpan LastEventTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a stream on which nothing else comes is kept alive.</summary>
    public TimeSpan AliveTime { get; init; } = TimeSpan.FromSeconds(15);
}
