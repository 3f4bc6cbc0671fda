using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>One row per VM, the one that loses most first.</summary>
internal sealed class VmsView() : SummaryRows(
    [
        RowColumns.Vm with { If = null }, RowColumns.Vcpus, RowColumns.Exits, RowColumns.BusyWithoutWall, RowColumns.L2, RowColumns.Lost,
        RowColumns.Guest, RowColumns.Kvm, RowColumns.Vmm, RowColumns.Runq, RowColumns.Halt, RowColumns.Poll, RowColumns.Sleep,
        RowColumns.Unattributed, RowColumns.Bar, RowColumns.P99, RowColumns.Max, RowColumns.Trend, RowColumns.Reasons,
    ],
    "lost", "busy", "exits")
{
    /// <inheritdoc/>
    public override (SummaryScope Scope, LiveView View)? Drill(LiveFrame frame, int index)
    {
        GroupKey key = Row(index).Key;
        bool hasVcpus = frame.Source.Grouping == Grouping.Vcpu && frame.Reader.Detail.Grouping == Grouping.Vcpu;
        return key.Vm < 0 ? (default, LiveView.Reasons) : (new SummaryScope { Vm = key.Vm }, hasVcpus ? LiveView.Vcpus : LiveView.Reasons);
    }

    /// <inheritdoc/>
    protected override GroupBy By(LiveFrame frame) => GroupBy.Vm;
}

/// <summary>One row per vCPU, the one that loses most first.</summary>
internal sealed class VcpusView() : SummaryRows(
    [
        RowColumns.Vm, RowColumns.Vcpu, RowColumns.Exits, RowColumns.BusyWithoutWall, RowColumns.L2, RowColumns.Lost,
        RowColumns.Guest, RowColumns.Kvm, RowColumns.Vmm, RowColumns.Runq, RowColumns.Halt, RowColumns.Poll, RowColumns.Sleep,
        RowColumns.Unattributed, RowColumns.Bar, RowColumns.P99, RowColumns.Max, RowColumns.Trend, RowColumns.Reasons,
    ],
    "lost", "busy", "exits")
{
    /// <inheritdoc/>
    public override (SummaryScope Scope, LiveView View)? Drill(LiveFrame frame, int index)
    {
        GroupKey key = Row(index).Key;
        return (new SummaryScope { Vm = key.Vm, Vcpu = key.VcpuId }, LiveView.Reasons);
    }

    /// <inheritdoc/>
    protected override GroupBy By(LiveFrame frame) => GroupBy.Vcpu;

    /// <inheritdoc/>
    protected override string? WhyNone(LiveFrame frame) => LiveNeeds.AtThisTime(frame, needsVcpus: true);
}

/// <summary>One row per exit reason, the one with most busy time first.</summary>
internal sealed class ReasonsView() : SummaryRows(
    [
        RowColumns.Reason with { If = null }, RowColumns.Exits, RowColumns.L2, RowColumns.Busy, RowColumns.Average, RowColumns.P50,
        RowColumns.P99, RowColumns.Max, RowColumns.Kvm, RowColumns.Vmm, RowColumns.Runq, RowColumns.Halt, RowColumns.Poll, RowColumns.Sleep,
        RowColumns.Trend,
    ],
    "busy", "exits")
{
    /// <inheritdoc/>
    public override (SummaryScope Scope, LiveView View)? Drill(LiveFrame frame, int index) => frame.Source.Detail.WantQualifiers
        ? (frame.State.Scope with { Code = Row(index).Key.Code }, LiveView.Qualifiers)
        : null;

    /// <inheritdoc/>
    protected override GroupBy By(LiveFrame frame) => GroupBy.Reason;

    /// <inheritdoc/>
    protected override string? WhyNone(LiveFrame frame) => LiveNeeds.AtThisTime(frame, frame.State.Scope.Vcpu is not null);
}

/// <summary>One row per argument of a reason, the one with most busy time first.</summary>
internal sealed class QualifiersView() : SummaryRows(
    [
        RowColumns.Reason, RowColumns.Qualifier, RowColumns.Exits, RowColumns.L2, RowColumns.Busy, RowColumns.Average, RowColumns.P50,
        RowColumns.P99, RowColumns.Max, RowColumns.Kvm, RowColumns.Vmm, RowColumns.Runq, RowColumns.Halt, RowColumns.Poll, RowColumns.Sleep,
        RowColumns.Trend,
    ],
    "busy", "exits")
{
    /// <inheritdoc/>
    public override (SummaryScope Scope, LiveView View)? Drill(LiveFrame frame, int index)
    {
        GroupKey key = Row(index).Key;
        if ((frame.Source.Detail.Parts & (ExitParts.Page | ExitParts.Rip)) == 0) return null;
        return (frame.State.Scope with { Code = key.Code, Qualifier = key.Qualifier }, LiveView.Places);
    }

    /// <inheritdoc/>
    protected override GroupBy By(LiveFrame frame) => GroupBy.Reason | GroupBy.Qualifier;

    /// <inheritdoc/>
    protected override string? WhyNone(LiveFrame frame) => frame.Source.Detail.WantQualifiers
        ? LiveNeeds.AtThisTime(frame, frame.State.Scope.Vcpu is not null, ExitParts.Qualifier)
        : LiveNeeds.NotMeasured(frame, "the reasons' arguments", "leave out --light", "record without --without qualifiers");
}
