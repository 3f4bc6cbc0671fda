namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>Two sides, group by group, with what changed beyond noise.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="A">The first side.</param>
/// <param name="B">The second side.</param>
/// <param name="Rows">The groups: busy ones before idle ones, and of each the largest change of handling time first.</param>
/// <param name="Total">All exits.</param>
/// <param name="Busy">All but the idle classes.</param>
/// <param name="Tests">How many figures were tested, of all rows together.</param>
/// <param name="Notes">What the reader should know, a sentence each.</param>
public sealed record Comparison(
    ComparisonRequest Request, ComparedSide A, ComparedSide B, IReadOnlyList<ComparisonRow> Rows, ComparisonRow Total, ComparisonRow Busy, int Tests,
    IReadOnlyList<string> Notes);
