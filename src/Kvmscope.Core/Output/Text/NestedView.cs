using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>L2's exits: handled by this host or reflected to L1, and how long a reflected one takes until L2 runs again.</summary>
internal static class NestedView
{
    private const int ComfortableVm = 8, ComfortableReason = 14, MaxSentences = 5;
    // An idle L2 waits in its rounds, and rounds that take less of all rounds' time than this cost nothing that matters.
    private const double MinShare = 0.05;
    private const string Round = "round until L2 runs again";

    internal static void Write(TextWriter output, Report report, ShownColumns shown, ViewStyle style)
    {
        bool vm = report.Rows.Any(r => r.Vm is not null), vcpu = report.Rows.Any(r => r.Vcpu is not null);
        List<TextColumn> columns = [];
        if (vm) columns.Add(new("VM") { Left = true, Comfort = ComfortableVm });
        if (vcpu) columns.Add(new("vCPU"));
        columns.AddRange(
        [
            new("Reason (L2)") { Left = true, Comfort = ComfortableReason }, new("Count") { Drop = 2 },
            new("Avg") { Drop = 4 }, new("Handled") { Drop = 5, ZeroName = "Handled" }, new("Reflected"),
            new("Avg") { Group = Round }, new("p99") { Group = Round, Drop = 3 },
            new("L1 exits") { Group = Round, Drop = 6 }, new("L1 time%") { Group = Round, Drop = 1 },
        ]);
        var table = new TextTable(columns, style) { Shown = shown };
        foreach (ReportRow row in report.Rows) table.Add(RowTone.Plain, [.. Cells(row, vm, vcpu)]);
        table.Write(output);
        bool isFirst = true;
        ReportRow[] busy = [.. report.Rows.Where(r => r.Rounds is { Timed: > 0 } && !ExitReasons.IsIdle(r.Code.GetValueOrDefault()))];
        double least = MinShare * busy.Sum(r => (double)r.Rounds!.TotalNs);
        foreach (ReportRow row in busy.Where(r => r.Rounds!.TotalNs >= least).OrderByDescending(r => r.Rounds!.TotalNs).Take(MaxSentences))
        {
            if (isFirst) output.Write('\n');
            isFirst = false;
            FootNotes.WriteWrapped(output, Sentence(row, style), RowTone.Plain, style);
        }
    }

    private static IEnumerable<TextCell> Cells(ReportRow row, bool vm, bool vcpu)
    {
        if (vm) yield return TextCell.OfText(row.Vm?.Name ?? "?");
        if (vcpu) yield return row.Vcpu is { } id ? TextCell.OfNumber((ulong)id) : TextCell.Missing;
        yield return TextCell.OfText(ExitReasons.Name(row.Code.GetValueOrDefault()));
        yield return TextCell.OfNumber(row.Total.Count);
        yield return TextCell.OfTime(row.Total.AverageNs);
        yield return TextCell.OfNumber(Rounds.Handled(row));
        yield return TextCell.OfNumber(Rounds.Reflected(row));
        yield return TextCell.OfTime(Rounds.AverageNs(row));
        yield return TextCell.OfTime(Rounds.P99Ns(row));
        yield return Rounds.L1Exits(row) is { } exits ? TextCell.OfRight(Number(exits)) : TextCell.Missing;
        yield return row.Rounds is { Timed: > 0 } rounds
            ? TextCell.OfShare(rounds.TotalNs - Math.Min(rounds.TotalNs, rounds.HandlingNs), rounds.TotalNs)
            : TextCell.Missing;
    }

    private static string Sentence(ReportRow row, ViewStyle style)
    {
        string reason = ExitReasons.Name(row.Code.GetValueOrDefault());
        string round = ScaledText.Time(Rounds.AverageNs(row) ?? 0, style.Unicode);
        string whose = row.Vm is not { } vm ? ""
            : row.Vcpu is { } vcpu ? string.Create(CultureInfo.InvariantCulture, $"{vm.Name} vCPU {vcpu}: ")
            : vm.Name + ": ";
        return string.Create(CultureInfo.InvariantCulture,
            $"{whose}{reason} (L2) reflected {Rounds.Reflected(row)}, 1 round {round}, {Number(Rounds.L1Exits(row) ?? 0)} L1 exits each");
    }

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
