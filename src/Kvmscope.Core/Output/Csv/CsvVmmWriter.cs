using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Csv;

/// <summary>
/// Returns to the VMM as comma-separated values, under the names of the JSON objects; the header comes once. What is null there, or was not
/// asked for, is empty here.
/// </summary>
internal sealed class CsvVmmWriter(ReportRequest request, TextWriter output) : IOutputWriter<Interval>
{
    private readonly CsvLine _line = new(output);
    private bool _hasHeader;

    public void Write(in Interval interval)
    {
        if (!_hasHeader) WriteHeader();
        _hasHeader = true;
        VmmReport report = VmmReport.Build(interval, request);
        foreach (VmmRow row in (IEnumerable<VmmRow>)[.. report.Rows, new VmmRow(null, null, null, report.Total)])
        {
            _line.Text(Rfc3339.Format(interval.From)).Number(Rounded.Seconds(interval.Seconds)).Text(MachineNames.Of(row));
            WriteKeys(row);
            _line.Number(row.Sum.Count);
            if (request.Kind == ReportKind.Time) WriteTimes(row.Sum);
            _line.Text(row.State is { } state ? MachineNames.Of(state.Place) : "");
            _line.Number(row.State is { } at ? report.AgeNs(at) : null).End();
        }
    }

    private void WriteHeader()
    {
        _line.Heads("started", "seconds", "row", "vm", "vm_pid", "vcpu", "vmm_reason", "vmm_reason_raw", "count");
        if (request.Kind == ReportKind.Time) _line.Heads("total_ns", "avg_ns", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns");
        _line.Heads("place", "place_ns").End();
    }

    private void WriteKeys(VmmRow row)
    {
        if (row.Vm is { } vm) _line.Text(vm.Name).Number((ulong?)vm.OnlyPid);
        else _line.Skip(2);
        if (row.Vcpu is { } vcpu) _line.Number(vcpu);
        else _line.Skip(1);
        if (row.Reason is { } reason) _line.Text(reason.Name).Number(reason.Raw);
        else _line.Skip(2);
    }

    private void WriteTimes(Tally sum)
    {
        _line.Number(sum.TotalNs).Number(sum.AverageNs).Number(sum.Quantile(0.5)).Number(sum.Quantile(0.9));
        _line.Number(sum.Quantile(0.99)).Number(sum.Quantile(0.999)).Number(sum.LongestNs);
    }
}
