namespace Kvmscope.Core.Charts;

/// <summary>A clock time on the axis.</summary>
/// <param name="X">Where it is, in dots from the begin of the axis.</param>
/// <param name="Label">The time.</param>
internal readonly record struct ClockTick(int X, string Label);
