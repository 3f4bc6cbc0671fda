using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Json;

/// <summary>
/// Intervals as JSON objects, one per line. <c>row</c> says what a row is: <c>wall</c> the wall clock of a VM or vCPU; <c>reason</c> a
/// reason and level, of the VM and vCPU where requested, which add up to the total; <c>group</c> what a table has in one line, unless
/// these are the same; <c>total</c> and <c>busy</c>. What was not measured is null. A bucket holds durations from <c>low_ns</c> up to, and
/// without, <c>high_ns</c>; the last one's end is null.
/// </summary>
internal sealed class JsonReportWriter(ReportRequest request, TextWriter output) : IOutputWriter<Interval>
{
    private readonly JsonLines _lines = new(output);

    public void Write(in Interval interval)
    {
        WriteMembers(_lines.Begin(request.Command), interval, static _ => true, _lines.Drain);
        _lines.End();
    }

    /// <summary>Writes an interval as an object within another answer.</summary>
    /// <param name="json">The output.</param>
    /// <param name="interval">The interval.</param>
    /// <param name="has">Which kinds of rows are in it.</param>
    /// <param name="check">Called after each row: it may throw where the answer becomes too large.</param>
    internal void WriteObject(Utf8JsonWriter json, Interval interval, Func<string, bool> has, Action check)
    {
        json.WriteStartObject();
        JsonLines.BeginMembers(json, request.Command, request.Command);
        WriteMembers(json, interval, has, check);
        json.WriteEndObject();
    }

    private void WriteMembers(Utf8JsonWriter json, Interval interval, Func<string, bool> has, Action written)
    {
        Report report = ReportBuilder.BuildDetail(interval, request);
        json.WriteString("started", Rfc3339.Format(interval.From));
        json.WriteNumber("seconds", Rounded.Seconds(interval.Seconds));
        json.WriteStartArray("rows");
        if (has(MachineNames.WallRow))
            foreach (WallRow wall in report.Walls) WriteWall(json, wall, interval);
        foreach ((string name, ReportRow row) in MachineNames.RowsOf(report))
        {
            if (has(name)) WriteRow(json, name, row, interval);
            written();
        }
        json.WriteEndArray();
        JsonParts.Write(json, "missing", [.. interval.Missing.Select(m => m.Text).Distinct()]);
        if (request.Explain) JsonParts.Write(json, "advice", Advice.Of(report));
        WriteOpen(json, interval);
        JsonAccounting.Write(json, report.Interval, ReportRequest.PartsOf(request.By) != ExitParts.None);
    }

    // As under tables: what hangs.
    private static void WriteOpen(Utf8JsonWriter json, Interval interval)
    {
        if (LongOpen.Of(interval) is not [_, ..] open) return;
        json.WriteStartArray("open_exits");
        foreach (OpenAge one in open)
        {
            json.WriteStartObject();
            WriteKeys(json, interval.VmOf(one.Key), one.Key.VcpuId);
            JsonCode.Write(json, one.Key.Code);
            json.WriteNumber("level", (int)one.Key.Level);
            json.WriteNumber("count", one.Count);
            json.WriteNumber("age_ns", one.Ns);
            json.WriteBoolean("at_least", one.IsAtLeast);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteWall(Utf8JsonWriter json, WallRow wall, Interval interval)
    {
        json.WriteStartObject();
        json.WriteString("row", MachineNames.WallRow);
        WriteKeys(json, wall.Vm, wall.Vcpu);
        WriteCode(json, null);
        json.WriteNull("level");
        json.WriteNumber("wall_ns", wall.WallNs);
        JsonParts.Write(json, wall.Parts, interval.Missing, withGuest: true);
        json.WriteEndObject();
    }

    private static void WriteKeys(Utf8JsonWriter json, VmIdentity? vm, int? vcpu)
    {
        if (vm is not null)
        {
            json.WriteString("vm", vm.Name);
            if (vm.OnlyPid is { } pid) json.WriteNumber("vm_pid", pid);
            else json.WriteNull("vm_pid");
        }
        if (vcpu is { } id) json.WriteNumber("vcpu", id);
    }

    // Rows that are not about one reason have none.
    private static void WriteCode(Utf8JsonWriter json, ExitCode? code)
    {
        if (code is { } known)
        {
            JsonCode.Write(json, known);
            return;
        }
        json.WriteNull("isa");
        json.WriteNull("code");
        json.WriteNull("reason");
    }

    private void WriteRow(Utf8JsonWriter json, string name, ReportRow row, Interval interval)
    {
        json.WriteStartObject();
        json.WriteString("row", name);
        WriteKeys(json, row.Vm, row.Vcpu);
        WriteCode(json, row.Code);
        if (row.Idle is { } idle) json.WriteBoolean("idle", idle);
        else json.WriteNull("idle");
        if (row.Level is { } level) json.WriteNumber("level", (int)level);
        else json.WriteNull("level");
        if (request.By.HasFlag(GroupBy.Qualifier)) JsonParts.Write(json, row.Code.GetValueOrDefault(), row.Qualifier);
        if (request.By.HasFlag(GroupBy.Page)) json.WriteString("page", PlaceText.Page(row));
        if (request.By.HasFlag(GroupBy.Rip)) WriteRip(json, row);
        json.WriteNumber("count", row.Total.Count);
        if (request.Kind != ReportKind.Count) WriteTimes(json, row.Total);
        if (request.Kind == ReportKind.Hist) WriteBuckets(json, row.Total.Bins);
        if (request.Split) JsonParts.Write(json, row.Parts ?? default, interval.Missing, withGuest: false);
        if (request.Nested) WriteRounds(json, row);
        json.WriteEndObject();
    }

    private void WriteRip(Utf8JsonWriter json, ReportRow row)
    {
        json.WriteString("rip", PlaceText.Rip(row));
        if (request.Symbols is { } symbols) json.WriteString("symbol", PlaceText.Symbol(row, symbols));
    }

    private static void WriteRounds(Utf8JsonWriter json, ReportRow row)
    {
        json.WriteNumber("handled", Rounds.Handled(row));
        json.WriteNumber("reflected", Rounds.Reflected(row));
        JsonParts.Write(json, "round_avg_ns", Rounds.AverageNs(row));
        JsonParts.Write(json, "round_p99_ns", Rounds.P99Ns(row));
        if (Rounds.L1Exits(row) is { } exits) json.WriteNumber("l1_exits_per_round", Rounded.Rate(exits));
        else json.WriteNull("l1_exits_per_round");
        if (Rounded.Share(Rounds.L1TimeShare(row)) is { } share) json.WriteNumber("l1_time_share", share);
        else json.WriteNull("l1_time_share");
    }

    /// <summary>Sum, average, percentiles and the longest of durations.</summary>
    internal static void WriteTimes(Utf8JsonWriter json, Tally measure)
    {
        json.WriteNumber("total_ns", measure.TotalNs);
        JsonParts.Write(json, "avg_ns", measure.AverageNs);
        JsonParts.Write(json, "p50_ns", measure.Quantile(0.5));
        JsonParts.Write(json, "p90_ns", measure.Quantile(0.9));
        JsonParts.Write(json, "p99_ns", measure.Quantile(0.99));
        JsonParts.Write(json, "p999_ns", measure.Quantile(0.999));
        JsonParts.Write(json, "max_ns", measure.LongestNs);
    }

    private static void WriteBuckets(Utf8JsonWriter json, Histogram bins)
    {
        json.WriteStartArray("buckets");
        for (int bin = bins.Low; bin < bins.End; bin++)
        {
            if (bins[bin] == 0) continue;
            json.WriteStartObject();
            json.WriteNumber("low_ns", HistogramLayout.LowNs(bin));
            JsonParts.Write(json, "high_ns", bin == HistogramLayout.BinCount - 1 ? null : HistogramLayout.HighNs(bin));
            json.WriteNumber("count", bins[bin]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
