using System.Collections.Immutable;
using Kvmscope.Core;
using Kvmscope.Core.Captures;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;

namespace Kvmscope.Interchange;

/// <summary>A file of a capture.</summary>
/// <param name="Name">Its name in messages.</param>
/// <param name="Open">Opens it at its beginning; of a pipe it is called once.</param>
/// <param name="Bytes">Its length; null where that is not known.</param>
public sealed record CaptureInput(string Name, Func<Stream> Open, long? Bytes);

/// <summary>How to import.</summary>
public sealed record ImportOptions
{
    /// <summary>The version of the program, for the recording.</summary>
    public string Program { get; init; } = "";

    /// <summary>How long an interval is, ns.</summary>
    public long IntervalNs { get; init; } = 1_000_000_000;

    /// <summary>Exits of at least this handling time are kept one by one, in ns; 0: none.</summary>
    public ulong SlowNs { get; init; }
}

/// <summary>What one input is and holds.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it is: <c>perf.data</c>, <c>trace.dat 7</c>, <c>text</c>.</param>
/// <param name="Contents">Its events.</param>
public sealed record InputReport(string Name, string Kind, CaptureContents Contents)
{
    /// <summary>Lines or records that could not be read.</summary>
    public long Skipped { get; init; }

    /// <summary>The first of them.</summary>
    public string? FirstSkipped { get; init; }

    /// <summary>Samples that a second event of the tracer wrote again, and that were left out.</summary>
    public long LeftOut { get; init; }

    /// <summary>Events that came after newer ones had been used: their exits may lack their times.</summary>
    public long Late { get; init; }

    /// <summary>Where it is cut off; null where it is whole.</summary>
    public string? CutAt { get; init; }

    /// <summary>Wall-clock time at which its clock was 0; null where it does not say that.</summary>
    public DateTimeOffset? Zero { get; init; }
}

/// <summary>Makes a recording of captures of other tools: of one, or of several that follow each other.</summary>
/// <param name="inputs">The captures, in the order of time.</param>
/// <param name="progress">Takes how many bytes of all inputs were read, now and then; it says whether to go on.</param>
public sealed class CaptureImport(IReadOnlyList<CaptureInput> inputs, Func<long, bool> progress)
{
    // How many events are looked at to know what a file holds before it is read.
    private const int MostSniffed = 1 << 18, EventsPerStep = 1 << 13;

    private long _bytesBefore;

    // Stays so where an interval is not taken: that is no damage of the input, and there is nowhere to put the rest.
    private bool _isTaking;

    /// <summary>Whether it ended because <c>progress</c> said so.</summary>
    public bool IsInterrupted { get; private set; }

    /// <summary>What ended it before the end of the inputs, after a part was read; null where nothing did.</summary>
    public KvmscopeException? Failure { get; private set; }

    /// <summary>Bytes of all inputs; null where one is a pipe.</summary>
    public long? Bytes => inputs.Any(input => input.Bytes is null) ? null : inputs.Sum(input => input.Bytes);

    /// <summary>Reads all inputs, and says what they hold.</summary>
    /// <exception cref="KvmscopeException">One is no trace (status 2), or damaged (1).</exception>
    public IReadOnlyList<InputReport> Check()
    {
        List<InputReport> reports = [];
        foreach (CaptureInput input in inputs)
        {
            if (IsInterrupted) break;
            reports.Add(Read(input, static (_, _) => static (in CapturedEvent _) => { }));
        }
        return reports;
    }

    /// <summary>Reads all inputs, and makes intervals of them.</summary>
    /// <param name="options">How.</param>
    /// <param name="begin">Takes the header before the first interval.</param>
    /// <param name="take">Takes each interval.</param>
    /// <exception cref="KvmscopeException">One is no trace, or there are no exits (status 2), or it is damaged (1).</exception>
    public IReadOnlyList<InputReport> Run(ImportOptions options, Action<RecordingHeader> begin, Action<Interval> take)
    {
        (CaptureContents known, bool isComplete) = Sniff();
        CapturePairing? pairing = null;
        ICaptureReader? current = null;
        long lastNs = long.MinValue;
        var garbage = new Garbage();
        List<InputReport> reports = [];
        foreach (CaptureInput input in inputs)
        {
            if (IsInterrupted || Failure is not null) break;
            if (TryRead(input, (reader, contents) =>
            {
                current = reader;
                bool isFirst = true;
                return (in CapturedEvent e) =>
                {
                    pairing ??= NewPairing(reader.Facts, contents);
                    if (isFirst && e.Kind is CapturedKind.Exit or CapturedKind.Entry)
                    {
                        if (e.Ns < lastNs) throw NotInOrder(input);
                        if (reports.Count > 0) pairing.Break();
                        isFirst = false;
                    }
                    pairing.Add(e);
                    if (e.Kind is CapturedKind.Exit or CapturedKind.Entry) lastNs = Math.Max(lastNs, e.Ns);
                };
            }, () => pairing is not null) is { } report) reports.Add(report);
        }
        if (!isComplete && pairing is not null) pairing.Missing = MissingOf(reports.Select(report => report.Contents));
        pairing?.End();
        if (pairing is null || pairing.Intervals == 0)
            throw new KvmscopeException(ExitStatus.Usage,
                $"there is no kvm_exit in {(inputs.Count == 1 ? $"'{inputs[0].Name}'" : "these files")}",
                "Record on the host, with 'perf kvm stat record -a' or 'trace-cmd record -e kvm'.");
        return reports;

        CapturePairing NewPairing(CaptureFacts facts, CaptureContents contents)
        {
            bool hasRounds = !isComplete || known.HasRounds, hasSplit = known[CapturedKind.Switch] > 0;
            return new CapturePairing(
                new CaptureOptions
                {
                    IntervalNs = options.IntervalNs,
                    SlowNs = options.SlowNs,
                    WantNested = hasRounds,
                    WantSplit = hasSplit,
                    Zero = facts.Zero ?? DateTimeOffset.UnixEpoch,
                },
                (pid, tid) => current?.NameOf(pid, tid),
                interval =>
                {
                    _isTaking = true;
                    if (interval.First == 0) begin(HeaderOf(options, facts, interval, contents.Isa) with
                    { HasNested = hasRounds, HasSplit = hasSplit });
                    take(interval);
                    _isTaking = false;
                    garbage.Collect();
                })
            { Missing = isComplete ? known.Missing() : [] };
        }
    }

    // Where something was read before an error, that is kept.
    private InputReport? TryRead(CaptureInput input, Func<ICaptureReader, CaptureContents, EventTaker> takerOf, Func<bool> hasRead)
    {
        try
        {
            return Read(input, takerOf);
        }
        catch (KvmscopeException error) when (!_isTaking && hasRead())
        {
            Failure = error;
            return null;
        }
    }

    private delegate void EventTaker(in CapturedEvent e);

    private InputReport Read(CaptureInput input, Func<ICaptureReader, CaptureContents, EventTaker> takerOf)
    {
        using Stream stream = input.Open();
        var contents = new CaptureContents();
        try
        {
            ICaptureReader reader = CaptureFile.Open(stream);
            using var owned = reader as IDisposable;
            EventTaker take = takerOf(reader, contents);
            CapturedEvent e = default;
            for (int i = 0; reader.Read(ref e); i++)
            {
                contents.Add(e);
                take(e);
                if (i % EventsPerStep != 0 || progress(_bytesBefore + reader.Position)) continue;
                IsInterrupted = true;
                break;
            }
            _bytesBefore += input.Bytes ?? reader.Position;
            contents.HasTimeOfDay = reader.Facts.Zero is not null;
            return new InputReport(input.Name, reader.Facts.Kind, contents)
            {
                Skipped = reader.Facts.Skipped,
                FirstSkipped = reader.Facts.FirstSkipped,
                LeftOut = reader.Facts.LeftOut,
                Late = reader.Facts.Late,
                CutAt = reader.Facts.CutAt,
                Zero = reader.Facts.Zero,
            };
        }
        catch (KvmscopeException error) when (!_isTaking && !error.Message.StartsWith('\'') && inputs.Count > 0)
        {
            throw new KvmscopeException(error.Status, $"'{input.Name}': {error.Message}", error.Hint, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new KvmscopeException(ExitStatus.Failed, $"cannot read '{input.Name}': {error.Message}", null, error);
        }
    }

    // What the files hold, for all intervals; not of pipes, which can be read once only.
    private (CaptureContents Known, bool IsComplete) Sniff()
    {
        var contents = new CaptureContents();
        if (inputs.Any(input => input.Bytes is null)) return (contents, false);
        long lastBegin = long.MinValue;
        bool isComplete = true;
        foreach (CaptureInput input in inputs)
        {
            using Stream stream = input.Open();
            var own = new CaptureContents();
            try
            {
                ICaptureReader reader = CaptureFile.Open(stream);
                using var owned = reader as IDisposable;
                CapturedEvent e = default;
                for (int i = 0; reader.Read(ref e); i++)
                {
                    own.Add(e);
                    contents.Add(e);
                    if (i < MostSniffed) continue;
                    // What comes later may be of any kind.
                    isComplete = false;
                    break;
                }
                contents.HasTimeOfDay = reader.Facts.Zero is not null;
            }
            catch (KvmscopeException) when (own[CapturedKind.Exit] > 0)
            {
                // It is said when that place is reached.
            }
            catch (KvmscopeException error)
            {
                throw new KvmscopeException(error.Status, $"'{input.Name}': {error.Message}", error.Hint, error);
            }
            if (own.Ns.From > own.Ns.To) continue;
            if (own.Ns.From <= lastBegin) throw NotInOrder(input);
            lastBegin = own.Ns.From;
        }
        return (contents, isComplete);
    }

    private static ImmutableArray<MissingSource> MissingOf(IEnumerable<CaptureContents> contents) =>
        [.. contents.SelectMany(one => one.Missing()).DistinctBy(missing => missing.Text)];

    private static KvmscopeException NotInOrder(CaptureInput input) => new(ExitStatus.Usage,
        $"'{input.Name}' begins before the file before it ends", "Several files are parts of one capture: give them in the order of time.");

    private static RecordingHeader HeaderOf(ImportOptions options, CaptureFacts facts, Interval first, Isa isa) => new()
    {
        Program = options.Program,
        Host = facts.Host,
        Kernel = facts.Kernel,
        Cpu = facts.Cpu,
        Cpus = facts.Cpus,
        Isa = isa,
        Started = first.From,
        MonotonicNs = first.FromNs,
        IntervalNs = options.IntervalNs,
        HasQualifiers = true,
        SlowNs = options.SlowNs,
    };
}
