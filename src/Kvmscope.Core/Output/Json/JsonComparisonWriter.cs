using System.Text.Json;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Json;

/// <summary>A comparison as one JSON object. Rows have the requested keys; what was not measured is null.</summary>
internal sealed class JsonComparisonWriter(TextWriter output)
{
    private readonly JsonLines _lines = new(output);

    internal void Write(Comparison comparison)
    {
        Utf8JsonWriter json = _lines.Begin("diff");
        bool byQualifier = comparison.Request.Keys.HasFlag(GroupBy.Qualifier);
        WriteSide(json, "a", comparison.A, byQualifier);
        WriteSide(json, "b", comparison.B, byQualifier);
        json.WriteStartArray("rows");
        foreach (ComparisonRow row in comparison.Rows)
        {
            json.WriteStartObject();
            WriteKeys(json, row.Keys, comparison.Request.Keys);
            WriteFigures(json, row);
            json.WriteEndObject();
            _lines.Drain();
        }
        json.WriteEndArray();
        WriteSum(json, "total", comparison.Total);
        WriteSum(json, "busy", comparison.Busy);
        json.WriteNumber("tests", comparison.Tests);
        json.WriteNumber("undecidable", comparison.Undecidable);
        JsonParts.Write(json, "notes", comparison.Notes);
        _lines.End();
    }

    private static void WriteSide(Utf8JsonWriter json, string name, ComparedSide side, bool byQualifier)
    {
        json.WriteStartObject(name);
        json.WriteString("name", side.Name);
        json.WriteString("started", side.Samples == 0 ? null : Rfc3339.Format(side.Sum.From));
        json.WriteNumber("seconds", Rounded.Seconds(side.Sum.Seconds));
        json.WriteNumber("samples", side.Samples);
        JsonAccounting.Write(json, side.Sum, byQualifier);
        json.WriteEndObject();
    }

    private static void WriteKeys(Utf8JsonWriter json, ReportRow row, GroupBy by)
    {
        if (row.Vm is { } vm) json.WriteString("vm", vm.Name);
        if (row.Vcpu is { } vcpu) json.WriteNumber("vcpu", vcpu);
        if (row.Code is { } code) JsonCode.Write(json, code);
        json.WriteBoolean("idle", row.Idle == true);
        if (row.Level is { } level) json.WriteNumber("level", (int)level);
        if (by.HasFlag(GroupBy.Qualifier)) JsonParts.Write(json, row.Code.GetValueOrDefault(), row.Qualifier);
    }

    private static void WriteSum(Utf8JsonWriter json, string name, ComparisonRow row)
    {
        json.WriteStartObject(name);
        WriteFigures(json, row);
        json.WriteEndObject();
    }

    private static void WriteFigures(Utf8JsonWriter json, ComparisonRow row)
    {
        WriteFigures(json, "a", row.A);
        WriteFigures(json, "b", row.B);
        json.WriteNumber("change_ns_per_s", row.Change);
        json.WriteBoolean("marked", row.Marked);
        json.WriteStartArray("marks");
        foreach (string figure in FigureNames.Of(row.Marks)) json.WriteStringValue(figure);
        json.WriteEndArray();
    }

    private static void WriteFigures(Utf8JsonWriter json, string name, ComparisonFigures figures)
    {
        json.WriteStartObject(name);
        json.WriteNumber(FigureNames.Rate, Rounded.Rate(figures.Rate));
        if (Rounded.Share(figures.Share) is { } share) json.WriteNumber(FigureNames.Share, share);
        else json.WriteNull(FigureNames.Share);
        JsonParts.Write(json, FigureNames.Average, figures.AverageNs);
        JsonParts.Write(json, FigureNames.P50, figures.P50Ns);
        JsonParts.Write(json, FigureNames.P99, figures.P99Ns);
        json.WriteEndObject();
    }
}
