using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kvmscope.Core.Output.Json;

/// <summary>JSON objects to a text output, each on its own line.</summary>
internal sealed class JsonLines
{
    private const int DrainBytes = 1 << 16;

    private readonly ArrayBufferWriter<byte> _bytes = new(4096);
    private readonly TextWriter _output;

    /// <summary>Makes them.</summary>
    /// <param name="output">The output.</param>
    /// <param name="inHtml">Whether characters of HTML are escaped too; else names stay readable.</param>
    internal JsonLines(TextWriter output, bool inHtml = false)
    {
        _output = output;
        Json = new Utf8JsonWriter(
            _bytes, new JsonWriterOptions { Encoder = inHtml ? JavaScriptEncoder.Default : JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <summary>Writes the next object; of an answer after <see cref="Begin"/>.</summary>
    internal Utf8JsonWriter Json { get; }

    /// <summary>Begins an answer: every object that the program prints says what it is.</summary>
    /// <param name="command">The command that answers.</param>
    /// <param name="kind">The kind of object, for its schema; null for the command's name.</param>
    internal Utf8JsonWriter Begin(string command, string? kind = null)
    {
        Json.WriteStartObject();
        BeginMembers(Json, command, kind ?? command);
        return Json;
    }

    /// <summary>The first members of an answer.</summary>
    internal static void BeginMembers(Utf8JsonWriter json, string command, string kind)
    {
        json.WriteString("schema", MachineNames.Schema(kind));
        json.WriteString("command", command);
    }

    /// <summary>Call it now and then within a large object, so that it is never in memory as a whole.</summary>
    internal void Drain()
    {
        if (_bytes.WrittenCount + Json.BytesPending < DrainBytes) return;
        Json.Flush();
        WriteOut();
    }

    /// <summary>Ends the object and its line.</summary>
    internal void End()
    {
        Json.WriteEndObject();
        Json.Flush();
        WriteOut();
        _output.Write('\n');
        Json.Reset();
    }

    // A flush ends between two tokens, so no character is split.
    private void WriteOut()
    {
        if (Ascii.IsValid(_bytes.WrittenSpan)) WriteOut(_bytes.WrittenSpan);
        else
        {
            var escaped = new ArrayBufferWriter<byte>(_bytes.WrittenCount);
            ForeignText.EscapeJson(_bytes.WrittenSpan, escaped);
            WriteOut(escaped.WrittenSpan);
        }
        _bytes.ResetWrittenCount();
    }

    private void WriteOut(ReadOnlySpan<byte> bytes)
    {
        char[] chars = ArrayPool<char>.Shared.Rent(Math.Max(1, Encoding.UTF8.GetMaxCharCount(bytes.Length)));
        try
        {
            int length = Encoding.UTF8.GetChars(bytes, chars);
            _output.Write(chars.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }
    }
}
