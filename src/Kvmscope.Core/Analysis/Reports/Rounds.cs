namespace Kvmscope.Core.Analysis.Reports;

/// <summary>What a row of L2 says of its reflected exits; what no round tells is null.</summary>
internal static class Rounds
{
    /// <summary>Exits that were reflected to L1.</summary>
    internal static ulong Reflected(ReportRow row) => row.Rounds?.Reflected ?? 0;

    /// <summary>Exits that this host handled: those that ended and were not reflected.</summary>
    internal static ulong Handled(ReportRow row) => row.Total.Timed - Math.Min(row.Total.Timed, Reflected(row));

    /// <summary>The average round in ns.</summary>
    internal static ulong? AverageNs(ReportRow row) => row.Rounds is { Timed: > 0 } rounds ? rounds.AverageNs : null;

    /// <summary>The 99th percentile of the rounds in ns.</summary>
    internal static ulong? P99Ns(ReportRow row) => row.Rounds is { Timed: > 0 } rounds ? rounds.Quantile(0.99) : null;

    /// <summary>Exits of L1 a round, on average.</summary>
    internal static double? L1Exits(ReportRow row) => row.Rounds is { Timed: > 0 } rounds ? (double)rounds.L1Exits / rounds.Timed : null;
}
