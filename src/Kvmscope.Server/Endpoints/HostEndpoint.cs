using System.Text.Json;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;
using Kvmscope.Core.Recordings;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;

namespace Kvmscope.Server.Endpoints;

/// <summary><c>/api/v1/host</c>: which host, what is measured, which time is kept.</summary>
internal sealed class HostEndpoint : IEndpoint
{
    // More would be no overview.
    private const int MostStretches = 32;

    /// <inheritdoc/>
    public string Path => "/api/v1/host";

    /// <inheritdoc/>
    public Task AnswerAsync(Exchange exchange)
    {
        exchange.Query().Finish();
        ServerState server = exchange.Server;
        return exchange.MakeAsync(answer =>
        {
            Utf8JsonWriter json = answer.Begin("host");
            WriteHost(json, server);
            WriteMeasured(json, server.Source);
            WriteKept(json, server.Source.History);
            json.WriteStartObject("streams");
            json.WriteNumber("open", server.Streams.Open);
            json.WriteNumber("most", server.Limits.Streams);
            json.WriteNumber("most_per_client", server.Limits.StreamsPerClient);
            json.WriteNumber("dropped", server.Streams.Dropped);
            json.WriteEndObject();
            json.WriteStartArray("notes");
            foreach (string note in server.Source.Notes()) json.WriteStringValue(note);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static void WriteHost(Utf8JsonWriter json, ServerState server)
    {
        RecordingHeader header = server.Source.Header;
        IHistory history = server.Source.History;
        json.WriteString("version", server.Settings.Version);
        json.WriteString("host", header.Host);
        json.WriteString("kernel", header.Kernel);
        json.WriteString("cpu", header.Cpu);
        json.WriteNumber("cpus", header.Cpus);
        json.WriteString("isa", MachineNames.Of(header.Isa));
        json.WriteString("source", server.Source.Kind switch
        {
            SourceKind.Live => "live",
            SourceKind.Replay => "replay",
            _ => "recording",
        });
        json.WriteString("title", server.Source.Title);
        if (server.Source.Speed is { } speed) json.WriteNumber("speed", speed);
        else json.WriteNull("speed");
        json.WriteString("now", Rfc3339.Format(server.Clock.GetUtcNow()));
        IntervalJson.WriteTimes(json, history, new Stretch(history.From, history.To));
        json.WriteNumber("step_ns", history.StepNs);
    }

    private static void WriteMeasured(Utf8JsonWriter json, ServedSource source)
    {
        RecordingHeader header = source.Header;
        json.WriteStartObject("measured");
        json.WriteString("by", NameOf(header.Grouping));
        json.WriteBoolean("time", header.HasTime);
        json.WriteBoolean("split", header.HasSplit);
        json.WriteBoolean("qualifiers", header.HasQualifiers);
        json.WriteBoolean("nested", header.HasNested);
        if (header.PageShift is { } shift) json.WriteNumber("page_bytes", 1L << shift);
        else json.WriteNull("page_bytes");
        json.WriteBoolean("rip", header.HasRips);
        json.WriteBoolean("all_exits", source.HasAllExits);
        JsonParts.Write(json, "slow_ns", header.SlowNs == 0 ? null : header.SlowNs);
        json.WriteString("slow_part", SlowEndpoint.NameOf(header.SlowPart));
        json.WriteBoolean("who", header.HasWho);
        json.WriteEndObject();
    }

    private static void WriteKept(Utf8JsonWriter json, IHistory history)
    {
        json.WriteStartArray("kept");
        long begin = history.From, to = history.To;
        long[] seams = [.. history.Seams, to];
        for (int count = 0; begin < to && count < MostStretches; count++)
        {
            HistoryDetail detail = history.DetailAt(begin + 1);
            long end = EndOf(history, detail, begin, Math.Min(to, seams.First(seam => seam > begin)));
            json.WriteStartObject();
            IntervalJson.WriteTimes(json, history, new Stretch(begin, end));
            json.WriteNumber("step_ns", detail.StepNs);
            json.WriteString("by", NameOf(detail.Grouping));
            json.WriteBoolean("qualifiers", detail.Parts.HasFlag(ExitParts.Qualifier));
            json.WriteEndObject();
            begin = end;
        }
        json.WriteEndArray();
    }

    // It becomes finer with time, and stays so.
    private static long EndOf(IHistory history, HistoryDetail detail, long begin, long to)
    {
        long low = begin, high = to;
        if (history.DetailAt(to) == detail) return to;
        while (high - low > 1)
        {
            long middle = low + ((high - low) / 2);
            if (history.DetailAt(middle) == detail) low = middle;
            else high = middle;
        }
        return low > begin ? low : Math.Max(history.EdgeAfter(begin), begin + 1);
    }

    private static string NameOf(Grouping grouping) => grouping switch
    {
        Grouping.Host => "host",
        Grouping.Vm => "vm",
        _ => "vcpu",
    };
}
