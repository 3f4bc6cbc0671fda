using System.Globalization;

namespace Kvmscope.Server.Metrics;

/// <summary>A format of <c>/metrics</c>.</summary>
internal enum ExpositionFormat
{
    /// <summary>Prometheus text 0.0.4.</summary>
    Text,

    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics,

    /// <summary>io.prometheus.client.MetricFamily, delimited by their length.</summary>
    Protobuf,
}

/// <summary>Which format a scraper gets, from its Accept header (RFC 9110, 12.5.1).</summary>
internal static class Negotiation
{
    // More is cut off; the longest that Prometheus sends has 6.
    private const int MostRanges = 32;

    /// <summary>The Content-Type of a format.</summary>
    internal static string ContentTypeOf(ExpositionFormat format) => format switch
    {
        ExpositionFormat.OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ExpositionFormat.Protobuf =>
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        _ => "text/plain; version=0.0.4; charset=utf-8",
    };

    /// <summary>The format with the highest q; of several the one that is named first; text where none is asked for.</summary>
    internal static ExpositionFormat Choose(string accept)
    {
        ExpositionFormat best = ExpositionFormat.Text;
        double bestQ = 0;
        int ranges = 0;
        foreach (Range at in accept.AsSpan().Split(','))
        {
            if (++ranges > MostRanges) break;
            if (Read(accept.AsSpan()[at], out double q) is not { } format || q <= bestQ) continue;
            (best, bestQ) = (format, q);
        }
        return best;
    }

    // Null for what is not offered.
    private static ExpositionFormat? Read(ReadOnlySpan<char> range, out double q)
    {
        q = 1;
        ReadOnlySpan<char> type = [], version = [], proto = [], encoding = [];
        bool isFirst = true;
        foreach (Range at in range.Split(';'))
        {
            ReadOnlySpan<char> part = range[at].Trim();
            if (isFirst) type = part;
            else if (ValueOf(part, "q", out ReadOnlySpan<char> value)) q = ReadQ(value);
            else if (ValueOf(part, "version", out value)) version = value;
            else if (ValueOf(part, "proto", out value)) proto = value;
            else if (ValueOf(part, "encoding", out value)) encoding = value;
            isFirst = false;
        }
        if (Is(type, "application/vnd.google.protobuf"))
            return Is(proto, "io.prometheus.client.MetricFamily") && Is(encoding, "delimited") ? ExpositionFormat.Protobuf : null;
        if (Is(type, "application/openmetrics-text") || Is(type, "application/*"))
            return version.IsEmpty || version is "1.0.0" or "0.0.1" ? ExpositionFormat.OpenMetrics : null;
        if (Is(type, "text/plain") || Is(type, "text/*") || Is(type, "*/*"))
            return version.IsEmpty || version is "0.0.4" ? ExpositionFormat.Text : null;
        return null;
    }

    private static bool ValueOf(ReadOnlySpan<char> parameter, string name, out ReadOnlySpan<char> value)
    {
        int equals = parameter.IndexOf('=');
        value = equals < 0 ? [] : parameter[(equals + 1)..].Trim().Trim('"');
        return equals >= 0 && Is(parameter[..equals].TrimEnd(), name);
    }

    private static double ReadQ(ReadOnlySpan<char> value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double q) && q is >= 0 and <= 1 ? q : 0;

    private static bool Is(ReadOnlySpan<char> text, string name) => text.Equals(name, StringComparison.OrdinalIgnoreCase);
}
