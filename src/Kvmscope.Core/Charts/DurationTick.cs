namespace Kvmscope.Core.Charts;

/// <summary>A round handling time on the axis.</summary>
/// <param name="Up">How high it is above the bottom, in dots.</param>
/// <param name="Label">The time.</param>
internal readonly record struct DurationTick(int Up, string Label);
