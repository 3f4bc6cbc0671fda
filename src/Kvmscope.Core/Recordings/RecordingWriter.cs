using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// Writes a recording, member by member. It only appends, and only complete members: a recording that is cut off anywhere is valid up to
/// the member before.
/// </summary>
/// <param name="header">Where, when and how it is made.</param>
/// <param name="append">Appends bytes: they are on the disk when it returns. It does not keep the memory.</param>
public sealed class RecordingWriter(RecordingHeader header, Action<ReadOnlyMemory<byte>> append)
{
    /// <summary>How many intervals a span of depth 1 sums up, and how many of these one of depth 2.</summary>
    public const int SpanLength = 60;

    /// <summary>The greatest depth of spans: an hour, where an interval is a second.</summary>
    public const int MaxDepth = 2;

    // A span is kept in memory until it ends. Usually it has hardly more rows than an interval; where VMs come and go it has those of all
    // of them, and saves a reader little: beyond so many rows, and so many times those of an interval, it is left out.
    private const int LeastMost = 1024, MostPerInterval = 4;

    /// <summary>Not embedded in HTML; names stay readable.</summary>
    internal static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> _line = new(1 << 14), _members = new(1 << 14);
    private readonly IndexJson _index = new();
    private readonly Span?[] _spans = new Span?[MaxDepth];
    private (long Ns, long Wall) _end = (header.MonotonicNs, NsOf(header.Started));

    /// <summary>How many intervals were written: the number of the next.</summary>
    public long Intervals { get; private set; }

    /// <summary>Writes the header.</summary>
    public void Begin()
    {
        MakeLine(json => HeaderJson.Write(json, header));
        AddMember(new MemberHead(MemberKind.Header, 0, 0, 0, 0, 0, _end.Ns, _end.Ns, _end.Wall));
        Append();
    }

    /// <summary>Writes the next interval, and the spans that end with it.</summary>
    public void Add(Interval interval)
    {
        if (interval.First != Intervals)
            throw new ArgumentException($"interval {Intervals} is next, and not {interval.First}", nameof(interval));
        AddInterval(interval, depth: 0);
        Interval? part = interval;
        for (int depth = 1; depth <= MaxDepth; depth++)
        {
            Span span = _spans[depth - 1] ??= new Span();
            span.Add(part);
            if ((Intervals + 1) % Length(depth) != 0) break;
            part = span.Sum?.ToInterval();
            if (part is not null) AddInterval(part, depth);
            _spans[depth - 1] = null;
        }
        _end = (interval.ToNs, NsOf(interval.To));
        Append();
        Intervals++;
    }

    /// <summary>Writes that the recording is complete.</summary>
    public void End()
    {
        MakeLine(json =>
        {
            json.WriteStartObject();
            json.WriteString("kind", "end");
            json.WriteNumber("intervals", Intervals);
            _index.Write(json);
            json.WriteEndObject();
        });
        AddMember(new MemberHead(MemberKind.End, 0, 0, Intervals, 0, 0, _end.Ns, _end.Ns, _end.Wall));
        Append();
    }

    /// <summary>How many intervals a span of this depth sums up.</summary>
    internal static int Length(int depth)
    {
        int length = 1;
        for (int i = 0; i < depth; i++) length *= SpanLength;
        return length;
    }

    private void AddInterval(Interval interval, int depth)
    {
        MemberKind kind = depth == 0 ? MemberKind.Interval : MemberKind.Span;
        MakeLine(json => new IntervalJsonWriter(json).Write(interval, kind));
        _index.Add(AddMember(new MemberHead(
            kind, (byte)depth, 0, interval.First, interval.Intervals, interval.Changes.Count, interval.FromNs, interval.ToNs,
            NsOf(interval.To))
        {
            SuspendedMs = (uint)Math.Clamp(interval.SuspendedNs / 1_000_000, 0, uint.MaxValue),
        }));
    }

    private void MakeLine(Action<Utf8JsonWriter> write)
    {
        _line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_line, Options)) write(json);
        _line.Write("\n"u8);
    }

    // zcat shows the lines on a terminal, so they have no character that steers one.
    private MemberHead AddMember(MemberHead head)
    {
        if (Ascii.IsValid(_line.WrittenSpan)) return Member.Write(_members, head, _line.WrittenSpan);
        var escaped = new ArrayBufferWriter<byte>(_line.WrittenCount);
        ForeignText.EscapeJson(_line.WrittenSpan, escaped);
        return Member.Write(_members, head, escaped.WrittenSpan);
    }

    private void Append()
    {
        append(_members.WrittenMemory);
        _members.ResetWrittenCount();
    }

    /// <summary>The sum of a span so far.</summary>
    private sealed class Span
    {
        private int _largest;

        /// <summary>What is in it so far; null where it is left out.</summary>
        internal IntervalSum? Sum { get; private set; } = new(Grouping.Vcpu);

        /// <summary>Adds what comes next; null where that was left out itself.</summary>
        internal void Add(Interval? part)
        {
            if (part is null) Sum = null;
            if (Sum is null || part is null) return;
            Sum.Add(part with { Slow = [] });
            _largest = Math.Max(_largest, part.Changes.Count + part.TimeChanges.Count + part.Returns.Count);
            if (Sum.Size > Math.Max(LeastMost, (long)MostPerInterval * _largest)) Sum = null;
        }
    }

    private static long NsOf(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;
}
