namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>
/// Many tests at once (Holm 1979): the probability that any of them speaks up where nothing changed stays below the level, however the
/// tests depend on one another.
/// </summary>
internal static class Holm
{
    /// <summary>What is left to chance in a whole comparison.</summary>
    internal const double Level = 0.01;

    /// <summary>Which tests hold, by their probabilities.</summary>
    internal static bool[] Holds(IReadOnlyList<double> probabilities)
    {
        var holds = new bool[probabilities.Count];
        int left = probabilities.Count;
        foreach (int i in Enumerable.Range(0, left).OrderBy(i => probabilities[i]))
        {
            if (probabilities[i] > Level / left) break;
            holds[i] = true;
            left--;
        }
        return holds;
    }
}
