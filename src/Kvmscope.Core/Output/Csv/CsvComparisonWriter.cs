using System.Globalization;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Output.Json;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Csv;

/// <summary>
/// The rows of the JSON comparison as comma-separated values: the same keys, then the figures of A and of B, <c>change</c>, <c>marked</c>
/// and <c>marks</c>, which are joined by spaces.
/// </summary>
internal sealed class CsvComparisonWriter(TextWriter output)
{
    private readonly CsvLine _line = new(output);

    internal void Write(Comparison comparison)
    {
        GroupBy by = comparison.Request.Keys;
        WriteHeader(by);
        foreach (ComparisonRow row in comparison.Rows)
        {
            WriteKeys(row.Keys, by);
            WriteFigures(row.A);
            WriteFigures(row.B);
            _line.Text(row.Change.ToString(CultureInfo.InvariantCulture)).Text(Text(row.Marked))
                .Text(string.Join(' ', FigureNames.Of(row.Marks)));
            if (by.HasFlag(GroupBy.Reason)) _line.CodeColumns(row.Keys.Code);
            _line.End();
        }
    }

    private void WriteHeader(GroupBy by)
    {
        if (by.HasFlag(GroupBy.Vm)) _line.Text("vm");
        if (by.HasFlag(GroupBy.Vcpu)) _line.Text("vcpu");
        if (by.HasFlag(GroupBy.Reason)) _line.Text("isa").Text("code").Text("reason");
        _line.Text("idle");
        if (by.HasFlag(GroupBy.Level)) _line.Text("level");
        if (by.HasFlag(GroupBy.Qualifier)) _line.Text("qualifier").Text("qualifier_raw");
        foreach (string side in (string[])["a_", "b_"])
            foreach (string figure in FigureNames.All) _line.Text(side + figure);
        _line.Text("change").Text("marked").Text("marks");
        if (by.HasFlag(GroupBy.Reason)) _line.CodeColumnHeads();
        _line.End();
    }

    private void WriteKeys(ReportRow row, GroupBy by)
    {
        ExitCode code = row.Code.GetValueOrDefault();
        if (by.HasFlag(GroupBy.Vm)) _line.Name(row.Vm?.Name);
        if (by.HasFlag(GroupBy.Vcpu)) _line.Text(row.Vcpu?.ToString(CultureInfo.InvariantCulture) ?? "");
        if (by.HasFlag(GroupBy.Reason))
            _line.Text(MachineNames.Of(code.Isa)).Number(MachineNames.Number(code)).Text(ExitReasons.Name(code));
        _line.Text(Text(row.Idle == true));
        if (by.HasFlag(GroupBy.Level)) _line.Number((int)row.Level.GetValueOrDefault());
        if (by.HasFlag(GroupBy.Qualifier))
            _line.Text(Qualifiers.Name(code, row.Qualifier) ?? "")
                .Text(JsonParts.RawText(Qualifiers.MachineParts(code, row.Qualifier)) ?? "");
    }

    private void WriteFigures(ComparisonFigures figures)
    {
        _line.Text(FigureNames.Round(figures.Rate).ToString(CultureInfo.InvariantCulture));
        _line.Text(FigureNames.Round(figures.Share)?.ToString(CultureInfo.InvariantCulture) ?? "");
        _line.Number(figures.AverageNs).Number(figures.P50Ns).Number(figures.P99Ns);
    }

    private static string Text(bool value) => value ? "true" : "false";
}
