using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;

namespace Kvmscope.Server.Http;

/// <summary>An answer in JSON that is made in memory, within its limits.</summary>
/// <param name="limits">How large it may be, and how long it may take.</param>
/// <param name="stop">Whoever asked has left.</param>
internal sealed class Answer(ServerLimits limits, CancellationToken stop)
{
    private readonly ArrayBufferWriter<byte> _bytes = new(4096);
    private readonly long _began = Stopwatch.GetTimestamp();
    private Utf8JsonWriter? _json;

    /// <summary>Writes it.</summary>
    public Utf8JsonWriter Json =>
        _json ??= new Utf8JsonWriter(_bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Begins an object with its schema.</summary>
    public Utf8JsonWriter Begin(string kind)
    {
        Json.WriteStartObject();
        JsonLines.BeginMembers(Json, "serve", kind);
        return Json;
    }

    /// <summary>Call it now and then.</summary>
    /// <exception cref="Problem">It has become too large, or takes too long.</exception>
    public void Check()
    {
        stop.ThrowIfCancellationRequested();
        if (_json is { } json && _bytes.WrittenCount + json.BytesPending > limits.AnswerBytes)
            throw Problem.TooMuch("the answer would have more than 8 MB");
        if (Stopwatch.GetElapsedTime(_began) > limits.AnswerTime)
        {
            throw new Problem(ProblemType.TooSlow, "the answer took longer than it may",
                "Ask for less: a shorter time, or a longer step.");
        }
    }

    /// <summary>Whether less than half of its time is over: what can be left out is, after that.</summary>
    public bool HasTime => Stopwatch.GetElapsedTime(_began) < limits.AnswerTime / 2;

    /// <summary>Its bytes: UTF-8, with what cannot be seen escaped.</summary>
    public ReadOnlyMemory<byte> ToBytes()
    {
        Json.Flush();
        if (Ascii.IsValid(_bytes.WrittenSpan)) return _bytes.WrittenMemory;
        var escaped = new ArrayBufferWriter<byte>(_bytes.WrittenCount);
        ForeignText.EscapeJson(_bytes.WrittenSpan, escaped);
        return escaped.WrittenMemory;
    }
}
