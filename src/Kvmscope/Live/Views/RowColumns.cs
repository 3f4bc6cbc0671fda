using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;
using Kvmscope.Live.Screen;
using Column = Kvmscope.Live.Views.LiveColumn<Kvmscope.Core.Analysis.Summaries.SummaryRow>;

namespace Kvmscope.Live.Views;

/// <summary>The columns of groups of exits, each once for all views; what is not known is <c>-</c>.</summary>
internal static class RowColumns
{
    private const int Rate = 7, Percent = 5, Duration = 7;

    // From here on time in the run queue is worth a look, as --explain has it, or is bad.
    private const double MuchWait = 0.05, TooMuchWait = 0.2;

    /// <summary>The VM.</summary>
    public static Column Vm { get; } = new("vm", "VM", 8)
    {
        Needs = static frame => Math.Clamp(frame.Names.LongestVm, 8, Math.Max(8, frame.Grid.Columns / 6)),
        Room = static frame => Math.Min(frame.Names.LongestVm, Math.Max(12, frame.Grid.Columns / 5)),
        If = static frame => frame.State.Scope.Vm is null,
        CutsMiddle = static (frame, width) => frame.Names.EndsTellApart(width),
        Text = static (row, frame) => frame.Names.Vm(row.Key.Vm),
    };

    /// <summary>The vCPU's id.</summary>
    public static Column Vcpu { get; } = new("vcpu", "vCPU", 4)
    {
        Figure = static (to, row, _) => row.Key.VcpuId is { } id ? LiveText.Number(to, (ulong)id) : LiveText.Missing(to),
        Value = static (row, _) => -row.Key.Vcpu,
    };

    /// <summary>How many vCPUs.</summary>
    public static Column Vcpus { get; } = new("vcpus", "vCPU", 4)
    {
        Worth = 45,
        Figure = static (to, row, _) => row.Vcpus > 0 ? LiveText.Number(to, (ulong)row.Vcpus) : LiveText.Missing(to),
        Value = static (row, _) => row.Vcpus > 0 ? row.Vcpus : double.NaN,
    };

    /// <summary>The reason.</summary>
    public static Column Reason { get; } = new("reason", "Reason", 14)
    {
        Room = static _ => 18,
        If = static frame => frame.State.Scope.Code is null,
        Text = static (row, frame) => frame.Reason(row.Key.Code),
    };

    /// <summary>The reason's argument.</summary>
    public static Column Qualifier { get; } = new("qualifier", "Qualifier", 12)
    {
        Needs = static frame => Math.Clamp(frame.Grid.Columns / 5, 12, 36),
        Room = static frame => Math.Max(16, frame.Grid.Columns / 4),
        Text = static (row, frame) => frame.Names.Argument(row.Key.Code, row.Key.Qualifier),
    };

    /// <summary>Exits per second.</summary>
    public static Column Exits { get; } = new("exits", "exits/s", Rate)
    {
        Worth = 95,
        Figure = static (to, row, frame) => LiveText.Rate(to, frame.PerSecond(row.Count)),
        Value = static (row, frame) => frame.PerSecond(row.Count),
    };

    /// <summary>Exits of L2 per second.</summary>
    public static Column L2 { get; } = new("l2", "L2/s", Rate)
    {
        Worth = 28,
        If = static frame => frame.HasL2,
        Figure = static (to, row, frame) => LiveText.Rate(to, frame.PerSecond(row.L2Count)),
        Value = static (row, frame) => frame.PerSecond(row.L2Count),
    };

    /// <summary>What the vCPUs wanted to run and did not.</summary>
    public static Column Lost { get; } = new("lost", "Lost%", Percent)
    {
        Worth = 98,
        If = static frame => frame.HasWall,
        Figure = static (to, row, frame) =>
            row.LostNs is { } lost && LostIsKnown(frame) ? LiveText.Share(to, lost, row.WallNs) : LiveText.Missing(to),
        Value = static (row, _) => row.LostNs is { } lost && row.WallNs > 0 ? (double)lost / row.WallNs : double.NaN,
        Tone = static (row, frame) =>
            row.LostNs is { } lost && LostIsKnown(frame) && lost > row.WallNs * TooMuchWait ? CellTone.Warning : CellTone.Plain,
    };

    /// <summary>Where the wall clock went: of exits the guest has no part.</summary>
    public static Column Guest { get; } = Part("guest", "Guest", TimePart.Guest, 5, 66);

    /// <summary>In KVM.</summary>
    public static Column Kvm { get; } = Part("kvm", "KVM", TimePart.Kvm, 4, 80);

    /// <summary>In the VMM.</summary>
    public static Column Vmm { get; } = Part("vmm", "VMM", TimePart.Vmm, 4, 79);

    /// <summary>In the run queue.</summary>
    public static Column Runq { get; } = Part("runq", "RunQ", TimePart.Runq, 4, 85);

    /// <summary>Halted.</summary>
    public static Column Halt { get; } = Part("halt", "Halt", TimePart.Halt, 4, 60);

    /// <summary>Polling for a wake-up.</summary>
    public static Column Poll { get; } = Part("poll", "Poll", TimePart.Poll, 4, 40);

    /// <summary>Asleep for another reason.</summary>
    public static Column Sleep { get; } = Part("sleep", "Sleep", TimePart.Sleep, 5, 25);

    /// <summary>What could not be attributed.</summary>
    public static Column Unattributed { get; } = Part("unattr", "Unattr", TimePart.Unattributed, 6, 10);

    /// <summary>All parts as one bar.</summary>
    public static Column Bar { get; } = new("bar", "wall clock", 10)
    {
        Worth = 55,
        FromWidth = 100,
        Most = 20,
        If = static frame => frame.HasWall,
        Paint = static (place, row, frame) =>
        {
            if (row.Parts is { } parts)
                LiveBars.Stack(place.Grid, place.Row, place.Column, place.Width, parts, row.WallNs, frame.Look);
        },
    };

    /// <summary>The share of the busy time of all rows.</summary>
    public static Column Busy { get; } = new("busy", "Busy%", Percent)
    {
        Worth = 96,
        If = static frame => frame.Source.Detail.WantTime,
        Figure = static (to, row, frame) =>
        {
            if (!row.IsIdle || row.BusyNs > 0) return LiveText.Share(to, row.Timed > 0 ? row.BusyNs : double.NaN, frame.BusyNs);
            "idle".CopyTo(to);
            return 4;
        },
        Value = static (row, _) => row.Timed > 0 ? row.BusyNs : double.NaN,
    };

    /// <summary>The same for what has a wall clock, where that is not known.</summary>
    public static Column BusyWithoutWall { get; } = Busy with { If = static frame => frame.Source.Detail.WantTime && !frame.HasWall };

    /// <summary>The average handling time.</summary>
    public static Column Average { get; } =
        Time("avg", "avg", 62, static row => row.Timed == 0 ? null : (row.TotalNs + (row.Timed / 2)) / row.Timed);

    /// <summary>The median.</summary>
    public static Column P50 { get; } = Time("p50", "p50", 35, static row => row.P50Ns) with { NeedsDetail = true };

    /// <summary>The 99th percentile.</summary>
    public static Column P99 { get; } = Time("p99", "p99", 75, static row => row.P99Ns) with { NeedsDetail = true };

    /// <summary>The longest.</summary>
    public static Column Max { get; } = Time("max", "max", 50, static row => row.MaxNs);

    /// <summary>Exits per second in the last steps.</summary>
    public static Column Trend { get; } = new("trend", "trend", 8)
    {
        Worth = 38,
        Most = 12,
        Paint = static (place, row, frame) =>
        {
            if (frame.Trends is { } trends)
                LiveBars.Trend(place.Grid, place.Row, place.Column, place.Width, trends.Of(row.Key), place.Tone, frame.Look);
        },
    };

    /// <summary>The reasons with the most busy time.</summary>
    public static Column Reasons { get; } = new("reasons", "top reasons, % of busy time", 16)
    {
        Worth = 72,
        Short = "busy with, %",
        Most = 200,
        If = static frame => frame.Source.Detail.WantTime,
        Paint = ReasonShares.Paint,
    };

    /// <summary>A column of times.</summary>
    public static Column Time(string name, string header, int worth, Func<SummaryRow, ulong?> of) => new(name, header, Duration)
    {
        Worth = worth,
        If = static frame => frame.Source.Detail.WantTime,
        Figure = (to, row, frame) => LiveText.Time(to, of(row), frame.Look),
        Value = (row, _) => of(row) is { } ns ? ns : double.NaN,
        Tone = (row, frame) => name is not "avg" && frame.Source.Detail.SlowNs is > 0 and var slow && !row.IsIdle && of(row) >= slow
            ? CellTone.Alarm
            : CellTone.Plain,
    };

    private static bool LostIsKnown(LiveFrame frame) => frame.Has(TimePart.Kvm) && frame.Has(TimePart.Vmm) && frame.Has(TimePart.Runq);

    private static Column Part(string name, string header, TimePart part, int width, int worth) => new(name, header, width)
    {
        Worth = worth,
        If = static frame => frame.HasWall,
        Figure = (to, row, frame) =>
            row.Parts is { } parts && frame.Has(part) ? LiveText.Share(to, parts[part], row.WallNs) : LiveText.Missing(to),
        Value = (row, frame) => row.Parts is { } parts && row.WallNs > 0 && frame.Has(part) ? (double)parts[part] / row.WallNs : double.NaN,
        Tone = (row, frame) => row.Parts is { } parts && frame.Has(part) ? ToneOf(part, parts[part], row.WallNs) : CellTone.Plain,
    };

    private static CellTone ToneOf(TimePart part, ulong ns, ulong wallNs) => part switch
    {
        TimePart.Runq when ns > wallNs * TooMuchWait => CellTone.Alarm,
        TimePart.Runq when ns > wallNs * MuchWait => CellTone.Warning,
        TimePart.Halt or TimePart.Poll => CellTone.Dim,
        _ => CellTone.Plain,
    };
}

/// <summary>The largest reasons of a group in one line, as far as there is room.</summary>
internal static class ReasonShares
{
    private const int MostName = 14;

    /// <summary>Draws name and share of each, the largest first; what is not known to take time is not named.</summary>
    public static void Paint(LivePlace place, SummaryRow row, LiveFrame frame)
    {
        int at = place.Column, end = place.Column + place.Width;
        Span<char> to = stackalloc char[LiveText.MostFigure];
        // Without an enumerator, which would be garbage.
        for (int i = 0; i < row.Reasons.Count; i++)
        {
            ReasonShare share = row.Reasons[i];
            if (share.BusyNs == 0) continue;
            string name = frame.Reason(share.Code);
            int percent = Percent(to, share.BusyNs, row.BusyNs), width = Math.Min(name.Length, MostName);
            bool isFirst = at == place.Column;
            if (at + width + 1 + percent > end)
            {
                if (!isFirst) return;
                width = Math.Max(1, end - at - 1 - percent);
            }
            LiveText.Left(place.Grid, place.Row, at, width, name, place.Tone, frame.Look);
            LiveText.Left(place.Grid, place.Row, at + width + 1, percent, to[..percent], isFirst ? CellTone.Bold : place.Tone, frame.Look);
            at += width + 1 + percent + 2;
        }
    }

    private static int Percent(Span<char> to, ulong part, ulong whole)
    {
        if (whole == 0) return LiveText.Missing(to);
        double percent = part * 100.0 / whole;
        if (percent < 1)
        {
            "<1".CopyTo(to);
            return 2;
        }
        return LiveText.Number(to, (ulong)Math.Round(percent));
    }
}
