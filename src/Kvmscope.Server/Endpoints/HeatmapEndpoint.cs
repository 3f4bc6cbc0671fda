using System.Runtime.InteropServices;
using System.Text.Json;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Json;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;

namespace Kvmscope.Server.Endpoints;

/// <summary><c>/api/v1/heatmap</c>: handling times over time.</summary>
internal sealed class HeatmapEndpoint : IEndpoint
{
    private const int Default = 300, Most = 1000;

    /// <inheritdoc/>
    public string Path => "/api/v1/heatmap";

    // Of a column: all exits, and those whose handling times are shown.
    private sealed record Column(Excerpt Excerpt, Tally? All, Tally? Shown);

    /// <inheritdoc/>
    public Task AnswerAsync(Exchange exchange)
    {
        ServerState server = exchange.Server;
        ServedSource source = server.Source;
        if (!source.Header.HasTime) throw new Problem(ProblemType.NotFound, "handling times were not measured");
        Query query = exchange.Query();
        Stretch all = TimeChoice.Read(query, source.History);
        ExitChoice exits = ExitChoice.Read(query, source.Header.Isa);
        int columns = (int)query.Number("columns", 1, Most, Default);
        long step = IntervalsEndpoint.Step(query, source) ?? StepNs(source.History, all, columns);
        bool idle = query.Flag("idle") || exits.NamesReasons || exits.Qualifier is not null;
        query.Finish();
        return exchange.MakeAsync(answer => Write(answer, source.History, all, idle, Read(answer, server, all, exits, step, idle)));
    }

    private static List<Column> Read(Answer answer, ServerState server, Stretch all, ExitChoice exits, long stepNs, bool idle)
    {
        IReadOnlyCollection<VmIdentity> known = exits.NamesVms ? server.Excerpts.VmsIn(all, answer.Check) : [];
        Func<VmIdentity, bool> vms = exits.VmsAmong(known, mayBeUnknown: IntervalsEndpoint.IsCoarse(server, all));
        var columns = new List<Column>();
        foreach ((Stretch stretch, bool isGap) in server.Excerpts.Steps(all, stepNs, Most))
        {
            Excerpt excerpt = isGap ? new Excerpt(stretch, null, default, default, Excerpts.Nothing)
                : server.Excerpts.Read(stretch, exits, vms, Grouping.Host, ExitParts.None, answer.Check);
            if (excerpt.Interval is { } interval)
            {
                (Tally total, Tally busy) = SumOf(interval);
                columns.Add(new Column(excerpt, total, idle ? total : busy));
            }
            else columns.Add(new Column(excerpt, null, null));
            answer.Check();
        }
        return columns;
    }

    // All, and those of which nothing was idle: as hist has it for its rows total and busy.
    private static (Tally Total, Tally Busy) SumOf(Interval interval)
    {
        bool knowsHalts = Idleness.KnowsHalts(interval);
        var grouping = new RowGrouping(GroupBy.None);
        Dictionary<GroupKey, TallySum> cells = [];
        foreach (Row row in interval.Rows) CollectionsMarshal.GetValueRefOrAddDefault(cells, grouping.CellOf(row.Key), out _).Add(row);
        Tally total = new(), busy = new();
        foreach ((GroupKey key, TallySum cell) in cells)
        {
            total.Add(cell.Value);
            if (ReportPart.Of(key, cell.Value, knowsHalts).IsWhollyBusy) busy.Add(cell.Value);
        }
        return (total, busy);
    }

    // Whole intervals.
    private static long StepNs(IHistory history, Stretch all, int columns)
    {
        long step = Math.Max(1, history.StepNs), each = (all.To - all.From + columns - 1) / columns;
        return Math.Max(step, (each + step - 1) / step * step);
    }

    private static void Write(Answer answer, IHistory history, Stretch all, bool idle, List<Column> columns)
    {
        Utf8JsonWriter json = answer.Begin("heatmap");
        IntervalJson.WriteTimes(json, history, all);
        json.WriteBoolean("idle", idle);
        int low = HistogramLayout.BinCount, end = 0;
        foreach (Column column in columns)
        {
            if (column.Shown is not { } shown) continue;
            for (int bin = shown.Bins.Low; bin < shown.Bins.End; bin++)
                if (shown.Bins[bin] > 0) (low, end) = (Math.Min(low, bin), Math.Max(end, bin + 1));
        }
        WriteBins(json, low, end);
        json.WriteStartArray("columns");
        foreach (Column column in columns)
        {
            WriteColumn(json, history, column, low, end);
            answer.Check();
        }
        json.WriteEndArray();
        if (history.Sum(all.From, all.To, Grouping.Host, ExitParts.None, answer.Check) is { } whole)
            JsonAccounting.Write(json, whole, byQualifier: false);
        json.WriteEndObject();
    }

    private static void WriteBins(Utf8JsonWriter json, int low, int end)
    {
        json.WriteStartObject("bins");
        json.WriteStartArray("low_ns");
        for (int bin = low; bin < end; bin++) json.WriteNumberValue(HistogramLayout.LowNs(bin));
        json.WriteEndArray();
        json.WriteStartArray("high_ns");
        for (int bin = low; bin < end; bin++)
        {
            if (bin == HistogramLayout.BinCount - 1) json.WriteNullValue();
            else json.WriteNumberValue(HistogramLayout.HighNs(bin));
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteColumn(Utf8JsonWriter json, IHistory history, Column column, int low, int end)
    {
        json.WriteStartObject();
        IntervalJson.WriteTimes(json, history, column.Excerpt);
        json.WriteString("why", column.Excerpt.Why);
        Tally? all = column.All, shown = column.Shown;
        JsonParts.Write(json, "count", all?.Count);
        JsonParts.Write(json, "idle_count", all?.Count - shown?.Count);
        JsonParts.Write(json, "timed", shown?.Timed);
        if (shown is null) json.WriteNull("counts");
        else
        {
            json.WriteStartArray("counts");
            for (int bin = low; bin < end; bin++) json.WriteNumberValue(shown.Bins[bin]);
            json.WriteEndArray();
        }
        JsonParts.Write(json, "p50_ns", shown?.Quantile(0.5));
        JsonParts.Write(json, "p99_ns", shown?.Quantile(0.99));
        JsonParts.Write(json, "max_ns", shown?.LongestNs);
        json.WriteEndObject();
    }
}
