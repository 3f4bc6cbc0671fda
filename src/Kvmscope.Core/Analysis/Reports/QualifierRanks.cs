using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>Which qualifiers of each reason have their own row: the first ones in the order of the report.</summary>
internal sealed class QualifierRanks(int top, SortKey order)
{
    // By the key without qualifier and level.
    private readonly Dictionary<GroupKey, Dictionary<Qualifier, Tally>> _reasons = [];
    private readonly Dictionary<GroupKey, HashSet<Qualifier>> _shown = [];

    /// <summary>Adds a tally to rank.</summary>
    internal void Add(GroupKey key, Tally tally)
    {
        if (key.Qualifier.State != QualifierState.Known) return;
        if (!_reasons.TryGetValue(ReasonOf(key), out var qualifiers)) _reasons.Add(ReasonOf(key), qualifiers = []);
        if (!qualifiers.TryGetValue(key.Qualifier, out Tally? sum)) qualifiers.Add(key.Qualifier, sum = new Tally());
        sum.Add(tally);
    }

    /// <summary>The qualifier that it is shown as: itself, or other.</summary>
    internal Qualifier Shown(GroupKey key)
    {
        if (key.Qualifier.State != QualifierState.Known) return key.Qualifier;
        GroupKey reason = ReasonOf(key);
        if (!_shown.TryGetValue(reason, out HashSet<Qualifier>? shown))
        {
            var order = _reasons[reason].OrderByDescending(q => Weight(q.Value)).ThenBy(q => q.Key.Raw);
            _shown.Add(reason, shown = [.. order.Take(top).Select(q => q.Key)]);
        }
        return shown.Contains(key.Qualifier) ? key.Qualifier : Qualifier.Other;
    }

    private static GroupKey ReasonOf(GroupKey key) => key with { Level = default, Qualifier = default };

    private ulong Weight(Tally tally) => order switch
    {
        SortKey.Time => tally.TotalNs,
        SortKey.Average => tally.AverageNs ?? 0,
        SortKey.Max => tally.LongestNs ?? 0,
        _ => tally.Count,
    };
}
