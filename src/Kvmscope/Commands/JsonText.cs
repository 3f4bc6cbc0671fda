using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kvmscope.Commands;

/// <summary>Writes one JSON object as a line.</summary>
internal static class JsonText
{
    /// <summary>The name and version of the format, in every object.</summary>
    public const string Schema = "kvmscope/1";

    // Names of VMs stay readable; it is not meant to be pasted into HTML.
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes an object with <c>schema</c> and <c>command</c>, and what the caller adds.</summary>
    public static void WriteLine(TextWriter output, string command, Action<Utf8JsonWriter> add)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            json.WriteString("schema", Schema);
            json.WriteString("command", command);
            add(json);
            json.WriteEndObject();
        }
        output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }
}
