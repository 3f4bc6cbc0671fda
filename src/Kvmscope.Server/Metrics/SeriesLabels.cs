using System.Text;
using Kvmscope.Core.Output;

namespace Kvmscope.Server.Metrics;

/// <summary>
/// The labels of one series. They do not change, so each format keeps them as it writes them. Values may be foreign text: what is not
/// visible is replaced here, for all formats.
/// </summary>
internal sealed class SeriesLabels
{
    /// <summary>Longer values are cut: a VM's name is part of each of its series.</summary>
    internal const int MostCharacters = 200;

    private readonly (string Name, string Value)[] _pairs;
    private byte[]? _text;

    /// <summary>Makes them; labels without a value are left out, which means the same.</summary>
    internal SeriesLabels(params ReadOnlySpan<(string Name, string? Value)> labels)
    {
        var pairs = new List<(string, string)>(labels.Length);
        foreach ((string name, string? value) in labels)
            if (!string.IsNullOrEmpty(value)) pairs.Add((name, Clean(value)));
        _pairs = [.. pairs];
    }

    /// <summary>No labels.</summary>
    internal static SeriesLabels None { get; } = new();

    /// <summary>Names and values.</summary>
    internal ReadOnlySpan<(string Name, string Value)> Pairs => _pairs;

    /// <summary>What a format made of them, for the next time; of one format only.</summary>
    internal object? Protobuf { get; set; }

    /// <summary>What OTLP made of them, for the next time.</summary>
    internal object? Otlp { get; set; }

    /// <summary>As both text formats have them, without braces: <c>vm="web-1",level="l1"</c>.</summary>
    internal ReadOnlySpan<byte> Text => _text ??= MakeText();

    /// <summary>A value as it is shown.</summary>
    internal static string Clean(string value) => ForeignText.Clean(value, MostCharacters);

    private byte[] MakeText()
    {
        var text = new StringBuilder();
        foreach ((string name, string value) in _pairs)
        {
            if (text.Length > 0) text.Append(',');
            text.Append(name).Append("=\"");
            foreach (char c in value)
            {
                // Line ends were replaced.
                if (c is '\\' or '"') text.Append('\\');
                text.Append(c);
            }
            text.Append('"');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
