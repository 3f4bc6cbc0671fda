using System.Text.Json;
using Kvmscope.Core.Model;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;

namespace Kvmscope.Server.Endpoints;

/// <summary><c>/api/v1/intervals</c>: reports of a time, step by step.</summary>
internal sealed class IntervalsEndpoint : IEndpoint
{
    private const int Most = 1000;

    /// <inheritdoc/>
    public string Path => "/api/v1/intervals";

    /// <inheritdoc/>
    public Task AnswerAsync(Exchange exchange)
    {
        ServerState server = exchange.Server;
        Query query = exchange.Query();
        Stretch all = TimeChoice.Read(query, server.Source.History);
        ReportChoice choice = ReportChoice.Read(query, server.Source);
        long? step = Step(query, server.Source);
        query.Finish();
        return exchange.MakeAsync(answer =>
        {
            Utf8JsonWriter json = answer.Begin("intervals");
            IntervalJson.WriteTimes(json, server.Source.History, all);
            json.WriteStartArray("intervals");
            IReadOnlyCollection<VmIdentity> known = choice.Exits.NamesVms ? server.Excerpts.VmsIn(all, answer.Check) : [];
            Func<VmIdentity, bool> vms = choice.Exits.VmsAmong(known, mayBeUnknown: IsCoarse(server, all));
            foreach ((Stretch stretch, bool isGap) in step is { } ns ? server.Excerpts.Steps(all, ns, Most) : [(all, false)])
            {
                Excerpt excerpt = isGap ? new Excerpt(stretch, null, default, default, Excerpts.Nothing)
                    : server.Excerpts.Read(stretch, choice.Exits, vms, choice.Grouping, choice.Parts, answer.Check);
                IntervalJson.Write(answer, server.Source.History, excerpt, choice);
                answer.Check();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary>Whether VMs are not kept apart in a part of a time, so that one that is not known may have been there.</summary>
    internal static bool IsCoarse(ServerState server, Stretch all) =>
        server.Source.History.DetailOf(all.From, all.To).Grouping == Grouping.Host;

    /// <summary>How long steps are meant to be, ns; null for all in one.</summary>
    /// <exception cref="Problem">It is not a time.</exception>
    internal static long? Step(Query query, ServedSource source)
    {
        if (query.Text("step") is not { } text || text == "all") return null;
        return TimeChoice.Duration(text) is { } ns and > 0 ? Math.Max(ns, source.History.StepNs)
            : throw Problem.Bad("step", "step is not a time", "Give 1s, 5s, 1m, or all.");
    }
}
