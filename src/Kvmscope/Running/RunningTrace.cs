using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Running;

/// <summary>A running trace, as its command sees it.</summary>
/// <param name="Sampler">The only reader of the trace.</param>
/// <param name="Plan">When it stops and how often it gives an answer.</param>
/// <param name="End">What ends the trace.</param>
/// <param name="Clock">The time since it started.</param>
/// <param name="Target">Where the answer goes.</param>
internal sealed record RunningTrace(Sampler Sampler, RunPlan Plan, ITraceEnd End, TraceClock Clock, OutputTarget Target)
{
    /// <summary>Samples until the trace ends.</summary>
    public void Sample(Sink sink)
    {
        Sampler.Add(sink);
        Sampler.Run(End.Wait, Plan.Duration);
    }

    /// <summary>Samples until the trace ends: one interval for all of it, or one for each of the plan's.</summary>
    /// <param name="grouping">How fine vCPUs are kept apart.</param>
    /// <param name="take">Takes each interval as it comes.</param>
    public void Sample(Grouping grouping, Action<Interval> take) => Sample(new Sink(grouping, interval =>
    {
        take(interval);
        return true;
    })
    { Step = Plan.Interval });
}
