using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>
/// The order of a report's rows: idle exits last where they are apart, then by the key, then by reason, VM, vCPU and level, so that equal
/// intervals print equally.
/// </summary>
internal sealed class ReportOrder(SortKey key, bool isSplit = false, bool idleApart = false) : IComparer<ReportRow>
{
    public int Compare(ReportRow? x, ReportRow? y)
    {
        if (x is null || y is null) return (x is null ? 0 : 1) - (y is null ? 0 : 1);
        int apart = idleApart ? (x.Idle ?? false).CompareTo(y.Idle ?? false) : 0;
        if (apart != 0) return apart;
        int order = key switch
        {
            SortKey.Count => y.Total.Count.CompareTo(x.Total.Count),
            SortKey.Time => CompareTime(y, x),
            SortKey.Average => Nullable.Compare(y.Total.AverageNs, x.Total.AverageNs),
            SortKey.Max => Nullable.Compare(y.Total.LongestNs, x.Total.LongestNs),
            _ => 0,
        };
        return order != 0 ? order : CompareKeys(x, y);
    }

    // The split also shows the time of open exits.
    private int CompareTime(ReportRow a, ReportRow b)
    {
        int order = isSplit ? Nullable.Compare(a.Parts?.Sum, b.Parts?.Sum) : 0;
        return order != 0 ? order : a.Total.TotalNs.CompareTo(b.Total.TotalNs);
    }

    private static int CompareKeys(ReportRow x, ReportRow y)
    {
        int order = CompareCodes(x.Code, y.Code);
        if (order == 0) order = Compare(x.Qualifier, y.Qualifier);
        if (order == 0) order = Compare(x.Place?.Page ?? default, y.Place?.Page ?? default);
        if (order == 0) order = Compare(x.Place?.Rip ?? default, y.Place?.Rip ?? default);
        if (order == 0) order = (x.Vm?.Ordinal ?? -1).CompareTo(y.Vm?.Ordinal ?? -1);
        if (order == 0) order = (x.Vcpu ?? -1).CompareTo(y.Vcpu ?? -1);
        if (order == 0) order = (x.Level ?? 0).CompareTo(y.Level ?? 0);
        if (order == 0) order = (x.Idle ?? false).CompareTo(y.Idle ?? false);
        return order;
    }

    private static int Compare(Qualifier x, Qualifier y) =>
        x.State != y.State ? x.State.CompareTo(y.State) : x.Raw.CompareTo(y.Raw);

    // The flags of VMX come after the number, so that a failed entry comes after its reason.
    private static int CompareCodes(ExitCode? x, ExitCode? y)
    {
        if (x is not { } a || y is not { } b) return (x is null ? 0 : 1) - (y is null ? 0 : 1);
        int order = a.Isa.CompareTo(b.Isa);
        if (order == 0) order = ExitReasons.SortNumber(a).CompareTo(ExitReasons.SortNumber(b));
        return order != 0 ? order : a.Code.CompareTo(b.Code);
    }
}
