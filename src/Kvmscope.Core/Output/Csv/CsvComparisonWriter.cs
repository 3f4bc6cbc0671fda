using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Csv;

/// <summary>
/// The rows of the JSON comparison as comma-separated values: the keys, then the figures of A and of B, <c>change_ns_per_s</c>,
/// <c>marked</c> and <c>marks</c>, which are joined by spaces. The columns are always the same: keys that were not asked for are empty.
/// </summary>
internal sealed class CsvComparisonWriter(TextWriter output)
{
    private readonly CsvLine _line = new(output);

    internal void Write(Comparison comparison)
    {
        WriteHeader();
        foreach (ComparisonRow row in comparison.Rows)
        {
            WriteKeys(row.Keys);
            WriteFigures(row.A);
            WriteFigures(row.B);
            _line.Number(row.Change).Flag(row.Marked)
                .Text(string.Join(' ', FigureNames.Of(row.Marks))).CodeColumns(row.Keys.Code).End();
        }
    }

    private void WriteHeader()
    {
        _line.Heads("vm", "vcpu", "isa", "code", "reason", "idle", "level").QualifierHeads();
        foreach (string side in (string[])["a_", "b_"])
            foreach (string figure in FigureNames.All) _line.Text(side + figure);
        _line.Heads("change_ns_per_s", "marked", "marks").CodeColumnHeads().End();
    }

    private void WriteKeys(ReportRow row)
    {
        _line.Text(row.Vm?.Name).Number(row.Vcpu);
        if (row.Code is { } code) _line.Text(MachineNames.Of(code.Isa)).Number(MachineNames.Number(code)).Text(ExitReasons.Name(code));
        else _line.Skip(3);
        _line.Flag(row.Idle == true);
        if (row.Level is { } level) _line.Number((int)level);
        else _line.Skip(1);
        _line.Qualifier(row.Code, row.Qualifier);
    }

    private void WriteFigures(ComparisonFigures figures)
    {
        _line.Number(Rounded.Rate(figures.Rate)).Number(Rounded.Share(figures.Share));
        _line.Number(figures.AverageNs).Number(figures.P50Ns).Number(figures.P99Ns);
    }
}
