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
internal sealed class Answer(ServerLimits limits, CancellationToken stop) : IDisposable
{
    private readonly ChunkWriter _bytes = new();
    // The collector lets as much gather as the CPU's cache has room for, which is hundreds of MB on some hosts.
    private const long MostGarbage = 4 << 20;

    private readonly long _began = Stopwatch.GetTimestamp();
    private long _allocated = GC.GetAllocatedBytesForCurrentThread();
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
        Collect();
        if (_json is { } json && _bytes.Count + json.BytesPending > limits.AnswerBytes)
            throw Problem.TooMuch("the answer would have more than 8 MB");
        if (Stopwatch.GetElapsedTime(_began) > limits.AnswerTime)
        {
            throw new Problem(ProblemType.TooSlow, "the answer took longer than it may",
                "Ask for less: a shorter time, or a longer step.");
        }
    }

    /// <summary>Whether less than half of its time is over: what can be left out is, after that.</summary>
    public bool HasTime => Stopwatch.GetElapsedTime(_began) < limits.AnswerTime / 2;

    /// <summary>Its bytes, to keep: UTF-8, with what cannot be seen escaped.</summary>
    public ReadOnlyMemory<byte> ToBytes()
    {
        Json.Flush();
        byte[] bytes = _bytes.ToArray();
        return Ascii.IsValid(bytes) ? bytes : Escaped(bytes);
    }

    /// <summary>The same in pieces, until it is disposed.</summary>
    public ReadOnlyMemory<byte>[] ToPieces()
    {
        Json.Flush();
        Collect();
        ReadOnlyMemory<byte>[] pieces = [.. _bytes.Chunks];
        // A character may lie in two of them.
        return Array.TrueForAll(pieces, piece => Ascii.IsValid(piece.Span)) ? pieces : [Escaped(_bytes.ToArray())];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _json?.Dispose();
        _bytes.Dispose();
    }

    // It is made by one thread, step by step; what a step took is garbage after it.
    private void Collect()
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        if (allocated - _allocated < MostGarbage) return;
        GC.Collect(1);
        _allocated = allocated;
    }

    private static ReadOnlyMemory<byte> Escaped(byte[] bytes)
    {
        var escaped = new ArrayBufferWriter<byte>(bytes.Length);
        ForeignText.EscapeJson(bytes, escaped);
        return escaped.WrittenMemory;
    }
}
