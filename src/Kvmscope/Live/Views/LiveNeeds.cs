using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Live.Views;

/// <summary>Why something is not there to be shown, and how to have it.</summary>
internal static class LiveNeeds
{
    /// <summary>Nothing was recorded.</summary>
    public static string NoInterval(LiveFrame frame) => frame.Source.IsLive && frame.Source.History.From == frame.Source.History.To
        ? "waiting for the first interval"
        : "nothing was recorded in this time: go on with the keys for time";

    /// <summary>There are none, or the filter leaves none.</summary>
    public static string NoRows(LiveFrame frame) => frame.CountOfAll > 0
        ? "nothing has what is typed in its name: / and Esc show all"
        : "there was no exit in this time";

    /// <summary>VMs, vCPUs or arguments were kept apart, but are not at this time any more.</summary>
    /// <param name="frame">The drawing.</param>
    /// <param name="needsVcpus">Whether vCPUs are needed.</param>
    /// <param name="parts">What exits of a reason have to be kept apart by.</param>
    public static string? AtThisTime(LiveFrame frame, bool needsVcpus, ExitParts parts = ExitParts.None)
    {
        if (frame.Reader.Interval is null) return NoInterval(frame);
        SummaryScope scope = frame.State.Scope;
        if (scope.Qualifier is not null) parts |= ExitParts.Qualifier;
        if (scope.Vm is not null && frame.Reader.Detail.Grouping < Grouping.Vm) return Coarse(frame, "VMs");
        if (needsVcpus && frame.Source.Grouping < Grouping.Vcpu) return "the recording does not keep vCPUs apart";
        if (needsVcpus && frame.Reader.Detail.Grouping < Grouping.Vcpu) return Coarse(frame, "vCPUs");
        return (frame.Reader.Detail.Parts & parts) != parts ? Coarse(frame, "arguments, pages and instructions") : null;
    }

    /// <summary>Something is not measured.</summary>
    /// <param name="frame">The drawing.</param>
    /// <param name="what">What, as the subject of a sentence in the plural.</param>
    /// <param name="live">How a live screen has it.</param>
    /// <param name="record">How a recording has it.</param>
    public static string NotMeasured(LiveFrame frame, string what, string live, string record) => frame.Source.IsLive
        ? $"{what} are not measured: {live}"
        : $"{what} are not in the recording: {record}";

    private static string Coarse(LiveFrame frame, string what)
    {
        string length = ScaledText.Time((ulong)frame.Reader.Detail.StepNs, frame.Look.Unicode);
        return $"{what} are kept apart only in newer times: here an interval is {length} long";
    }
}
