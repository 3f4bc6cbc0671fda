using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Reports;

namespace Kvmscope.Core.Formats;

/// <summary>
/// Answers as JSON objects of schema kvmscope/1, one a line. Rows are always by reason and level, and by VM and vCPU where asked for. What was not
/// measured is null. A bucket holds durations from <c>low_ns</c> up to but without <c>high_ns</c>; the last one's end is null.
/// </summary>
internal sealed class JsonAnswerWriter(ReportRequest request, TextWriter output) : IAnswerWriter
{
    private readonly JsonLines _lines = new(output);

    public void Write(Answer answer)
    {
        Report report = ReportBuilder.BuildDetail(answer, request);
        Utf8JsonWriter json = _lines.Json;
        json.WriteStartObject();
        json.WriteString("schema", MachineNames.Schema);
        json.WriteString("command", request.Command);
        json.WriteString("started", Rfc3339.Format(answer.Started));
        json.WriteNumber("seconds", answer.Seconds);
        json.WriteStartArray("rows");
        foreach (ReportRow row in report.Rows)
        {
            WriteRow(json, row);
            _lines.Drain();
        }
        json.WriteEndArray();
        WriteTrust(json, answer);
        json.WriteEndObject();
        _lines.EndLine();
    }

    private void WriteRow(Utf8JsonWriter json, ReportRow row)
    {
        ExitCode code = row.Code.GetValueOrDefault();
        json.WriteStartObject();
        if (row.Vm is { } vm)
        {
            json.WriteString("vm", vm.Name);
            json.WriteNumber("vm_pid", vm.Pid);
        }
        if (row.Vcpu is { } vcpu) json.WriteNumber("vcpu", vcpu);
        json.WriteString("isa", MachineNames.Of(code.Isa));
        json.WriteNumber("code", code.Code);
        json.WriteString("reason", ExitReasons.Name(code));
        json.WriteBoolean("idle", row.Idle == true);
        json.WriteNumber("level", (int)row.Level.GetValueOrDefault());
        json.WriteNumber("count", row.Total.Count);
        if (request.Kind != ReportKind.Count) WriteTimes(json, row.Total);
        if (request.Kind == ReportKind.Hist) WriteBuckets(json, row.Total.Bins);
        json.WriteEndObject();
    }

    private static void WriteTimes(Utf8JsonWriter json, Measure measure)
    {
        json.WriteNumber("total_ns", measure.TotalNs);
        WriteTime(json, "avg_ns", measure.AverageNs);
        WriteTime(json, "p50_ns", measure.Quantile(0.5));
        WriteTime(json, "p90_ns", measure.Quantile(0.9));
        WriteTime(json, "p99_ns", measure.Quantile(0.99));
        WriteTime(json, "p999_ns", measure.Quantile(0.999));
        WriteTime(json, "max_ns", measure.MaxNs);
    }

    private static void WriteTime(Utf8JsonWriter json, string name, ulong? ns)
    {
        if (ns is { } value) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }

    private static void WriteBuckets(Utf8JsonWriter json, ReadOnlySpan<ulong> bins)
    {
        json.WriteStartArray("buckets");
        for (int bin = 0; bin < bins.Length; bin++)
        {
            if (bins[bin] == 0) continue;
            json.WriteStartObject();
            json.WriteNumber("low_ns", HistogramLayout.LowNs(bin));
            WriteTime(json, "high_ns", bin == HistogramLayout.BinCount - 1 ? null : HistogramLayout.HighNs(bin));
            json.WriteNumber("count", bins[bin]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteTrust(Utf8JsonWriter json, Answer answer)
    {
        Trust trust = answer.Trust;
        json.WriteStartObject("trust");
        json.WriteNumber("exits", trust.Exits);
        json.WriteNumber("entries", trust.Entries);
        json.WriteNumber("unpaired_exits", trust.UnpairedExits);
        json.WriteNumber("unpaired_entries", trust.UnpairedEntries);
        json.WriteNumber("open", trust.Open);
        json.WriteNumber("lost_events", trust.LostEvents);
        json.WriteNumber("dropped_cells", trust.DroppedCells);
        json.WriteNumber("dropped_vcpus", trust.DroppedVcpus);
        json.WriteNumber("dropped_exits", trust.DroppedExits);
        json.WriteNumber("unknown_reasons", answer.UnknownReasons);
        json.WriteEndObject();
    }
}
