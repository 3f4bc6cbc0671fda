using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Reports;

/// <summary>Which qualifiers of each reason have a row of their own: the first ones in the order of the report.</summary>
internal sealed class QualifierRanks(int top, SortKey order)
{
    private readonly Dictionary<(int Vm, int Vcpu, ExitCode Code), Dictionary<Qualifier, Measure>> _reasons = [];
    private readonly Dictionary<(int Vm, int Vcpu, ExitCode Code), HashSet<Qualifier>> _shown = [];

    /// <summary>Adds what has to be ranked.</summary>
    internal void Add(int vm, int vcpu, ExitCode code, Qualifier qualifier, Measure measure)
    {
        if (qualifier.State != QualifierState.Known) return;
        var key = (vm, vcpu, code);
        if (!_reasons.TryGetValue(key, out var qualifiers)) _reasons.Add(key, qualifiers = []);
        if (!qualifiers.TryGetValue(qualifier, out Measure? sum)) qualifiers.Add(qualifier, sum = new Measure());
        sum.Add(measure);
    }

    /// <summary>The qualifier under which it is shown: itself, or other.</summary>
    internal Qualifier Shown(int vm, int vcpu, ExitCode code, Qualifier qualifier)
    {
        if (qualifier.State != QualifierState.Known) return qualifier;
        var key = (vm, vcpu, code);
        if (!_shown.TryGetValue(key, out HashSet<Qualifier>? shown))
            _shown.Add(key, shown = [.. _reasons[key].OrderByDescending(q => Weight(q.Value)).ThenBy(q => q.Key.Raw).Take(top).Select(q => q.Key)]);
        return shown.Contains(qualifier) ? qualifier : Qualifier.Other;
    }

    private ulong Weight(Measure measure) => order switch
    {
        SortKey.Time => measure.TotalNs,
        SortKey.Average => measure.AverageNs ?? 0,
        SortKey.Max => measure.MaxNs ?? 0,
        _ => measure.Count,
    };
}
