using System.Globalization;
using System.Text;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Reports;

namespace Kvmscope.Core.Formats;

/// <summary>
/// The rows of the JSON answers, under the same names, as comma-separated values; the header comes once. Each row begins with its answer's <c>started</c>
/// and <c>seconds</c>. <c>buckets</c> is one field, <c>LOW-HIGH:COUNT</c> joined by spaces, HIGH not included and empty for the last.
/// </summary>
internal sealed class CsvAnswerWriter(ReportRequest request, TextWriter output) : IAnswerWriter
{
    private readonly CsvLine _line = new(output);
    private bool _hasHeader;

    private bool HasVcpu => request.By.HasFlag(GroupBy.Vcpu);

    private bool HasVm => HasVcpu || request.By.HasFlag(GroupBy.Vm);

    public void Write(Answer answer)
    {
        if (!_hasHeader) WriteHeader();
        _hasHeader = true;
        string started = Rfc3339.Format(answer.Started), seconds = answer.Seconds.ToString(CultureInfo.InvariantCulture);
        foreach (ReportRow row in ReportBuilder.BuildDetail(answer, request).Rows)
        {
            _line.Text(started).Text(seconds);
            WriteRow(row);
            _line.End();
        }
    }

    private void WriteHeader()
    {
        _line.Text("started").Text("seconds");
        if (HasVm) _line.Text("vm").Text("vm_pid");
        if (HasVcpu) _line.Text("vcpu");
        _line.Text("isa").Text("code").Text("reason").Text("idle").Text("level").Text("count");
        if (request.Kind != ReportKind.Count)
            _line.Text("total_ns").Text("avg_ns").Text("p50_ns").Text("p90_ns").Text("p99_ns").Text("p999_ns").Text("max_ns");
        if (request.Kind == ReportKind.Hist) _line.Text("buckets");
        _line.End();
    }

    private void WriteRow(ReportRow row)
    {
        ExitCode code = row.Code.GetValueOrDefault();
        Measure all = row.Total;
        if (HasVm) _line.Text(row.Vm?.Name ?? "").Text(row.Vm?.Pid.ToString(CultureInfo.InvariantCulture) ?? "");
        if (HasVcpu) _line.Text(row.Vcpu?.ToString(CultureInfo.InvariantCulture) ?? "");
        _line.Text(MachineNames.Of(code.Isa)).Number(code.Code).Text(ExitReasons.Name(code)).Text(row.Idle == true ? "true" : "false");
        _line.Number((int)row.Level.GetValueOrDefault()).Number(all.Count);
        if (request.Kind != ReportKind.Count)
        {
            _line.Number(all.TotalNs).Number(all.AverageNs).Number(all.Quantile(0.5)).Number(all.Quantile(0.9));
            _line.Number(all.Quantile(0.99)).Number(all.Quantile(0.999)).Number(all.MaxNs);
        }
        if (request.Kind == ReportKind.Hist) _line.Text(Buckets(all.Bins));
    }

    private static string Buckets(ReadOnlySpan<ulong> bins)
    {
        var text = new StringBuilder();
        for (int bin = 0; bin < bins.Length; bin++)
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
