using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Sources;
using Kvmscope.Live.State;

namespace Kvmscope.Live;

/// <summary>The figures of what is shown, as the JSON of reports: of the shown time, and of the exits on the way to it.</summary>
internal static class LiveFigures
{
    /// <summary>Writes an interval as a report of it would be; the filter by name is not in it.</summary>
    public static void Write(TextWriter output, LiveSource source, LiveState state, Interval interval)
    {
        SummaryScope scope = state.Scope;
        ReportRequest request = RequestOf(source, state);
        if (scope != default) interval = Part(interval, source, scope);
        OutputKinds.Reports.In(OutputFormat.Json)(new Destination(output, new ViewStyle()), request).Write(interval);
    }

    /// <summary>Writes slow exits, one object each.</summary>
    public static void Write(TextWriter output, IEnumerable<SlowExit> exits)
    {
        IOutputWriter<SlowExit> writer =
            OutputKinds.SlowExits.In(OutputFormat.Json)(new Destination(output, new ViewStyle()), new SlowExitRequest(IsVerbose: true));
        foreach (SlowExit exit in exits) writer.Write(exit);
    }

    /// <summary>The report that has the rows of a view.</summary>
    public static ReportRequest RequestOf(LiveSource source, LiveState state)
    {
        TraceOptions detail = source.Detail;
        SummaryScope scope = state.Scope;
        bool hasAllExits = source.HasAllExits && scope.Code is null && scope.Level is null;
        bool isNested = state.View == LiveView.Nested && detail.WantNested;
        GroupBy by = By(source, state);
        return new ReportRequest
        {
            Kind = !detail.WantTime ? ReportKind.Count : state.View == LiveView.Latency ? ReportKind.Hist : ReportKind.Time,
            Command = "top",
            By = by,
            Split = detail.WantSplit && !isNested && state.View is not LiveView.Latency,
            Nested = isNested,
            HasAllExits = hasAllExits,
            WasAllRecorded = source.HasAllExits,
            IsRecorded = !source.IsLive,
            HasVms = source.Grouping >= Grouping.Vm,
        };
    }

    private static GroupBy By(LiveSource source, LiveState state)
    {
        // Rows of VMs and vCPUs name their reasons.
        bool ofVm = state.Scope.Vm is not null;
        bool byVcpu = state.View == LiveView.Vcpus || state.Scope.Vcpu is not null || (state.Transposed && ofVm);
        bool byVm = ofVm || state.Transposed
            || state.View is LiveView.Vms or LiveView.Nested or LiveView.Latency or LiveView.Places;
        GroupBy owner = source.Grouping == Grouping.Host ? GroupBy.None
            : byVcpu && source.Grouping == Grouping.Vcpu ? GroupBy.Vcpu
            : byVcpu || byVm ? GroupBy.Vm : GroupBy.None;
        return owner | GroupBy.Reason | state.View switch
        {
            LiveView.Qualifiers when source.Detail.WantQualifiers => GroupBy.Qualifier,
            LiveView.Places when source.Detail.PageShift is not null && !state.Transposed => GroupBy.Page,
            LiveView.Places when source.Detail.WantRips => GroupBy.Rip,
            _ => GroupBy.None,
        };
    }

    private static Interval Part(Interval interval, LiveSource source, SummaryScope scope)
    {
        var sum = new IntervalSum(source.Grouping, source.Detail.Parts, key => Has(scope, key));
        sum.Add(interval);
        return sum.ToInterval(source.Grouping == Grouping.Host ? null : vm => scope.Vm is not { } number || vm.Ordinal == number);
    }

    // The key of a wall clock has no reason.
    private static bool Has(SummaryScope scope, GroupKey key) => (scope.Vm is not { } vm || key.Vm == vm)
        && (scope.Vcpu is not { } vcpu || key.Vcpu == vcpu)
        && (key.Code == default(ExitCode) || ((scope.Code is not { } code || key.Code == code)
            && (scope.Level is not { } level || key.Level == level)
            && (scope.Qualifier is not { } qualifier || key.Qualifier == qualifier)));
}
