using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Terminal;

namespace Kvmscope.Recordings;

/// <summary>The store of <c>serve</c>: what is traced is recorded, and shown together with what was recorded before.</summary>
internal sealed class ServeStore : IDisposable
{
    private readonly RecordTape _tape;
    private readonly StoreFiles _files;
    private readonly RecordingHeader _header;

    /// <summary>Makes it; <see cref="Open"/> comes next.</summary>
    /// <param name="plan">The names and lengths of the files.</param>
    /// <param name="header">What is measured.</param>
    /// <param name="memory">What the trace has in memory.</param>
    /// <param name="context">Files, clock, and what the user has to know.</param>
    public ServeStore(RecordPlan plan, RecordingHeader header, LiveHistory memory, CommandContext context)
    {
        _header = header;
        _tape = new RecordTape(context.System, plan, () => header, context.Say, context.Clock.LocalTimeZone);
        _files = new StoreFiles(memory, header);
    }

    /// <summary>Memory and files as one.</summary>
    public StoredHistory History => _files.History;

    /// <summary>Creates the first file, and opens those that are there, before privileges are dropped.</summary>
    /// <exception cref="Core.KvmscopeException">It cannot be created (status 2).</exception>
    public void Open(DateTimeOffset now)
    {
        _tape.Open(now);
        _files.Find(_tape.Earlier(out int others), others);
    }

    /// <summary>Names the first file after the begin of the trace.</summary>
    public void NameAfter(DateTimeOffset began) => _tape.NameAfter(began);

    /// <summary>Begins.</summary>
    /// <param name="started">When the first interval begins: wall clock, and CLOCK_MONOTONIC in ns.</param>
    public void Begin((DateTimeOffset At, long Ns) started)
    {
        _tape.Begin(started);
        _files.Begin(_header with { Started = started.At, MonotonicNs = started.Ns });
    }

    /// <summary>Takes the next interval of the trace.</summary>
    /// <exception cref="Core.KvmscopeException">It cannot be written, or the next file cannot be created (status 1).</exception>
    public void Add(Interval interval, bool isLast)
    {
        History.Add(interval);
        string current = _tape.Path;
        _tape.Add(interval, isLast);
        if (_tape.Path != current) _files.Add(current);
    }

    /// <summary>Ends the last file.</summary>
    public void End() => _tape.End();

    /// <inheritdoc/>
    public void Dispose()
    {
        _tape.Dispose();
        _files.Dispose();
    }
}
