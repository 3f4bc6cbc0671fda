using Kvmscope.Core;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;

namespace Kvmscope.Recordings;

/// <summary>Where intervals go: a file, or one file after the other.</summary>
/// <param name="system">Makes files last, and gives them to their owner.</param>
/// <param name="plan">The names.</param>
/// <param name="header">What each file says of itself, but for when it begins.</param>
/// <param name="warn">Takes what went wrong and does not end the recording.</param>
internal sealed class RecordTape(IOperatingSystem system, RecordPlan plan, Func<RecordingHeader> header, Action<string> warn) : IDisposable
{
    private readonly Rotation _rotation = new(plan.Path);
    // Taken before privileges are dropped.
    private readonly FileOwner _owner = system.OwnerOfNewFiles();
    private RecordingFile? _file;
    private RecordingWriter? _writer;
    private string? _lastPath;
    private long _fileBegan, _closedBytes;

    /// <summary>The file that is written, or was the last.</summary>
    public string Path => _file?.Path ?? _lastPath ?? plan.Path;

    /// <summary>Bytes in all files so far.</summary>
    public long Bytes => _closedBytes + (_file?.Length ?? 0);

    /// <summary>Intervals in all files so far.</summary>
    public long Intervals { get; private set; }

    /// <summary>Makes the first file, so that it is known before tracing starts whether it can be.</summary>
    /// <exception cref="KvmscopeException">It cannot be made (status 2).</exception>
    public void Open(DateTimeOffset now) => _file = RecordingFile.Create(system, plan.Rotate is null ? plan.Path : _rotation.FreeNameAt(now));

    /// <summary>Names a rotating file after when it begins: it was made before tracing, and attaching takes its time.</summary>
    /// <param name="began">When the trace began.</param>
    public void NameAfter(DateTimeOffset began)
    {
        if (plan.Rotate is null || _rotation.NameAt(began) is var name && name == _file?.Path) return;
        try
        {
            RecordingFile named = RecordingFile.Create(system, name);
            // The other goes, as nothing was appended to it.
            _file?.Dispose();
            _file = named;
        }
        catch (KvmscopeException)
        {
            // That name is another's: the recording keeps the one that it has.
        }
    }

    /// <summary>Begins the file that is open.</summary>
    /// <param name="started">When what it holds begins: wall clock, and CLOCK_MONOTONIC in ns.</param>
    public void Begin((DateTimeOffset At, long Ns) started)
    {
        // Before anything is written, as there may be no room; and beside the new file, which may not become a long one.
        Prune(Path, isCounted: false);
        Begin(header() with { Started = started.At, MonotonicNs = started.Ns });
    }

    private void Begin(RecordingHeader begun)
    {
        RecordingFile file = _file ?? throw new InvalidOperationException("no file is open");
        _writer = new RecordingWriter(begun, file.Append);
        _writer.Begin();
        _fileBegan = begun.MonotonicNs;
    }

    private void Prune(string current, bool isCounted)
    {
        if (plan is { Keep: { } keep, Rotate: { } length } && _rotation.Prune(keep, length, current, isCounted) is { } why)
            warn($"old recordings cannot be removed: {why}");
    }

    /// <summary>Writes an interval; the file that it completes is ended, and the next begins where it ended.</summary>
    /// <exception cref="KvmscopeException">It could not be written (status 1), or the next file cannot be made (status 1).</exception>
    public void Add(Interval interval, bool isLast)
    {
        RecordingWriter writer = _writer ?? throw new InvalidOperationException("not begun");
        writer.Add(interval with { First = writer.Intervals });
        Intervals++;
        // Half an interval early is nearer than half an interval late.
        if (isLast || plan.Rotate is not { } rotate || interval.ToNs - _fileBegan < (rotate - (plan.Interval / 2)).TotalNanoseconds) return;
        End();
        string next = _rotation.FreeNameAt(interval.To);
        Prune(next, isCounted: true);
        _file = RecordingFile.Create(system, next, ExitStatus.Failed, _owner);
        // Of the VMs only those are known to be alive that were seen last: others may be gone, and could not be traced in this file.
        Begin(header() with { Started = interval.To, MonotonicNs = interval.ToNs, IsContinued = true, Machines = [.. interval.Vms.Select(KnownVm.Of)] });
    }

    /// <summary>Ends the file: it is complete.</summary>
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
