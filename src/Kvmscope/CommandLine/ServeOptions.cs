using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Kvmscope.Core;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Recordings;
using Kvmscope.Server;
using Kvmscope.Server.Listening;
using Kvmscope.Terminal;

namespace Kvmscope.CommandLine;

/// <summary>The options that say where, to whom and what is served.</summary>
internal sealed class ServeOptions
{
    private const double SlowestSpeed = 0.1, FastestSpeed = 1000;
    private const int DefaultKeep = 168, DefaultHistoryMb = 24, LeastHistoryMb = 4, MostHistoryMb = 16_384;

    private readonly Option<string> _listen = OptionFactory.Value("--listen", "ADDRESS:PORT",
        "Where it listens (default: 127.0.0.1:7780). Any address but a loopback one needs --token-file or --tls-client-ca.");
    private readonly Option<string[]> _names = OptionFactory.Values("--host-name", "NAME[,NAME]",
        "Further names by which clients call this server, such as that of a proxy.");
    private readonly Option<string> _tokens = OptionFactory.Value("--token-file", "FILE",
        "Only clients that send one of the tokens in FILE, one per line; in a browser the token is the password.");
    private readonly Option<string> _certificate = OptionFactory.Value("--tls-cert", "FILE", "HTTPS with this certificate (PEM).");
    private readonly Option<string> _key = OptionFactory.Value("--tls-key", "FILE", "With --tls-cert: its key (PEM).");
    private readonly Option<string> _clientCa = OptionFactory.Value("--tls-client-ca", "FILE",
        "With --tls-cert: only clients with a certificate of one of these CAs (PEM).");
    private readonly Option<string> _history = OptionFactory.Value("--history", "MB",
        $"Memory for the last 24 hours (default: {DefaultHistoryMb}). With more, VMs and vCPUs are kept apart for longer.");
    private readonly Option<string> _store = OptionFactory.Value("--store", "DIR",
        "Also write recordings to DIR, at full step, and show those that are there; also for report, diff and top.");
    private readonly Option<string> _rotate = OptionFactory.Value("--rotate", "TIME",
        "With --store: begin a new file every TIME (default: 1h).");
    private readonly Option<string> _keep = OptionFactory.Value("--keep", "N",
        $"With --store: keep the newest N files and remove older ones (default: {DefaultKeep}).");
    private readonly Option<bool> _replay = OptionFactory.Switch("--replay", "Play the recording as if it were live.");
    private readonly Option<string> _speed =
        OptionFactory.Value("--speed", "N", "With --replay: N times as fast as it was, from 0.1 to 1000.");

    /// <summary>Where and to whom.</summary>
    public OptionGroup Listening => new("Server", [_listen, _names, _tokens, _certificate, _key, _clientCa]);

    /// <summary>What is kept.</summary>
    public OptionGroup Keeping => new("History", [_history, _store, .. OfStore]);

    private IReadOnlyList<Option> OfStore => [_rotate, _keep];

    /// <summary>The options about recordings.</summary>
    public IReadOnlyList<Option> OfRecordings => [_replay, _speed];

    /// <summary>Which of them cannot be given with a recording; null where none is.</summary>
    public string? OfLive(ParseResult result) =>
        FirstGiven(result, [_history, _store, .. OfStore]);

    /// <summary>How much memory the history takes, bytes.</summary>
    /// <exception cref="KvmscopeException">It is not a number of MB, or too many (status 2).</exception>
    public long HistoryBytes(ParseResult result)
    {
        if (result.Text(_history) is not { } text) return DefaultHistoryMb * 1_000_000L;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int mb)
            && mb is >= LeastHistoryMb and <= MostHistoryMb
            ? mb * 1_000_000L
            : throw UsageError.Of($"--history '{text}' is not a number of MB",
                $"Give one from {LeastHistoryMb} to {MostHistoryMb}: --history 64");
    }

    /// <summary>How many times as fast as it was a recording is played; null where it is not played.</summary>
    /// <exception cref="KvmscopeException">It is not a speed, or nothing is played (status 2).</exception>
    public double? Speed(ParseResult result)
    {
        if (result.Text(_speed) is not { } text) return result.Has(_replay) ? 1 : null;
        if (!result.Has(_replay)) throw UsageError.Of("--speed needs --replay", "Add --replay, or leave --speed out.");
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double speed)
            && speed is >= SlowestSpeed and <= FastestSpeed
            ? speed : throw UsageError.Of($"--speed '{text}' is not a number from 0.1 to 1000", "Give 1, 10, 0.5.");
    }

    /// <summary>Where recordings are written; null for nowhere.</summary>
    /// <exception cref="KvmscopeException">A value or a combination makes no sense (status 2).</exception>
    public RecordPlan? Store(ParseResult result, TimeSpan interval)
    {
        if (result.Text(_store) is not { } folder)
        {
            return FirstGiven(result, OfStore) is { } option
                ? throw UsageError.Of($"{option} needs --store", $"Add --store DIR, or leave {option} out.") : null;
        }
        if (!Directory.Exists(folder)) throw UsageError.Of($"--store '{folder}' is not a folder", "Make it, or give another one.");
        var rotate = TimeSpan.FromHours(1);
        if (result.Text(_rotate) is { } text)
        {
            double ns = Durations.Parse(_rotate.Name, text);
            if (ns < Math.Max(1e9, interval.TotalNanoseconds) || ns > TimeSpan.FromDays(365).TotalNanoseconds)
                throw UsageError.Of($"--rotate '{text}' is out of range", "Give at least a second and an interval: --rotate 1h");
            rotate = TimeSpan.FromMilliseconds(ns / 1e6);
        }
        int keep = DefaultKeep;
        if (result.Text(_keep) is { } number
            && (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out keep) || keep < 1))
            throw UsageError.Of($"--keep '{number}' is not a number of files", "Give 1 or more: --keep 168");
        return new RecordPlan(Path.Combine(folder, "serve.kvmscope"), interval, Grouping.Vcpu, rotate, keep);
    }

    /// <summary>Reads where and to whom; it listens from then on, and files are read.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="hostName">This host's name.</param>
    /// <param name="context">Listens, and says what the user has to know.</param>
    /// <exception cref="KvmscopeException">A value, a file or a combination makes no sense (status 2); the port is in use (status 1).
    /// </exception>
    public ServerSettings Open(ParseResult result, string hostName, CommandContext context)
    {
        GivenSocket? given = context.System.TakeGivenSocket();
        ListenAddress address = result.Text(_listen) is { } text ? ListenAddress.Parse(text)
            : given is not null ? new ListenAddress(given.At.Address, given.At.Port) : ListenAddress.Default;
        if (given is not null && result.Text(_listen) is not null)
        {
            throw UsageError.Of("--listen and the service manager's socket both say where",
                "Leave --listen out, or start it without the socket unit.");
        }
        string? certificate = result.Text(_certificate), key = result.Text(_key), clientCa = result.Text(_clientCa);
        if ((certificate is null) != (key is null)) throw UsageError.Of("--tls-cert and --tls-key belong together", "Give both.");
        if (clientCa is not null && certificate is null)
            throw UsageError.Of("--tls-client-ca needs --tls-cert and --tls-key", "Give all three.");
        if (!address.IsLocal && result.Text(_tokens) is null && clientCa is null)
        {
            throw UsageError.Of($"{address} is open to the network, and nothing says who may read it",
                "Add --token-file FILE, or --tls-cert, --tls-key and --tls-client-ca; or leave --listen out and use 'ssh -L'.");
        }
        TokenList? tokens = result.Text(_tokens) is { } file ? TokenList.Read(file) : null;
        ServerCertificate? own = certificate is null ? null : ServerCertificate.Read(certificate, key!);
        X509Certificate2Collection? cas = clientCa is null ? null : ServerCertificate.ReadCas(clientCa);
        if (!address.IsLocal && own is null) context.Say("without --tls-cert, tokens and figures cross the network unencrypted.");
        string full = hostName.ToLowerInvariant().TrimEnd('.');
        return new ServerSettings
        {
            Socket = given is null ? address.Open(context.System) : new ListeningSocket(given.Handle),
            Names = [.. new[] { full, full.Split('.')[0] }.Concat(result.Items(_names).Select(n => n.ToLowerInvariant().TrimEnd('.')))
                .Where(n => n.Length > 0).Distinct()],
            Tokens = tokens,
            Certificate = own,
            ClientCas = cas,
            Version = ProgramHelp.Version,
            Complain = context.Say,
        };
    }

    private static string? FirstGiven(ParseResult result, IReadOnlyList<Option> options) =>
        options.FirstOrDefault(option => result.GetResult(option) is { Implicit: false })?.Name;
}
