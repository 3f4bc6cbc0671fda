using System.Text.Json;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Json;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;

namespace Kvmscope.Server.Endpoints;

/// <summary><c>/api/v1/slow</c>: slow exits one by one.</summary>
internal sealed class SlowEndpoint : IEndpoint
{
    private const int Default = 200, Most = 1000, MostRead = 20_000;

    /// <inheritdoc/>
    public string Path => "/api/v1/slow";

    /// <summary>The machine name of a part; null for all of the handling time.</summary>
    internal static string? NameOf(TimePart? part) => part is { } one ? Array.Find(JsonParts.All, p => p.Part == one).Name : null;

    /// <inheritdoc/>
    public Task AnswerAsync(Exchange exchange)
    {
        ServerState server = exchange.Server;
        ServedSource source = server.Source;
        Query query = exchange.Query();
        Stretch stretch = TimeChoice.Read(query, source.History);
        ExitChoice exits = ExitChoice.Read(query, source.Header.Isa);
        int most = (int)query.Number("most", 1, Most, Default);
        ulong least = (ulong)query.Number("min_ns", 0, long.MaxValue, 0);
        query.Finish();
        return exchange.MakeAsync(answer =>
        {
            Interval? interval = source.History.Sum(stretch.From, stretch.To, Grouping.Host, ExitParts.None, answer.Check);
            // Of recordings each interval has to be read: the latest are there first.
            bool isCut = false;
            SlowExit[] all = [.. source.History.Slow(stretch.From, stretch.To, MostRead, () => !(isCut = !answer.HasTime))];
            IReadOnlyCollection<VmIdentity> known = exits.NamesVms
                ? [.. server.Excerpts.VmsIn(stretch, answer.Check).Concat(all.Select(exit => exit.Vm)).DistinctBy(vm => vm.Ordinal)] : [];
            Func<VmIdentity, bool> vms = exits.VmsAmong(known, mayBeUnknown: IntervalsEndpoint.IsCoarse(server, stretch));
            SlowExit[] found = [.. all.Where(exit => exit.DurationNs >= least && exits.Has(exit) && vms(exit.Vm))];
            Utf8JsonWriter json = answer.Begin("slow");
            IntervalJson.WriteTimes(json, source.History, stretch);
            JsonParts.Write(json, "threshold_ns", source.Header.SlowNs == 0 ? null : source.Header.SlowNs);
            json.WriteString("part", NameOf(source.Header.SlowPart));
            json.WriteBoolean("more", found.Length > most || all.Length == MostRead || isCut);
            JsonParts.Write(json, "lost_events", interval?.Accounting.LostEvents);
            json.WriteStartArray("exits");
            foreach (SlowExit exit in found.Skip(Math.Max(0, found.Length - most)))
            {
                JsonSlowExitWriter.WriteObject(json, exit);
                answer.Check();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }
}
