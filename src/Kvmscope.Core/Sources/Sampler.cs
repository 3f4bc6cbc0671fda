using Kvmscope.Core.Model;

namespace Kvmscope.Core.Sources;

/// <summary>Takes intervals from a <see cref="Sampler"/>, as often as it asks for.</summary>
/// <param name="grouping">How finely vCPUs are kept apart.</param>
/// <param name="take">Takes an interval; called by the sampler's thread, so it must not wait. Where it returns false, what it did not take
/// is part of the next interval, and counted (<see cref="Skipped"/>): a slow sink gets less detail and delays nobody.</param>
public sealed class Sink(Grouping grouping, Func<Interval, bool> take)
{
    private readonly List<SlowExit> _slow = [];
    private Cadence _steps = new(null);
    private Interval? _single;
    private IntervalSum? _sum;
    private ulong _slowLeftOut;

    /// <summary>How finely vCPUs are kept apart.</summary>
    public Grouping Grouping => grouping;

    /// <summary>How long an interval is; null for one interval, at the end.</summary>
    public TimeSpan? Step
    {
        get;
        init => (field, _steps) = (value, new Cadence(value));
    }

    /// <summary>How many slow exits of an interval are in it; the rest is counted as lost. 0: it has none.</summary>
    public int MostSlow { get; init; }

    /// <summary>Takes slow exits as they come, some at a time; null for none.</summary>
    public Action<IReadOnlyList<SlowExit>>? TakeSlow { get; init; }

    /// <summary>Takes the last exits of vCPUs: when they end, and of all others at the end; null for none.</summary>
    public Action<IReadOnlyList<VcpuHistory>>? TakeHistories { get; init; }

    /// <summary>Called before the trace is read for its next interval: what it keeps of the last one may be garbage by then.</summary>
    public Action? LetGo { get; init; }

    /// <summary>How many intervals it did not take when they were due.</summary>
    public long Skipped { get; private set; }

    /// <summary>When its next interval is due, since the start.</summary>
    internal TimeSpan Next => _steps.Next;

    internal bool WantsSlow => MostSlow > 0 || TakeSlow is not null;

    internal bool IsDue(TimeSpan elapsed) => _steps.IsDue(elapsed);

    internal void AddSlow(IReadOnlyList<SlowExit> batch)
    {
        TakeSlow?.Invoke(batch);
        int room = Math.Min(batch.Count, MostSlow - _slow.Count);
        for (int i = 0; i < room; i++) _slow.Add(batch[i]);
        if (MostSlow > 0) _slowLeftOut += (ulong)(batch.Count - room);
    }

    internal void Add(Interval interval, Grouping read)
    {
        if (_sum is null && _single is null && read == grouping)
        {
            _single = interval;
            return;
        }
        if (_sum is null)
        {
            _sum = new IntervalSum(grouping);
            if (_single is not null) _sum.Add(_single);
            _single = null;
        }
        _sum.Add(interval);
    }

    internal void Deliver()
    {
        Interval interval = _single ?? _sum!.ToInterval();
        if (MostSlow > 0) interval = interval.WithSlow([.. _slow], _slowLeftOut);
        if (!take(interval))
        {
            Skipped++;
            return;
        }
        (_single, _sum, _slowLeftOut) = (null, null, 0);
        _slow.Clear();
    }
}

/// <summary>
/// The only reader of a trace. At each tick at which any sink is due it reads the kernel's tables once, and each sink gets its own sums and
/// longest exits, whatever the others' steps are.
/// </summary>
/// <param name="session">The trace.</param>
/// <param name="clock">The time since the trace was attached.</param>
public sealed class Sampler(ITraceSession session, TraceClock clock)
{
    private static readonly TimeSpan s_sweepPeriod = TimeSpan.FromSeconds(1);

    // Slow exits wake the sampler at once; Ctrl-C does so within this time.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(100);

    private readonly List<Sink> _sinks = [];
    private readonly List<SlowExit> _batch = [];
    private (DateTimeOffset At, long Ns) _from = (clock.Started, clock.StartMonotonicNs);

    /// <summary>Reads a trace once: what happened since it began.</summary>
    public static Interval ReadOnce(ITraceSession session, TraceClock clock, Grouping grouping)
    {
        session.Sweep();
        return new Sampler(session, clock).Read(grouping);
    }

    /// <summary>
    /// Whether slow exits wake the sampler; false where its caller waits for something else too (a terminal): it takes them in between.
    /// </summary>
    public bool IsWokenBySlow { get; init; } = true;

    /// <summary>Whether the trace has ended, so that sinks get their last interval now.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Adds a sink; before <see cref="Run"/>.</summary>
    public void Add(Sink sink) => _sinks.Add(sink);

    /// <summary>Samples until the trace ends; then each sink gets the rest.</summary>
    /// <param name="wait">Waits at most this long (zero or less does not wait) and says whether the trace has to end.</param>
    /// <param name="duration">When it ends otherwise; null for never.</param>
    public void Run(Func<TimeSpan, bool> wait, TimeSpan? duration)
    {
        bool hasSlow = _sinks.Any(sink => sink.WantsSlow);
        // After a reading they would be in use, and copied: then memory is collected before the next.
        bool keepsRows = _sinks.Any(sink => sink.LetGo is not null);
        Grouping grouping = _sinks.Max(sink => sink.Grouping);
        var sweeps = new Cadence(s_sweepPeriod);
        var due = new List<Sink>();
        TimeSpan stop = duration ?? TimeSpan.MaxValue;
        var garbage = new Garbage();
        while (!HasEnded)
        {
            TimeSpan next = Min(stop, sweeps.Next);
            foreach (Sink sink in _sinks) next = Min(next, sink.Next);
            HasEnded = Wait(next - clock.Elapsed, wait, hasSlow) | clock.Elapsed >= stop;
            due.Clear();
            foreach (Sink sink in _sinks)
                if (sink.IsDue(clock.Elapsed) || HasEnded) due.Add(sink);
            // Also before a reading: it learns the names of new VMs.
            bool isSwept = sweeps.IsDue(clock.Elapsed) || due.Count > 0;
            foreach (Sink sink in due) sink.LetGo?.Invoke();
            if (keepsRows && due.Count > 0) garbage.Collect();
            if (isSwept) session.Sweep();
            if (isSwept) GiveHistories();
            if (due.Count > 0) Deliver(due, grouping, hasSlow);
            // After the reading, which it would delay.
            if (isSwept && !HasEnded) session.ExchangeCells();
            if (isSwept && !HasEnded && !keepsRows) garbage.Collect();
        }
    }

    private void Deliver(List<Sink> due, Grouping grouping, bool hasSlow)
    {
        if (hasSlow) ReadSlow(TimeSpan.Zero);
        Interval interval = Read(grouping);
        foreach (Sink sink in _sinks) sink.Add(interval, grouping);
        foreach (Sink sink in due) sink.Deliver();
    }

    private void GiveHistories()
    {
        if (!_sinks.Exists(sink => sink.TakeHistories is not null)) return;
        IReadOnlyList<VcpuHistory> histories = session.TakeHistories(HasEnded);
        foreach (Sink sink in _sinks) sink.TakeHistories?.Invoke(histories);
    }

    private Interval Read(Grouping grouping)
    {
        Interval interval = session.Read(grouping) with { From = _from.At, FromNs = _from.Ns };
        _from = (interval.To, interval.ToNs);
        return interval;
    }

    private bool Wait(TimeSpan time, Func<TimeSpan, bool> wait, bool hasSlow)
    {
        if (!hasSlow) return wait(time);
        if (!IsWokenBySlow)
        {
            bool hasEnded = wait(Min(time, s_longestWait));
            ReadSlow(TimeSpan.Zero);
            return hasEnded;
        }
        if (time > TimeSpan.Zero) ReadSlow(Min(time, s_longestWait));
        return wait(TimeSpan.Zero);
    }

    // Passed on after the reading and not within it: native code calls it, and a sink's exception must not pass through that.
    private void ReadSlow(TimeSpan timeout)
    {
        _batch.Clear();
        session.ReadSlow(timeout, _batch.Add);
        if (_batch.Count == 0) return;
        foreach (Sink sink in _sinks)
            if (sink.WantsSlow) sink.AddSlow(_batch);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}

/// <summary>
/// The times of something that repeats at a fixed period from a start, so that delays do not add up. A missed time is skipped.
/// </summary>
/// <param name="period">The period; null for never.</param>
public sealed class Cadence(TimeSpan? period)
{
    /// <summary>The next time, since the start; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan Next { get; private set; } = period ?? TimeSpan.MaxValue;

    /// <summary>Whether it is due; if so, the next time is the first multiple in the future.</summary>
    /// <param name="elapsed">The time since the start.</param>
    public bool IsDue(TimeSpan elapsed)
    {
        if (elapsed < Next || period is not { } step) return false;
        Next = new TimeSpan((elapsed.Ticks / step.Ticks + 1) * step.Ticks);
        return true;
    }
}
