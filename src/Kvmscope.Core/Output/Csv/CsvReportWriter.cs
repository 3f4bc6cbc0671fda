using System.Globalization;
using System.Text;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Json;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Csv;

/// <summary>
/// The rows of the JSON objects, under the same names, as comma-separated values; the header comes once. Each row begins with
/// <c>started</c> and <c>seconds</c> of its interval. <c>buckets</c> is one field, <c>LOW-HIGH:COUNT</c> joined by spaces, HIGH not
/// included and empty for the last.
/// </summary>
internal sealed class CsvReportWriter(ReportRequest request, TextWriter output) : IOutputWriter<Interval>
{
    private readonly CsvLine _line = new(output);
    private bool _hasHeader;

    private bool HasVcpu => request.By.HasFlag(GroupBy.Vcpu);

    private bool HasVm => HasVcpu || request.Split || request.By.HasFlag(GroupBy.Vm);

    private bool HasQualifier => request.By.HasFlag(GroupBy.Qualifier);

    public void Write(in Interval interval)
    {
        if (!_hasHeader) WriteHeader();
        _hasHeader = true;
        string started = Rfc3339.Format(interval.From), seconds = interval.Seconds.ToString(CultureInfo.InvariantCulture);
        Report report = ReportBuilder.BuildDetail(interval, request);
        foreach (WallRow wall in report.Walls)
        {
            _line.Text(started).Text(seconds);
            WriteWall(wall, interval);
            _line.CodeColumns(null).End();
        }
        foreach (ReportRow row in report.Rows)
        {
            _line.Text(started).Text(seconds);
            WriteRow(row, interval);
            _line.CodeColumns(row.Code).End();
        }
    }

    private void WriteHeader()
    {
        _line.Text("started").Text("seconds");
        if (HasVm) _line.Text("vm").Text("vm_pid");
        if (HasVcpu) _line.Text("vcpu");
        _line.Text("isa").Text("code").Text("reason").Text("idle").Text("level");
        if (HasQualifier) _line.Text("qualifier").Text("qualifier_raw");
        _line.Text("count");
        if (request.Kind != ReportKind.Count)
            _line.Text("total_ns").Text("avg_ns").Text("p50_ns").Text("p90_ns").Text("p99_ns").Text("p999_ns").Text("max_ns");
        if (request.Kind == ReportKind.Hist) _line.Text("buckets");
        if (request.Split)
        {
            _line.Text("wall_ns");
            foreach ((_, string name) in JsonParts.All) _line.Text(name + "_ns");
        }
        if (request.Nested) _line.Text("handled").Text("reflected").Text("round_avg_ns").Text("round_p99_ns").Text("l1_exits_per_round");
        _line.CodeColumnHeads().End();
    }

    // A row of a wall clock has no figures of exits.
    private void WriteWall(WallRow wall, Interval interval)
    {
        const int keys = 5, figures = 8;
        _line.Name(wall.Vm?.Name).Text(wall.Vm?.Pid.ToString(CultureInfo.InvariantCulture) ?? "");
        if (HasVcpu) _line.Text(wall.Vcpu?.ToString(CultureInfo.InvariantCulture) ?? "");
        for (int i = 0; i < keys + figures + (HasQualifier ? 2 : 0); i++) _line.Text("");
        _line.Number(wall.WallNs);
        WriteParts(wall.Parts, interval, hasGuest: true);
    }

    private void WriteParts(in TimeParts parts, Interval interval, bool hasGuest)
    {
        foreach ((TimePart part, _) in JsonParts.All)
            _line.Number((part == TimePart.Guest && !hasGuest) || interval.Missing.Any(m => m.Part == part) ? null : parts[part]);
    }

    private void WriteRow(ReportRow row, Interval interval)
    {
        ExitCode code = row.Code.GetValueOrDefault();
        Tally all = row.Total;
        if (HasVm) _line.Name(row.Vm?.Name).Text(row.Vm?.Pid.ToString(CultureInfo.InvariantCulture) ?? "");
        if (HasVcpu) _line.Text(row.Vcpu?.ToString(CultureInfo.InvariantCulture) ?? "");
        _line.Text(MachineNames.Of(code.Isa)).Number(MachineNames.Number(code)).Text(ExitReasons.Name(code))
            .Text(row.Idle == true ? "true" : "false");
        _line.Number((int)row.Level.GetValueOrDefault());
        if (HasQualifier)
            _line.Text(Qualifiers.Name(code, row.Qualifier) ?? "")
                .Text(JsonParts.RawText(Qualifiers.MachineParts(code, row.Qualifier)) ?? "");
        _line.Number(all.Count);
        if (request.Kind != ReportKind.Count)
        {
            _line.Number(all.TotalNs).Number(all.AverageNs).Number(all.Quantile(0.5)).Number(all.Quantile(0.9));
            _line.Number(all.Quantile(0.99)).Number(all.Quantile(0.999)).Number(all.LongestNs);
        }
        if (request.Kind == ReportKind.Hist) _line.Text(Buckets(all.Bins));
        if (request.Split)
        {
            _line.Text("");
            WriteParts(row.Parts ?? default, interval, hasGuest: false);
        }
        if (request.Nested) WriteRounds(row);
    }

    private void WriteRounds(ReportRow row)
    {
        _line.Number(Rounds.Handled(row)).Number(Rounds.Reflected(row)).Number(Rounds.AverageNs(row)).Number(Rounds.P99Ns(row));
        _line.Text(Rounds.L1Exits(row)?.ToString("0.####", CultureInfo.InvariantCulture) ?? "");
    }

    private static string Buckets(Histogram bins)
    {
        var text = new StringBuilder();
        for (int bin = bins.Low; bin < bins.End; bin++)
        {
            if (bins[bin] == 0) continue;
            if (text.Length > 0) text.Append(' ');
            text.Append(CultureInfo.InvariantCulture, $"{HistogramLayout.LowNs(bin)}-");
            if (bin < HistogramLayout.BinCount - 1) text.Append(CultureInfo.InvariantCulture, $"{HistogramLayout.HighNs(bin)}");
            text.Append(CultureInfo.InvariantCulture, $":{bins[bin]}");
        }
        return text.ToString();
    }
}
