using System.Text.Json;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;

namespace Kvmscope.Server.Endpoints;

/// <summary>Elements that several answers have.</summary>
internal static class IntervalJson
{
    /// <summary><c>started</c> and <c>ended</c> of a stretch, or of what is there of it.</summary>
    public static void WriteTimes(Utf8JsonWriter json, IHistory history, Excerpt excerpt)
    {
        if (excerpt.Interval is { } interval)
        {
            json.WriteString("started", Rfc3339.Format(interval.From));
            json.WriteString("ended", Rfc3339.Format(interval.To));
            json.WriteNumber("seconds", Rounded.Seconds(interval.Seconds));
            return;
        }
        WriteTimes(json, history, excerpt.Stretch);
        json.WriteNumber("seconds", 0);
    }

    /// <summary><c>started</c> and <c>ended</c> of a stretch; null where nothing is kept at all.</summary>
    public static void WriteTimes(Utf8JsonWriter json, IHistory history, Stretch stretch)
    {
        if (history.From == history.To)
        {
            json.WriteNull("started");
            json.WriteNull("ended");
            return;
        }
        json.WriteString("started", Rfc3339.Format(history.TimeAt(stretch.From)));
        json.WriteString("ended", Rfc3339.Format(history.TimeAt(stretch.To)));
    }

    /// <summary>An element of <c>intervals</c>, and the data of an event.</summary>
    public static void Write(Answer answer, IHistory history, Excerpt excerpt, ReportChoice choice)
    {
        Utf8JsonWriter json = answer.Json;
        json.WriteStartObject();
        WriteTimes(json, history, excerpt);
        if (excerpt.Interval is { } interval)
        {
            GroupBy by = ReportChoice.AsKept(choice.Request.By, excerpt.Grouping, excerpt.Parts);
            ReportRequest request = choice.Request;
            if (by == GroupBy.None && request.By != GroupBy.None && request.Kind != ReportKind.Hist) by = GroupBy.Reason;
            if (by != request.By) request = request with { By = by };
            json.WriteString("by", ReportChoice.NameOf(request.By));
            json.WriteNull("why");
            json.WritePropertyName("report");
            new JsonReportWriter(request, TextWriter.Null).WriteObject(json, interval, choice.HasRows, answer.Check);
        }
        else
        {
            json.WriteNull("by");
            json.WriteString("why", excerpt.Why);
            json.WriteNull("report");
        }
        json.WriteEndObject();
    }
}
