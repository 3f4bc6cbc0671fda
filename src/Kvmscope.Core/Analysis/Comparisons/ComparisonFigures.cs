namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>What one side has in a row, over its whole length; times are null where none was measured.</summary>
/// <param name="Rate">Exits a second.</param>
/// <param name="Share">Its part of the side's busy handling time, from 0 to 1; null for idle exits, and where nothing was busy.</param>
/// <param name="AverageNs">The average handling time in ns.</param>
/// <param name="P50Ns">The median in ns.</param>
/// <param name="P99Ns">The 99th percentile in ns.</param>
public readonly record struct ComparisonFigures(double Rate, double? Share, ulong? AverageNs, ulong? P50Ns, ulong? P99Ns);
