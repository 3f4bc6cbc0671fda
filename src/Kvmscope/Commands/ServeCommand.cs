using System.CommandLine;
using System.Net;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;
using Kvmscope.Recordings;
using Kvmscope.Running;
using Kvmscope.Server;
using Kvmscope.Server.Metrics;
using Kvmscope.Server.Metrics.Otlp;
using Kvmscope.Terminal;
using Selection = Kvmscope.Core.Selections.Selection;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope serve</c>: the live screen in a browser, and for programs; of this host or of recordings.</summary>
internal sealed class ServeCommand : ICommand
{
    // Of an interval, as in top.
    private const int MostSlow = 1000;

    // What is being answered and pushed when it ends; open streams end at once.
    private static readonly TimeSpan s_lastAnswers = TimeSpan.FromMilliseconds(500), s_lastPush = TimeSpan.FromMilliseconds(500);

    private readonly FilterOptions _filters = new();
    private readonly TopOptions _top = new(offersReturns: true);
    private readonly WindowOptions _window = new();
    private readonly ServeOptions _serve = new();
    private readonly MetricsOptionGroup _metrics = new();
    private readonly OtlpOptionGroup _otlp = new();

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("serve", "[FILE...] [options]",
        "The live screen in a browser, an API and metrics; the same on recordings",
        "Traces this host and serves what it sees on http://127.0.0.1:7780: a page, JSON, a stream of intervals, metrics for Prometheus. "
        + "It only reads: nothing can be changed through it. Other addresses need --token-file or client certificates. "
        + "With FILE, which are recordings or folders of them, it serves those, on any machine and without root; --replay plays them.",
        [
            new("kvmscope serve", "This host, at http://127.0.0.1:7780."),
            new("kvmscope serve --store /var/lib/kvmscope", "Also keep a week on disk, one hour per file."),
            new("kvmscope serve --listen 0.0.0.0:7780 --token-file token --tls-cert cert.pem --tls-key key.pem", "For other hosts."),
            new("kvmscope serve day.kvmscope --from 14:00", "A recording as a page."),
            new("kvmscope serve --replay day.kvmscope --speed 10", "A recording as if it were live, ten times as fast."),
        ]);

    /// <inheritdoc/>
    public Argument<string[]> Words { get; } = new("FILE") { Arity = ArgumentArity.ZeroOrMore };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups =>
    [
        _filters.Group, _serve.Listening, _top.GroupOf("Live"), _serve.Keeping, _metrics.Group, _otlp.Group,
        new("Of a recording", [.. _serve.OfRecordings, .. _window.Options]),
    ];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        Selection selection = _filters.Read(invocation.Result);
        double? speed = _serve.Speed(invocation.Result);
        if (invocation.Words.Count > 0) return ServeRecording(invocation, context, selection, speed);
        if (_window.IsGiven(invocation.Result))
            throw UsageError.Of("--from and --to are for recordings", "Give a FILE, or leave them out.");
        if (speed is not null) throw UsageError.Of("--replay needs a recording", "Give a FILE, or leave it out.");
        return ServeHost(invocation, context, selection);
    }

    private int ServeHost(Invocation invocation, CommandContext context, Selection selection)
    {
        RunPlan plan = _top.Plan(invocation.Result);
        TraceOptions detail = _top.Detail(invocation.Result, selection.HasAllExits);
        MetricsOptions series = _metrics.Read(invocation.Result);
        long history = _serve.HistoryBytes(invocation.Result);
        RecordPlan? stored = _serve.Store(invocation.Result, plan.Interval!.Value);
        IHost host = context.Host();
        HostIdentity identity = host.Identity();
        RecordingHeader header = RecordingHeaders.Of(identity, host, plan.Interval.Value, detail.Finest, detail, selection);
        OtlpOptions? receiver = _otlp.Read(invocation.Result, identity.Name, context.Say);
        ServerSettings settings = _serve.Open(invocation.Result, identity.Name, context);
        using var listening = settings.Socket;
        using IServiceManager? manager = context.System.ServiceManager();
        var memory = new LiveHistory(detail.Finest, detail.Parts, plan.Interval.Value.Ticks * 100, history);
        using ServeStore? store = stored is null ? null : new ServeStore(stored, header, memory, context);
        store?.Open(context.Clock.GetLocalNow());
        string[] filters = selection.HasAllExits && selection.Vms.IsEmpty && selection.Vcpus.IsEmpty
            ? [] : ["the trace has filters: what they leave out is in no figure"];
        var source = new ServedSource(identity.Name, store is null ? memory : store.History, header, SourceKind.Live)
        {
            Epoch = EpochOf(identity.BootId),
            HasAllExits = selection.HasAllExits,
            Notes = () => [.. filters, .. store?.History.Notes ?? []],
        };
        var job = new TraceJob
        {
            Selection = selection,
            MaxVcpus = _filters.MaxVcpus(invocation.Result),
            Plan = plan,
            Output = new OutputPlan(OutputFormat.Table, null, ColorWhen.Never),
            Detail = detail,
            IsWokenBySlow = false,
            Began = store is null ? null : store.NameAfter,
            MakesFiles = store is not null,
        };
        return job.Run(context, static _ => { }, trace =>
        {
            var metrics = new MetricsSource(series, MeasuredKinds.Of(header), context.Clock);
            using OtlpPush? push = Push(receiver, metrics, context);
            using var server = new KvmscopeServer(source, settings, metrics, context.Clock);
            store?.Begin((trace.Clock.Started, trace.Clock.StartMonotonicNs));
            server.Start();
            Announce(context, server, settings);
            manager?.Ready();
            var heap = new HeapTrim(context.Clock);
            trace.Sampler.Add(new Sink(detail.Finest, interval =>
            {
                if (store is null) memory.Add(interval);
                else store.Add(interval, trace.Sampler.HasEnded);
                metrics.Add(interval);
                server.Notify();
                manager?.Alive();
                heap.Look();
                return true;
            })
            { Step = plan.Interval, MostSlow = MostSlow, LetGo = memory.LetGo });
            trace.Sampler.Run(trace.End.Wait, plan.Duration);
            manager?.Stopping();
            End(server, push);
            store?.End();
        });
    }

    private int ServeRecording(Invocation invocation, CommandContext context, Selection selection, double? speed)
    {
        ParseResult result = invocation.Result;
        if ((_top.OfLive(result) ?? _serve.OfLive(result) ?? (_top.Interval(result) is null ? null : "--interval")) is { } option)
            throw UsageError.Of($"{option} is for this host, and not for recordings", $"Leave {option} out, or the files.");
        using RecordingSource recordings = RecordingSource.Open(invocation.Words, context, _window.Read(result));
        RecordingHeader header = recordings.Recording.Header;
        var exits = new RecordedExits(recordings.Recording, selection);
        exits.Resolve(recordings.Window.Range);
        var recorded = new RecordedHistory(recordings.Recording, recordings.Window.Range, exits.Wanted);
        foreach (string note in recordings.Notes()) context.Say(note);
        string[] notes = [.. recordings.Notes()];
        ExitParts parts = TopOptions.DetailOf(header).Parts;
        var played = new LiveHistory(header.Grouping, parts, header.IntervalNs);
        var source = new ServedSource($"{header.Host}, {recordings.Title}", speed is null ? recorded : played, header,
            speed is null ? SourceKind.Recording : SourceKind.Replay)
        {
            Speed = speed,
            Epoch = Convert.ToHexStringLower(BitConverter.GetBytes(context.Clock.GetUtcNow().UtcTicks)),
            HasAllExits = exits.HasAll,
            Notes = () => [.. notes.Concat(recorded.Notes).Distinct()],
        };
        MetricsSource? metrics =
            speed is null ? null : new MetricsSource(_metrics.Read(result), MeasuredKinds.Of(header), context.Clock);
        if (speed is null && _otlp.Given(result) is { } pushing)
            throw UsageError.Of($"{pushing} is for this host, or with --replay", $"Add --replay, or leave {pushing} out.");
        OtlpOptions? receiver = _otlp.Read(result, header.Host, context.Say);
        ServerSettings settings = _serve.Open(result, header.Host, context);
        using var listening = settings.Socket;
        using ITraceEnd end = context.TraceEnd();
        end.Listen();
        using OtlpPush? push = Push(receiver, metrics, context);
        using var server = new KvmscopeServer(source, settings, metrics, context.Clock);
        server.Start();
        Announce(context, server, settings);
        if (speed is { } fast)
        {
            if (Replay.Play(recorded, fast, interval =>
            {
                played.Add(interval);
                metrics?.Add(interval);
                server.Notify();
            }, end.Wait))
            {
                server.EndStreams("the replay is over");
            }
        }
        while (!end.Wait(TimeSpan.FromHours(1)))
        {
        }
        End(server, push);
        return (int)ExitStatus.Fine;
    }

    private static OtlpPush? Push(OtlpOptions? receiver, MetricsSource? metrics, CommandContext context) =>
        receiver is null ? null : new OtlpPush(metrics!, receiver, context.Clock, context.Say);

    private static void End(KvmscopeServer server, OtlpPush? push)
    {
        Task? pushed = push?.EndAsync(s_lastPush);
        server.Stop(s_lastAnswers);
        pushed?.GetAwaiter().GetResult();
    }

    // Also where standard error is a log: who started it with port 0 learns the port there.
    private static void Announce(CommandContext context, KvmscopeServer server, ServerSettings settings)
    {
        IPEndPoint at = server.EndPoint;
        string scheme = settings.Certificate is null ? "http" : "https";
        context.Say($"serving at {scheme}://{at}");
    }

    // Places are CLOCK_MONOTONIC, which another run of the same boot has too.
    private static string EpochOf(string bootId)
    {
        string id = new([.. bootId.Where(char.IsAsciiLetterOrDigit).Take(8)]);
        return id.Length > 0 ? id : Guid.NewGuid().ToString("N")[..8];
    }
}
