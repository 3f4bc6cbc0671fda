using Kvmscope.Core.Tracing;
using Kvmscope.Terminal;

namespace Kvmscope.Running;

/// <summary>What a trace's reader needs.</summary>
/// <param name="Session">The counters and events.</param>
/// <param name="End">What ends the trace.</param>
/// <param name="Clock">The time since it started.</param>
/// <param name="Target">Where the answer goes.</param>
internal sealed record RunningTrace(ITraceSession Session, ITraceEnd End, TraceClock Clock, OutputTarget Target);
