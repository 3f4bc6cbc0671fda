using System.Globalization;
using System.Text;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Json;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Csv;

/// <summary>
/// The rows of the JSON objects, under the same names, as comma-separated values; the header comes once. Each row begins with
/// <c>started</c> and <c>seconds</c> of its interval. The columns of a command are the same whatever its options: what was not asked for is
/// empty. <c>buckets_ns</c> is one field, <c>LOW-HIGH:COUNT</c> joined by spaces, HIGH not included and empty for the last.
/// </summary>
internal sealed class CsvReportWriter(ReportRequest request, TextWriter output) : IOutputWriter<Interval>
{
    private const int CodeFields = 3, TimeFields = 7, RoundFields = 6, PlaceFields = 3;

    private readonly CsvLine _line = new(output);
    private bool _hasHeader;

    public void Write(in Interval interval)
    {
        if (!_hasHeader) WriteHeader();
        _hasHeader = true;
        string started = Rfc3339.Format(interval.From);
        double seconds = Rounded.Seconds(interval.Seconds);
        Report report = ReportBuilder.BuildDetail(interval, request);
        foreach (WallRow wall in report.Walls)
        {
            _line.Text(started).Number(seconds).Text(MachineNames.WallRow);
            WriteWall(wall, interval);
            WritePlace(null);
            _line.CodeColumns(null).End();
        }
        foreach ((string name, ReportRow row) in MachineNames.RowsOf(report))
        {
            _line.Text(started).Number(seconds).Text(name);
            WriteRow(row, interval);
            WritePlace(row);
            _line.CodeColumns(row.Code).End();
        }
    }

    private void WriteHeader()
    {
        _line.Heads("started", "seconds", "row", "vm", "vm_pid", "vcpu", "isa", "code", "reason", "idle", "level");
        _line.QualifierHeads().Text("count");
        if (request.Kind != ReportKind.Count) _line.Heads("total_ns", "avg_ns", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns");
        if (request.Kind == ReportKind.Hist) _line.Text("buckets_ns");
        if (request.Kind == ReportKind.Time)
        {
            _line.Text("wall_ns");
            foreach ((_, string name) in JsonParts.All) _line.Text(name + "_ns");
            _line.Heads("handled", "reflected", "round_avg_ns", "round_p99_ns", "l1_exits_per_round", "l1_time_share");
        }
        _line.Heads("page", "rip", "symbol");
        _line.CodeColumnHeads().End();
    }

    private void WritePlace(ReportRow? row)
    {
        if (row?.Place is null) _line.Skip(PlaceFields);
        else _line.Text(PlaceText.Page(row) ?? "").Text(PlaceText.Rip(row) ?? "").Text(PlaceText.Symbol(row, request.Symbols));
    }

    // A row of a wall clock has no figures of exits.
    private void WriteWall(WallRow wall, Interval interval)
    {
        WriteOwner(wall.Vm, wall.Vcpu);
        _line.Skip(CodeFields + 2 + CsvLine.QualifierFields + 1 + TimeFields);
        _line.Number(wall.WallNs);
        WriteParts(wall.Parts, interval, hasGuest: true);
        _line.Skip(RoundFields);
    }

    private void WriteOwner(VmIdentity? vm, int? vcpu)
    {
        if (vm is null) _line.Skip(2);
        else _line.Text(vm.Name).Number((ulong?)vm.OnlyPid);
        if (vcpu is { } id) _line.Number(id);
        else _line.Skip(1);
    }

    private void WriteParts(in TimeParts parts, Interval interval, bool hasGuest)
    {
        foreach ((TimePart part, _) in JsonParts.All)
            _line.Number((part == TimePart.Guest && !hasGuest) || interval.Missing.Any(m => m.Part == part) ? null : parts[part]);
    }

    private void WriteRow(ReportRow row, Interval interval)
    {
        WriteOwner(row.Vm, row.Vcpu);
        if (row.Code is { } code)
            _line.Text(MachineNames.Of(code.Isa)).Number(MachineNames.Number(code)).Text(ExitReasons.Name(code));
        else _line.Skip(CodeFields);
        _line.Flag(row.Idle);
        if (row.Level is { } level) _line.Number((int)level);
        else _line.Skip(1);
        _line.Qualifier(row.Code, row.Qualifier).Number(row.Total.Count);
        if (request.Kind != ReportKind.Count) WriteTimes(row.Total);
        if (request.Kind == ReportKind.Hist) _line.Text(Buckets(row.Total.Bins));
        if (request.Kind == ReportKind.Time) WriteInside(row, interval);
    }

    private void WriteTimes(Tally all)
    {
        _line.Number(all.TotalNs).Number(all.AverageNs).Number(all.Quantile(0.5)).Number(all.Quantile(0.9));
        _line.Number(all.Quantile(0.99)).Number(all.Quantile(0.999)).Number(all.LongestNs);
    }

    private void WriteInside(ReportRow row, Interval interval)
    {
        _line.Skip(1);
        if (request.Split) WriteParts(row.Parts ?? default, interval, hasGuest: false);
        else _line.Skip(JsonParts.All.Length);
        if (!request.Nested)
        {
            _line.Skip(RoundFields);
            return;
        }
        _line.Number(Rounds.Handled(row)).Number(Rounds.Reflected(row)).Number(Rounds.AverageNs(row)).Number(Rounds.P99Ns(row));
        _line.Number(Rounds.L1Exits(row) is { } exits ? Rounded.Rate(exits) : null).Number(Rounded.Share(Rounds.L1TimeShare(row)));
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
