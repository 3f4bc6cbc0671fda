using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Tracing;

namespace Kvmscope.Running;

/// <summary>Runs a trace of slow exits to its end: hands each over as it comes, and says how many were lost.</summary>
/// <param name="session">The trace.</param>
/// <param name="plan">When to stop.</param>
/// <param name="end">What else stops it.</param>
/// <param name="clock">The time since the trace was attached.</param>
internal sealed class SlowLoop(ITraceSession session, RunPlan plan, ITraceEnd end, TraceClock clock)
{
    // Events wake the reader at once; this is how soon Ctrl-C does.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_sweepPeriod = TimeSpan.FromSeconds(1);

    private readonly List<SlowExit> _batch = [];
    private ulong _lost;

    /// <summary>Runs.</summary>
    /// <param name="give">Takes each slow exit.</param>
    /// <param name="flush">Called after each batch.</param>
    /// <param name="error">Takes the lines about lost events.</param>
    public void Run(Action<SlowExit> give, Action flush, TextWriter error)
    {
        var sweeps = new Cadence(s_sweepPeriod);
        TimeSpan stop = plan.Duration ?? TimeSpan.MaxValue;
        for (bool ended = false; !ended;)
        {
            TimeSpan left = stop - clock.Elapsed;
            if (left > TimeSpan.Zero) HandOver(left < s_longestWait ? left : s_longestWait, give, flush);
            ended = end.Wait(TimeSpan.Zero) || clock.Elapsed >= stop;
            if (!sweeps.IsDue(clock.Elapsed)) continue;
            session.Sweep();
            SayLost(error);
        }
        // Once: where exits are slow faster than they are printed, there is no moment at which none is left.
        HandOver(TimeSpan.Zero, give, flush);
        SayLost(error);
    }

    // Written after the read and not in its callback: a write can fail (a closed pipe), and the callback is called by native code.
    private void HandOver(TimeSpan timeout, Action<SlowExit> give, Action flush)
    {
        _batch.Clear();
        session.ReadSlow(timeout, _batch.Add);
        if (_batch.Count == 0) return;
        foreach (SlowExit exit in _batch) give(exit);
        flush();
    }

    private void SayLost(TextWriter error)
    {
        ulong lost = session.Read(Grouping.Host).Trust.LostEvents;
        if (lost > _lost) error.WriteLine(AccountingText.LostEvents(lost - _lost));
        _lost = lost;
    }
}
