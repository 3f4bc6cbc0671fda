namespace Kvmscope.CommandLine;

/// <summary>How long is traced and how often is answered.</summary>
/// <param name="Duration">When to stop; null for not by time.</param>
/// <param name="Interval">How often to answer; null for once, at the end.</param>
/// <param name="Command">What to start once tracing; tracing stops when it ends.</param>
internal sealed record RunPlan(TimeSpan? Duration = null, TimeSpan? Interval = null, IReadOnlyList<string>? Command = null);
