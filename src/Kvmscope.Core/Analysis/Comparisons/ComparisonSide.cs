using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>One of the two that are compared.</summary>
/// <param name="Name">What it is called: a file, a window, a VM.</param>
/// <param name="Samples">Intervals that follow one another, each as long as the others but perhaps the last; grouped as asked for or finer.</param>
public sealed record ComparisonSide(string Name, IReadOnlyList<Interval> Samples);
