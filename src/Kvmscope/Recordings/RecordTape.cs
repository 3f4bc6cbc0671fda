using Kvmscope.Core;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;

namespace Kvmscope.Recordings;

/// <summary>Writes intervals to one file, or to one file after the other.</summary>
/// <param name="system">Syncs files to the disk, and changes their owner.</param>
/// <param name="plan">The names and lengths of the files.</param>
/// <param name="header">The header of each file, except its start time.</param>
/// <param name="warn">Takes messages about errors that do not end the recording.</param>
/// <param name="zone">The host's zone.</param>
internal sealed class RecordTape(
    IOperatingSystem system, RecordPlan plan, Func<RecordingHeader> header, Action<string> warn, TimeZoneInfo zone) : IDisposable
{
    private static readonly TimeSpan s_longFile = TimeSpan.FromMinutes(1);

    private readonly Rotation _rotation = new(plan.Path);
    // Taken before privileges are dropped.
    private readonly FileOwner _owner = system.OwnerOfNewFiles();
    private RecordingFile? _file;
    private RecordingWriter? _writer;
    private string? _lastPath;
    private long _fileBegan, _closedBytes;
    private long? _suspendedNs;

    /// <summary>The current file, or the last one.</summary>
    public string Path => _file?.Path ?? _lastPath ?? plan.Path;

    /// <summary>Bytes in all files so far.</summary>
    public long Bytes => _closedBytes + (_file?.Length ?? 0);

    /// <summary>Creates the first file before tracing starts, so that an error is found early.</summary>
    /// <exception cref="KvmscopeException">It cannot be created (status 2).</exception>
    public void Open(DateTimeOffset now) =>
        _file = RecordingFile.Create(system, plan.Rotate is null ? plan.Path : _rotation.FreeNameAt(now));

    /// <summary>Names a rotating file after its real start: it was created before tracing, and attaching takes time.</summary>
    /// <param name="began">When the trace began.</param>
    public void NameAfter(DateTimeOffset began)
    {
        if (plan.Rotate is null || _rotation.NameAt(began) is var name && name == _file?.Path) return;
        try
        {
            RecordingFile named = RecordingFile.Create(system, name);
            // Nothing was appended to the other file, so this removes it.
            _file?.Dispose();
            _file = named;
        }
        catch (KvmscopeException)
        {
            // Another file has that name: the recording keeps its name.
        }
    }

    /// <summary>Begins the file that is open.</summary>
    /// <param name="started">When its first interval begins: wall clock, and CLOCK_MONOTONIC in ns.</param>
    public void Begin((DateTimeOffset At, long Ns) started)
    {
        // Before anything is written, because the disk may be full; the new file is not counted, because it may stay short.
        Prune(Path, isCounted: false);
        _suspendedNs = system.SuspendedNs();
        Begin(header(), started);
    }

    // Each file says how its times are shown, also if the zone has changed since the first.
    private void Begin(RecordingHeader made, (DateTimeOffset At, long Ns) started) => Begin(made with
    {
        Started = TimeZoneInfo.ConvertTime(started.At, zone),
        ZoneChanges = HostZone.ChangesOf(zone, started.At),
        MonotonicNs = started.Ns,
        BootNs = started.Ns + _suspendedNs,
    });

    private void Begin(RecordingHeader begun)
    {
        RecordingFile file = _file ?? throw new InvalidOperationException("no file is open");
        _writer = new RecordingWriter(begun, file.Append);
        _writer.Begin();
        _fileBegan = begun.MonotonicNs;
    }

    private void Prune(string current, bool isCounted)
    {
        if (plan is not { Keep: { } keep, Rotate: { } length }) return;
        // As the file system shows it, which may be another than this process's user.
        FileOwner? owner = system.OwnerOfFile(Path);
        if (_rotation.Prune(keep, length, current, isCounted, file => IsOwn(file, owner)) is { } why)
            warn($"old recordings cannot be removed: {why}");
    }

    /// <summary>
    /// The files that this recorder, or one before it, ended under these names, the newest first; while one is open that is written.
    /// </summary>
    /// <param name="others">How many more have such names and are somebody else's, or no recordings.</param>
    public IReadOnlyList<string> Earlier(out int others)
    {
        FileOwner? owner = system.OwnerOfFile(Path);
        string current = System.IO.Path.GetFileName(Path);
        ILookup<bool, string> files = _rotation.Files().Where(file => System.IO.Path.GetFileName(file) != current)
            .ToLookup(file => IsOwn(file, owner));
        others = files[false].Count();
        return [.. files[true]];
    }

    // A file of such a name that somebody else made, or a link to one, is not this recorder's.
    private bool IsOwn(string file, FileOwner? owner) =>
        system.OwnerOfFile(file) is { } of && of.User == owner?.User && RecordingFiles.MayBeOne(file);

    /// <summary>Writes an interval; if it completes a file, that file is ended and the next one begins there.</summary>
    /// <exception cref="KvmscopeException">It cannot be written, or the next file cannot be created (status 1).</exception>
    public void Add(Interval interval, bool isLast)
    {
        RecordingWriter writer = _writer ?? throw new InvalidOperationException("not begun");
        writer.Add(interval with { First = writer.Intervals, SuspendedNs = SuspendedSince() });
        // Rounds to the nearest interval.
        if (isLast || plan.Rotate is not { } rotate || interval.ToNs - _fileBegan < (rotate - (plan.Interval / 2)).TotalNanoseconds) return;
        End();
        string next = _rotation.FreeNameAt(interval.To);
        Prune(next, isCounted: true);
        _file = RecordingFile.Create(system, next, ExitStatus.Failed, _owner);
        // Only the VMs of the last interval are known to exist still: others may have ended, and could not be traced in this file.
        Begin(header() with { IsContinued = true, Machines = [.. interval.Vms.Select(KnownVm.Of)] }, (interval.To, interval.ToNs));
        // What the index of a file took is in the oldest generation, which is collected when there is need: so memory would go up and
        // down by some MB over days.
        if (rotate >= s_longFile) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    // Read just after the interval ended, so what is suspended meanwhile is in the interval before.
    private long SuspendedSince()
    {
        long? now = system.SuspendedNs(), before = _suspendedNs;
        _suspendedNs = now;
        return Math.Max(0, now - before ?? 0);
    }

    /// <summary>Ends the file, so that it is complete.</summary>
    public void End()
    {
        _writer?.End();
        _closedBytes += _file?.Length ?? 0;
        _lastPath = Path;
        _file?.Dispose();
        (_file, _writer) = (null, null);
    }

    /// <summary>Closes the file as it is.</summary>
    public void Dispose() => _file?.Dispose();
}

/// <summary>What is recorded and where it is written.</summary>
/// <param name="Path">The file, or the name from which the names of rotating files are made.</param>
/// <param name="Interval">The length of an interval.</param>
/// <param name="Grouping">What is kept apart.</param>
/// <param name="Rotate">The time that one file covers; null for one file.</param>
/// <param name="Keep">How many files are kept; null for all.</param>
internal sealed record RecordPlan(string Path, TimeSpan Interval, Grouping Grouping, TimeSpan? Rotate, int? Keep)
{
    /// <summary>How many slow exits are kept per interval; the rest is counted as lost. With more the threshold is too low.</summary>
    public const int MostSlow = 10_000;
}
