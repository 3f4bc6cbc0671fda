using System.Text.Json;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Json;

/// <summary>
/// Returns to the VMM as JSON objects, one per interval and line. <c>row</c> says what a row is: <c>vmm</c> returns with one reason;
/// <c>vcpu</c> a vCPU that did not return, with <c>place</c>; <c>total</c>. Times are until KVM_RUN was called again; what was not measured
/// is null.
/// </summary>
internal sealed class JsonVmmWriter(ReportRequest request, TextWriter output) : IOutputWriter<Interval>
{
    private readonly JsonLines _lines = new(output);

    public void Write(in Interval interval)
    {
        VmmReport report = VmmReport.Build(interval, request);
        Utf8JsonWriter json = _lines.Begin(request.Command, "vmm");
        json.WriteString("started", Rfc3339.Format(interval.From));
        json.WriteNumber("seconds", Rounded.Seconds(interval.Seconds));
        json.WriteStartArray("rows");
        foreach (VmmRow row in report.Rows)
        {
            WriteRow(json, row, report);
            _lines.Drain();
        }
        WriteRow(json, new VmmRow(null, null, null, report.Total), report);
        json.WriteEndArray();
        JsonParts.Write(json, "missing", [.. interval.Missing.Select(m => m.Text).Distinct()]);
        JsonAccounting.Write(json, interval, byQualifier: false);
        _lines.End();
    }

    private void WriteRow(Utf8JsonWriter json, VmmRow row, VmmReport report)
    {
        json.WriteStartObject();
        json.WriteString("row", MachineNames.Of(row));
        if (row.Vm is { } vm)
        {
            json.WriteString("vm", vm.Name);
            if (vm.OnlyPid is { } pid) json.WriteNumber("vm_pid", pid);
            else json.WriteNull("vm_pid");
        }
        if (row.Vcpu is { } vcpu) json.WriteNumber("vcpu", vcpu);
        JsonVmmReason.Write(json, row.Reason);
        json.WriteNumber("count", row.Sum.Count);
        if (request.Kind == ReportKind.Time) JsonReportWriter.WriteTimes(json, row.Sum);
        if (row.State is { } state)
        {
            json.WriteString("place", MachineNames.Of(state.Place));
            JsonParts.Write(json, "place_ns", report.AgeNs(state));
        }
        json.WriteEndObject();
    }
}

/// <summary>What KVM_RUN returned with, in JSON.</summary>
internal static class JsonVmmReason
{
    /// <summary>
    /// <c>vmm_reason</c> and <c>vmm_reason_raw</c>: KVM_EXIT_* of linux/kvm.h, or a negative errno; null where there is none.
    /// </summary>
    internal static void Write(Utf8JsonWriter json, VmmReason? reason)
    {
        json.WriteString("vmm_reason", reason?.Name);
        if (reason is { } known) json.WriteNumber("vmm_reason_raw", known.Raw);
        else json.WriteNull("vmm_reason_raw");
    }
}
