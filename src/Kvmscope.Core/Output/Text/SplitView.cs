using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// The split: where the wall clock of each VM or vCPU went, in percent, and below it where each reason's time went, in time units.
/// </summary>
internal sealed class SplitView(Report report, ShownColumns shown, ViewStyle style)
{
    private const int ComfortableVm = 10, ComfortableReason = 14, ComfortableQualifier = 16;

    // Drop orders: columns that are rarely large go first; 0 stays.
    private const int DropWall = 4, DropCount = 3, DropWallShare = 6;

    private static readonly (TimePart Part, string Header, int DropOfWall, int DropOfReason)[] s_parts =
    [
        (TimePart.Guest, "Guest", 0, 0), (TimePart.Kvm, "KVM", 0, 0), (TimePart.Vmm, "VMM", 0, 7), (TimePart.Runq, "RunQ", 6, 5),
        (TimePart.Halt, "Halt", 5, 4), (TimePart.Poll, "Poll", 2, 2), (TimePart.Sleep, "Sleep", 1, 1),
        (TimePart.Unattributed, "Unattr", 3, 0),
    ];

    private readonly HashSet<TimePart> _missing = [.. report.Interval.Missing.Select(m => m.Part).OfType<TimePart>()];

    internal void Write(TextWriter output)
    {
        if (report.Walls.Count > 0)
        {
            WriteWalls(output);
            output.Write('\n');
        }
        WriteReasons(output);
        if (!report.Request.HasAllExits)
            FootNotes.WriteWrapped(output, NoWallClock(report.Request.WasAllRecorded), RowTone.Plain, style);
    }

    private void WriteWalls(TextWriter output)
    {
        bool vcpu = report.Walls.Any(w => w.Vcpu is not null), pid = NamesRepeat();
        List<TextColumn> columns = [new("VM") { Left = true, Comfort = ComfortableVm }];
        if (pid) columns.Add(new("PID"));
        if (vcpu) columns.Add(new("vCPU"));
        columns.Add(new("Wall") { Drop = DropWall });
        foreach ((_, string header, int drop, _) in s_parts)
            columns.Add(new(header) { Group = "% of the wall clock", Drop = drop, ZeroName = "wall " + header });
        var table = new TextTable(columns, style) { Shown = shown };
        ulong wall = 0;
        TimeParts all = default;
        foreach (WallRow row in report.Walls)
        {
            table.Add(RowTone.Plain, [.. Keys(row, pid, vcpu), .. Shares(row.WallNs, row.Parts)]);
            wall += row.WallNs;
            all.Add(row.Parts);
        }
        if (report.Walls.Count > 1)
        {
            List<TextCell> keys = [TextCell.OfText("All")];
            while (keys.Count < (pid ? 1 : 0) + (vcpu ? 1 : 0) + 1) keys.Add(TextCell.OfText(""));
            table.Add(RowTone.Bold, [.. keys, .. Shares(wall, all)]);
        }
        table.Write(output);
    }

    private static List<TextCell> Keys(WallRow row, bool pid, bool vcpu)
    {
        List<TextCell> cells = [TextCell.OfText(row.Vm?.Name ?? "all")];
        if (pid) cells.Add(row.Vm?.OnlyPid is { } only ? TextCell.OfNumber((ulong)only) : TextCell.Missing);
        if (vcpu) cells.Add(row.Vcpu is { } id ? TextCell.OfNumber((ulong)id) : TextCell.Missing);
        return cells;
    }

    private IEnumerable<TextCell> Shares(ulong wallNs, TimeParts parts)
    {
        yield return TextCell.OfTime(wallNs);
        foreach ((TimePart part, _, _, _) in s_parts)
            yield return _missing.Contains(part) ? TextCell.Missing : TextCell.OfShare(parts[part], wallNs);
    }

    private bool NamesRepeat() =>
        report.Walls.Select(w => w.Vm).OfType<VmIdentity>().Distinct().GroupBy(v => v.Name)
            .Any(g => g.Select(v => v.Pid).Distinct().Count() > 1);

    private void WriteReasons(TextWriter output)
    {
        ulong wall = (ulong)report.Walls.Sum(w => (long)w.WallNs);
        bool byVm = report.Rows.Any(r => r.Vm is not null), byVcpu = report.Rows.Any(r => r.Vcpu is not null);
        bool byLevel = report.Rows.Any(r => r.Level is not null), byQualifier = report.Request.By.HasFlag(GroupBy.Qualifier);
        bool byPage = report.Request.By.HasFlag(GroupBy.Page), byRip = report.Request.By.HasFlag(GroupBy.Rip);
        var table = new TextTable(ReasonColumns(byVm, byVcpu, byLevel, wall > 0), style) { Shown = shown };
        foreach (ReportRow row in report.Rows)
        {
            List<TextCell> cells = [];
            if (byVm) cells.Add(TextCell.OfText(row.Vm?.Name ?? "?"));
            if (byVcpu) cells.Add(row.Vcpu is { } vcpu ? TextCell.OfNumber((ulong)vcpu) : TextCell.Missing);
            cells.Add(TextCell.OfText(ExitReasons.Name(row.Code.GetValueOrDefault())));
            if (byQualifier) cells.Add(TextCell.OfText(Qualifiers.Name(row.Code.GetValueOrDefault(), row.Qualifier) ?? ""));
            if (byPage) cells.Add(TextCell.OfText(PlaceText.Page(row) ?? ""));
            if (byRip) cells.Add(TextCell.OfText(PlaceText.Instruction(row, report.Request.Symbols) ?? ""));
            if (byLevel) cells.Add(TextCell.OfText(row.Level == ExitLevel.L2 ? "L2" : "L1"));
            cells.Add(TextCell.OfNumber(row.Total.Count));
            if (wall > 0) cells.Add(TextCell.OfShare(row.Parts?.Sum ?? 0, wall));
            foreach ((TimePart part, _, _) in ReasonParts())
                cells.Add(_missing.Contains(part) ? TextCell.Missing : TextCell.OfTime(row.Parts?[part]));
            table.Add(row.Idle == true ? RowTone.Dim : RowTone.Plain, [.. cells]);
        }
        table.Write(output);
    }

    private List<TextColumn> ReasonColumns(bool byVm, bool byVcpu, bool byLevel, bool hasWall)
    {
        List<TextColumn> columns = [];
        if (byVm) columns.Add(new("VM") { Left = true, Comfort = ComfortableVm });
        if (byVcpu) columns.Add(new("vCPU"));
        columns.Add(new("Reason") { Left = true, Comfort = ComfortableReason });
        GroupBy by = report.Request.By;
        if (by.HasFlag(GroupBy.Qualifier)) columns.Add(new("Qualifier") { Left = true, Comfort = ComfortableQualifier });
        if (by.HasFlag(GroupBy.Page)) columns.Add(new("Page") { Left = true });
        if (by.HasFlag(GroupBy.Rip)) columns.Add(new("Instruction") { Left = true, Comfort = ComfortableQualifier });
        if (byLevel) columns.Add(new("Level") { Left = true });
        columns.Add(new("Count") { Drop = DropCount });
        if (hasWall) columns.Add(new("Wall%") { Drop = DropWallShare });
        foreach ((_, string header, int drop) in ReasonParts()) columns.Add(new(header) { Drop = drop, ZeroName = header });
        return columns;
    }

    // An exit has no guest part, and unattributed time belongs to the vCPU.
    private static IEnumerable<(TimePart Part, string Header, int Drop)> ReasonParts() =>
        s_parts.Where(p => p.Part is not (TimePart.Guest or TimePart.Unattributed)).Select(p => (p.Part, p.Header, p.DropOfReason));

    /// <summary>Why there is no wall clock, and how to get one.</summary>
    /// <param name="wasAllRecorded">Whether only this command's filters leave exits out.</param>
    internal static string NoWallClock(bool wasAllRecorded) => wasAllRecorded
        ? "the wall clock needs all exits: leave out --reason, --exclude and --level"
        : "the wall clock needs all exits, and the recording has only some: record without --reason, --exclude and --level";

    /// <summary>What is missing, one line each.</summary>
    internal static IEnumerable<string> MissingLines(Interval interval) =>
        interval.Missing.Select(m => m.Text).Distinct();
}
