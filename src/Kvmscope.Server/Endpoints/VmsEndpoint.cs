using System.Text.Json;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;

namespace Kvmscope.Server.Endpoints;

/// <summary><c>/api/v1/vms</c>: each VM over some time, the one that loses most time first.</summary>
internal sealed class VmsEndpoint : IEndpoint
{
    private const int DefaultPoints = 30, MostPoints = 240;

    /// <inheritdoc/>
    public string Path => "/api/v1/vms";

    /// <inheritdoc/>
    public Task AnswerAsync(Exchange exchange)
    {
        ServerState server = exchange.Server;
        Query query = exchange.Query();
        Stretch stretch = TimeChoice.Read(query, server.Source.History);
        ExitChoice exits = ExitChoice.ReadVms(query);
        int points = (int)query.Number("points", 0, MostPoints, DefaultPoints);
        query.Finish();
        return exchange.MakeAsync(answer => Write(answer, server, stretch, exits, points));
    }

    private static void Write(Answer answer, ServerState server, Stretch stretch, ExitChoice exits, int points)
    {
        ServedSource source = server.Source;
        IReadOnlyCollection<VmIdentity> known = exits.NamesVms ? server.Excerpts.VmsIn(stretch, answer.Check) : [];
        Func<VmIdentity, bool> vms = exits.VmsAmong(known, mayBeUnknown: IntervalsEndpoint.IsCoarse(server, stretch));
        Excerpt excerpt = server.Excerpts.Read(stretch, exits, vms, Grouping.Vm, ExitParts.None, answer.Check);
        Utf8JsonWriter json = answer.Begin("vms");
        IntervalJson.WriteTimes(json, source.History, excerpt);
        bool hasVms = excerpt.Interval is not null && excerpt.Grouping >= Grouping.Vm;
        if (excerpt.Interval is null) json.WriteNull("by");
        else json.WriteString("by", hasVms ? "vm" : "host");
        json.WriteString("why", excerpt.Why ?? (hasVms ? null : "VMs are not kept apart at that time any more"));
        if (excerpt.Interval is not { } interval)
        {
            foreach (string name in new[] { "trend_started", "rows", "total" }) json.WriteNull(name);
            json.WriteEndObject();
            return;
        }
        var trends = new VmTrends(source.History, stretch, points, answer.Check);
        Dictionary<(int, string), int> vcpus = VcpusAt(source.History, stretch.To);
        var summary = new Summary();
        summary.Read(interval, new SummaryRequest { By = GroupBy.Vm, LacksExits = !source.HasAllExits });
        summary.AddDetail([.. summary.Rows, summary.Total]);
        json.WriteStartArray("trend_started");
        foreach (DateTimeOffset started in trends.Started) json.WriteStringValue(Rfc3339.Format(started));
        json.WriteEndArray();
        if (hasVms) WriteRows(answer, interval, summary, trends, source, vcpus);
        else json.WriteNull("rows");
        WriteTotal(json, interval, summary, trends, source, hasVms ? vcpus : []);
        json.WriteStartArray("missing");
        foreach (string text in interval.Missing.Select(m => m.Text).Distinct()) json.WriteStringValue(text);
        json.WriteEndArray();
        JsonAccounting.Write(json, interval, byQualifier: false);
        json.WriteEndObject();
    }

    // Of the last interval: a sum of much time by vCPU would take long. As it is: then it is not added up.
    private static Dictionary<(int, string), int> VcpusAt(IHistory history, long to)
    {
        Interval? last = history.Sum(history.EdgeBefore(to), to, Grouping.Vcpu, ExitParts.All);
        Dictionary<(int, string), int> vcpus = [];
        foreach (GroupKey key in last?.Vcpus ?? [])
            if (key.VcpuId is not null && last!.VmOf(key) is { } vm)
                vcpus[(vm.Pid, vm.Name)] = vcpus.GetValueOrDefault((vm.Pid, vm.Name)) + 1;
        return vcpus;
    }

    private static void WriteRows(
        Answer answer, Interval interval, Summary summary, VmTrends trends, ServedSource source, Dictionary<(int, string), int> vcpus)
    {
        Utf8JsonWriter json = answer.Json;
        json.WriteStartArray("rows");
        Dictionary<int, SummaryRow> rows = summary.Rows.ToDictionary(row => row.Key.Vm);
        foreach (VmIdentity vm in interval.Vms.OrderByDescending(vm => rows.GetValueOrDefault(vm.Ordinal)?.LostNs ?? 0)
            .ThenByDescending(vm => rows.GetValueOrDefault(vm.Ordinal)?.BusyNs ?? 0).ThenBy(vm => vm.Name, StringComparer.Ordinal)
            .ThenBy(vm => vm.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("vm", vm.Name);
            if (vm.OnlyPid is { } pid) json.WriteNumber("vm_pid", pid);
            else json.WriteNull("vm_pid");
            JsonLabels.Write(json, vm.Labels);
            WriteVcpus(json, vcpus.GetValueOrDefault((vm.Pid, vm.Name)));
            WriteFigures(json, rows.GetValueOrDefault(vm.Ordinal), interval, summary.HasWallClocks, source);
            trends.Write(json, vm);
            json.WriteEndObject();
            answer.Check();
        }
        json.WriteEndArray();
    }

    private static void WriteTotal(
        Utf8JsonWriter json, Interval interval, Summary summary, VmTrends trends, ServedSource source,
        Dictionary<(int Pid, string Name), int> vcpus)
    {
        bool hasVms = interval.Changes.All(row => row.Key.Vm >= 0);
        json.WriteStartObject("total");
        if (hasVms) json.WriteNumber("vms", interval.Vms.Count);
        else json.WriteNull("vms");
        WriteVcpus(json, interval.Vms.Sum(vm => vcpus.GetValueOrDefault((vm.Pid, vm.Name))));
        WriteFigures(json, summary.Total, interval, summary.HasWallClocks, source);
        trends.Write(json, null);
        json.WriteEndObject();
    }

    // A VM without a row made no exit in all that time.
    private static void WriteFigures(Utf8JsonWriter json, SummaryRow? row, Interval interval, bool hasWalls, ServedSource source)
    {
        bool hasTime = source.Header.HasTime;
        ulong count = row?.Count ?? 0;
        json.WriteNumber("count", count);
        if (interval.Seconds > 0) json.WriteNumber("rate_per_s", Rounded.Rate(count / interval.Seconds));
        else json.WriteNull("rate_per_s");
        json.WriteNumber("l2_count", row?.L2Count ?? 0);
        json.WriteNumber("idle_count", row?.IdleCount ?? 0);
        JsonParts.Write(json, "busy_ns", hasTime ? row?.BusyNs ?? 0 : null);
        JsonParts.Write(json, "total_ns", hasTime ? row?.TotalNs ?? 0 : null);
        JsonParts.Write(json, "timed", hasTime ? row?.Timed ?? 0 : null);
        JsonParts.Write(json, "p50_ns", row?.P50Ns);
        JsonParts.Write(json, "p99_ns", row?.P99Ns);
        JsonParts.Write(json, "max_ns", row?.MaxNs);
        bool hasWall = hasWalls && row is { WallNs: > 0 };
        JsonParts.Write(json, "wall_ns", hasWall ? row!.WallNs : null);
        if (hasWall && row!.Parts is { } parts) JsonParts.Write(json, parts, interval.Missing, withGuest: true);
        else json.WriteNull("parts_ns");
        JsonParts.Write(json, "lost_ns", hasWall ? row!.LostNs : null);
        if (hasWall && row!.LostNs is { } lost && Rounded.Share((double)lost / row.WallNs) is { } share)
            json.WriteNumber("lost_share", share);
        else json.WriteNull("lost_share");
        json.WriteStartArray("reasons");
        foreach (ReasonShare reason in row?.Reasons ?? []) WriteReason(json, reason, row!.BusyNs);
        json.WriteEndArray();
    }

    // A VM has one at least: 0 is not known.
    private static void WriteVcpus(Utf8JsonWriter json, int vcpus)
    {
        if (vcpus > 0) json.WriteNumber("vcpus", vcpus);
        else json.WriteNull("vcpus");
    }

    private static void WriteReason(Utf8JsonWriter json, ReasonShare reason, ulong busyNs)
    {
        json.WriteStartObject();
        JsonCode.Write(json, reason.Code);
        json.WriteNumber("count", reason.Count);
        json.WriteNumber("busy_ns", reason.BusyNs);
        if (busyNs > 0 && Rounded.Share((double)reason.BusyNs / busyNs) is { } share) json.WriteNumber("busy_share", share);
        else json.WriteNull("busy_share");
        json.WriteEndObject();
    }

    /// <summary>Exits per second of each VM in equal parts of a time.</summary>
    private sealed class VmTrends
    {
        // By pid and name: numbers may be others elsewhere in a history.
        private readonly Dictionary<(int, string), double>?[] _rates;
        private readonly double?[] _sums;

        internal VmTrends(IHistory history, Stretch stretch, int points, Action check)
        {
            // No finer than it is kept: else every other part would be empty.
            long step = Math.Max(1, history.DetailOf(stretch.From, stretch.To).StepNs);
            points = (int)Math.Min(points, Math.Max(1, (stretch.To - stretch.From + (step / 2)) / step));
            if (stretch.To == stretch.From) points = 0;
            (_rates, _sums, Started) = (new Dictionary<(int, string), double>?[points], new double?[points], new DateTimeOffset[points]);
            for (int i = 0; i < points; i++)
            {
                long from = Place(stretch, i, points), to = Place(stretch, i + 1, points);
                Started[i] = history.TimeAt(from);
                if (history.Sum(from, to, Grouping.Vm, ExitParts.None, check) is { Seconds: > 0 } interval) Read(i, interval);
                check();
            }
        }

        internal DateTimeOffset[] Started { get; }

        internal void Write(Utf8JsonWriter json, VmIdentity? vm)
        {
            json.WriteStartArray("trend");
            for (int i = 0; i < _rates.Length; i++)
            {
                double? rate = vm is null ? _sums[i] : _rates[i] is { } rates ? rates.GetValueOrDefault((vm.Pid, vm.Name)) : null;
                if (rate is { } known) json.WriteNumberValue(Rounded.Rate(known));
                else json.WriteNullValue();
            }
            json.WriteEndArray();
        }

        private void Read(int at, Interval interval)
        {
            bool hasVms = true;
            Dictionary<(int, string), double> rates = [];
            double sum = 0;
            foreach (Row row in interval.Changes)
            {
                hasVms &= row.Key.Vm >= 0;
                double rate = row.Count / interval.Seconds;
                sum += rate;
                if (interval.VmOf(row.Key) is not { } vm) continue;
                rates[(vm.Pid, vm.Name)] = rates.GetValueOrDefault((vm.Pid, vm.Name)) + rate;
            }
            (_sums[at], _rates[at]) = (sum, hasVms ? rates : null);
        }

        private static long Place(Stretch stretch, int part, int parts) =>
            stretch.From + (long)((Int128)(stretch.To - stretch.From) * part / Math.Max(1, parts));
    }
}
