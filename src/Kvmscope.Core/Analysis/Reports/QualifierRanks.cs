using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>
/// Which qualifiers, pages and instructions of each reason have their own row: the first ones in the order of the report.
/// </summary>
internal sealed class QualifierRanks(int top, SortKey order)
{
    // By the key without these and without level.
    private readonly Dictionary<GroupKey, Dictionary<(Qualifier, Place?), Tally>> _reasons = [];
    private readonly Dictionary<GroupKey, HashSet<(Qualifier, Place?)>> _shown = [];

    /// <summary>Adds a tally to rank.</summary>
    internal void Add(GroupKey key, Tally tally)
    {
        if (!IsRanked(key)) return;
        if (!_reasons.TryGetValue(ReasonOf(key), out var parts)) _reasons.Add(ReasonOf(key), parts = []);
        if (!parts.TryGetValue(PartsOf(key), out Tally? sum)) parts.Add(PartsOf(key), sum = new Tally());
        sum.Add(tally);
    }

    /// <summary>The key that it is shown as: itself, or with what is known of it as other.</summary>
    internal GroupKey Shown(GroupKey key)
    {
        if (!IsRanked(key)) return key;
        GroupKey reason = ReasonOf(key);
        if (!_shown.TryGetValue(reason, out HashSet<(Qualifier, Place?)>? shown))
        {
            var ordered = _reasons[reason].OrderByDescending(q => Weight(q.Value)).ThenBy(q => q.Key.Item1.Raw)
                .ThenBy(q => q.Key.Item2?.Page.Raw).ThenBy(q => q.Key.Item2?.Rip.Raw);
            _shown.Add(reason, shown = [.. ordered.Take(top).Select(q => q.Key)]);
        }
        if (shown.Contains(PartsOf(key))) return key;
        Place? place = key.Place is { } known ? new Place(Other(known.Page), Other(known.Rip)) : null;
        return key with { Qualifier = Other(key.Qualifier), Place = place };
    }

    // What has something known, and nothing that found no room: those are other anyway.
    private static bool IsRanked(GroupKey key) => !key.IsOther
        && (key.Qualifier.State == QualifierState.Known || key.Place is { Page.State: QualifierState.Known }
            || key.Place is { Rip.State: QualifierState.Known });

    private static Qualifier Other(Qualifier one) => one.State == QualifierState.Known ? Qualifier.Other : one;

    private static (Qualifier, Place?) PartsOf(GroupKey key) => (key.Qualifier, key.Place);

    private static GroupKey ReasonOf(GroupKey key) => key with { Level = default, Qualifier = default, Place = null };

    private ulong Weight(Tally tally) => order switch
    {
        SortKey.Time => tally.TotalNs,
        SortKey.Average => tally.AverageNs ?? 0,
        SortKey.Max => tally.LongestNs ?? 0,
        _ => tally.Count,
    };
}
