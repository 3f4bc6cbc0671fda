using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Tracing;

namespace Kvmscope.Running;

/// <summary>Runs a trace to its end and gives its answers: one, or one each interval and one for the rest.</summary>
/// <param name="session">The trace.</param>
/// <param name="plan">When to stop, how often to answer.</param>
/// <param name="end">What else stops it.</param>
/// <param name="clock">The time since the trace was attached.</param>
internal sealed class AnswerLoop(ITraceSession session, RunPlan plan, ITraceEnd end, TraceClock clock)
{
    private static readonly TimeSpan s_sweepPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Runs.</summary>
    /// <param name="command">The command's name, for the answers.</param>
    /// <param name="grouping">Which vCPUs are kept apart.</param>
    /// <param name="give">Takes each answer as it comes.</param>
    public void Run(string command, Grouping grouping, Action<Answer> give)
    {
        var sweeps = new Cadence(s_sweepPeriod);
        var answers = new Cadence(plan.Interval);
        TimeSpan stop = plan.Duration ?? TimeSpan.MaxValue;
        Snapshot? before = null;
        (DateTimeOffset Started, long Ns) from = (clock.Started, clock.StartMonotonicNs);
        for (bool ended = false; !ended;)
        {
            TimeSpan next = Min(stop, Min(sweeps.Next, answers.Next));
            ended = end.Wait(next - clock.Elapsed) | clock.Elapsed >= stop;
            bool answer = answers.IsDue(clock.Elapsed) || ended;
            // Also before an answer: names of VMs that came since are learned by it.
            if (sweeps.IsDue(clock.Elapsed) || answer) session.Sweep();
            if (!answer) continue;
            Snapshot now = session.Read(grouping);
            give(Delta.Between(command, from.Started, before, now, from.Ns));
            (before, from) = (now, (now.At, now.MonotonicNs));
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
