namespace Kvmscope.CommandLine;

/// <summary>How long to trace and how often to print an answer.</summary>
/// <param name="Duration">When to stop; null for no limit.</param>
/// <param name="Interval">How often to print an answer; null for once, at the end.</param>
/// <param name="Command">What to start once tracing runs; tracing stops when it ends.</param>
internal sealed record RunPlan(TimeSpan? Duration = null, TimeSpan? Interval = null, IReadOnlyList<string>? Command = null);
