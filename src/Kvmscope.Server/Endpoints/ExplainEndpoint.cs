using System.Globalization;
using System.Text;
using System.Text.Json;
using Kvmscope.Core;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;
using Kvmscope.Core.Selections;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;

namespace Kvmscope.Server.Endpoints;

/// <summary><c>/api/v1/explain</c>: what the figures suggest, in words; or what a reason means.</summary>
internal sealed class ExplainEndpoint : IEndpoint
{
    // Of the VMs that lose most.
    private const int MostOnsets = 6;

    /// <inheritdoc/>
    public string Path => "/api/v1/explain";

    /// <inheritdoc/>
    public Task AnswerAsync(Exchange exchange)
    {
        ServerState server = exchange.Server;
        Query query = exchange.Query();
        if (query.Text("reason") is { } reason)
        {
            query.Finish();
            var text = new StringWriter();
            OutputKinds.Explanations.In(OutputFormat.Json)(new Destination(text, new ViewStyle()), Of(reason, server.Source.Header.Isa));
            return exchange.SendAsync("application/json", Encoding.UTF8.GetBytes(text.ToString()));
        }
        Stretch stretch = TimeChoice.Read(query, server.Source.History);
        ExitChoice exits = ExitChoice.ReadVms(query);
        query.Finish();
        return exchange.MakeAsync(answer => Write(answer, server, stretch, exits));
    }

    private static void Write(Answer answer, ServerState server, Stretch stretch, ExitChoice exits)
    {
        ServedSource source = server.Source;
        var request = new ReportRequest
        {
            Kind = ReportKind.Time,
            Command = "time",
            Explain = true,
            HasAllExits = source.HasAllExits,
            WasAllRecorded = source.HasAllExits,
            IsRecorded = source.Kind != SourceKind.Live,
            HasVms = source.Header.Grouping >= Grouping.Vm,
        };
        IReadOnlyCollection<VmIdentity> known = exits.NamesVms ? server.Excerpts.VmsIn(stretch, answer.Check) : [];
        Func<VmIdentity, bool> vms = exits.VmsAmong(known, mayBeUnknown: IntervalsEndpoint.IsCoarse(server, stretch));
        Excerpt excerpt = server.Excerpts.Read(stretch, exits, vms, request.Grouping, request.Parts, answer.Check);
        Utf8JsonWriter json = answer.Begin("advice");
        IntervalJson.WriteTimes(json, source.History, excerpt);
        json.WriteString("why", excerpt.Why);
        json.WriteStartArray("advice");
        if (excerpt.Interval is { } interval && source.Header.HasTime)
        {
            request = request with { HasVms = excerpt.Grouping >= Grouping.Vm };
            foreach (string line in Advice.Of(ReportBuilder.BuildDetail(interval, request))) json.WriteStringValue(line);
        }
        json.WriteEndArray();
        json.WriteStartArray("onsets");
        if (excerpt.Interval is not null && source.HasAllExits)
            foreach (Onset onset in new Onsets(source.History, source.HasAllExits, answer).Of(stretch, vms, MostOnsets))
                WriteOnset(json, onset, source.History);
        json.WriteEndArray();
        if (excerpt.Interval is { } shown) JsonAccounting.Write(json, shown, byQualifier: false);
        json.WriteEndObject();
    }

    private static void WriteOnset(Utf8JsonWriter json, Onset onset, IHistory history)
    {
        json.WriteStartObject();
        json.WriteString("vm", onset.Vm.Name);
        if (onset.Vm.OnlyPid is { } pid) json.WriteNumber("vm_pid", pid);
        else json.WriteNull("vm_pid");
        json.WriteString("part", PartNames.All.First(p => p.Part == onset.Part).Name);
        if (Rounded.Share(onset.Share) is { } share) json.WriteNumber("share", share);
        else json.WriteNull("share");
        json.WriteString("since", Rfc3339.Format(history.TimeAt(onset.Since)));
        json.WriteBoolean("since_begin", onset.IsBegin);
        string does = onset.Part switch
        {
            TimePart.Runq => "waits for a CPU",
            TimePart.Vmm => "waits for its VMM",
            _ => "waits for KVM",
        };
        string percent = (onset.Share * 100).ToString("F0", CultureInfo.InvariantCulture);
        json.WriteString("text", $"{onset.Vm.Name} {does} {percent} % of its time");
        json.WriteEndObject();
    }

    private static Explanation Of(string reason, Isa isa)
    {
        if (reason == "all")
        {
            return new Explanation(
                [.. IsaInfo.Candidates(isa).SelectMany(one => one.Reasons.Select(r => new ExitCode(one.Isa, r.Number)))], PartNames.All,
                IsList: true);
        }
        try
        {
            if (ReasonSelector.Find(reason, isa) is [_, ..] found) return new Explanation([.. found], [], IsList: false);
            // Its error suggests names.
            _ = ReasonSelector.Code(reason, isa);
            return new Explanation([], [], IsList: false);
        }
        catch (KvmscopeException error)
        {
            throw Problem.Bad("reason", error);
        }
    }
}
