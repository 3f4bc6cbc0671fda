using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Running;

namespace Kvmscope.Recordings;

/// <summary>Runs a trace to its end and records it, interval by interval.</summary>
/// <param name="trace">The trace.</param>
/// <param name="run">When to stop.</param>
/// <param name="plan">What is recorded.</param>
/// <param name="hasSlow">Whether slow exits come.</param>
/// <param name="tape">Where intervals go.</param>
/// <param name="status">Says how it goes.</param>
internal sealed class RecordLoop(RunningTrace trace, RunPlan run, RecordPlan plan, bool hasSlow, RecordTape tape, RecordStatus status)
{
    /// <summary>So many slow exits of one interval are kept; the rest is counted as lost. A threshold that lets more through is too low.</summary>
    public const int MostSlow = 10_000;

    private static readonly TimeSpan s_sweepPeriod = TimeSpan.FromSeconds(1), s_longestWait = TimeSpan.FromMilliseconds(100);

    private readonly List<SlowExit> _slow = [];
    private ulong _slowLeftOut;

    /// <summary>Runs.</summary>
    public void Run()
    {
        var sweeps = new Cadence(s_sweepPeriod);
        var intervals = new Cadence(plan.Interval);
        TimeSpan stop = run.Duration ?? TimeSpan.MaxValue;
        Snapshot? before = null;
        (DateTimeOffset At, long Ns) from = (trace.Clock.Started, trace.Clock.StartMonotonicNs);
        tape.Begin(from);
        for (bool ended = false; !ended;)
        {
            TimeSpan next = Min(stop, Min(sweeps.Next, intervals.Next));
            ended = Wait(next - trace.Clock.Elapsed) | trace.Clock.Elapsed >= stop;
            bool due = intervals.IsDue(trace.Clock.Elapsed) || ended;
            // Also before an interval: names of VMs that came since are learned by it.
            if (sweeps.IsDue(trace.Clock.Elapsed) || due) trace.Session.Sweep();
            if (!due) continue;
            if (hasSlow) trace.Session.ReadSlow(TimeSpan.Zero, Keep);
            Snapshot now = trace.Session.Read(plan.Grouping);
            RecordedInterval interval = RecordedInterval.Between(tape.Next, from, before, now, [.. _slow]);
            if (_slowLeftOut > 0) interval = interval with { Trust = interval.Trust with { LostEvents = interval.Trust.LostEvents + _slowLeftOut } };
            tape.Add(interval, ended);
            status.Say(trace.Clock.Elapsed, interval, tape);
            (before, from) = (now, (now.At, now.MonotonicNs));
            _slow.Clear();
            _slowLeftOut = 0;
        }
        tape.End();
    }

    // Slow exits wake the reader at once; the end of the trace is then looked for ten times a second.
    private bool Wait(TimeSpan time)
    {
        if (!hasSlow) return trace.End.Wait(time);
        if (time > TimeSpan.Zero) trace.Session.ReadSlow(Min(time, s_longestWait), Keep);
        return trace.End.Wait(TimeSpan.Zero);
    }

    private void Keep(SlowExit exit)
    {
        if (_slow.Count < MostSlow) _slow.Add(exit);
        else _slowLeftOut++;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
