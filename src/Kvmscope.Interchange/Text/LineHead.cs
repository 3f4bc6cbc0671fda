using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange.Text;

/// <summary>
/// What stands before and after the time of a line: <c>comm-tid (tgid) [cpu] flags time: event: body</c> of tracefs and trace-cmd,
/// <c>comm pid/tid flags [cpu] time: period group:event: body</c> of perf. The comm may hold any characters; tgid, cpu, flags and period
/// may be missing, and a date may be in front.
/// </summary>
internal readonly ref struct LineHead
{
    private const long NsPerSecond = 1_000_000_000, MostSeconds = 9_000_000_000;

    private LineHead(long ns, ReadOnlySpan<byte> name, ReadOnlySpan<byte> body)
    {
        Ns = ns;
        Event = name;
        Body = body;
        Cpu = Tid = Pid = CapturedEvent.Unknown;
    }

    internal long Ns { get; }

    internal ReadOnlySpan<byte> Event { get; }

    internal ReadOnlySpan<byte> Body { get; }

    internal int Cpu { get; private init; }

    internal int Tid { get; private init; }

    internal int Pid { get; private init; }

    internal ReadOnlySpan<byte> Comm { get; private init; }

    /// <summary>Reads a line up to its event's body.</summary>
    /// <returns>False where it is none of an event.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> line, out LineHead head)
    {
        head = default;
        for (int from = 0; ;)
        {
            int colon = line[from..].IndexOf((byte)':');
            if (colon < 0) return false;
            colon += from;
            if (TryTime(line[..colon], out int begin, out long ns) && TryEvent(line[(colon + 1)..], out var name, out var body))
            {
                head = WithThread(line[..begin], new LineHead(ns, name, body));
                return true;
            }
            from = colon + 1;
        }
    }

    // 3410.005610 or 3410.005610123 at the end, after a space.
    private static bool TryTime(ReadOnlySpan<byte> text, out int begin, out long ns)
    {
        begin = 0;
        ns = 0;
        int fraction = Words.DigitsAtEnd(text);
        if (fraction is not (6 or 9) || text.Length <= fraction || text[^(fraction + 1)] != '.') return false;
        ReadOnlySpan<byte> before = text[..^(fraction + 1)];
        int whole = Words.DigitsAtEnd(before);
        begin = before.Length - whole;
        if (whole == 0 || (begin > 0 && before[begin - 1] is not ((byte)' ' or (byte)'\t'))) return false;
        if (!Words.TryDecimal(before[begin..], out long seconds, out _) || seconds > MostSeconds) return false;
        Words.TryDecimal(text[^fraction..], out long part, out _);
        ns = seconds * NsPerSecond + (fraction == 6 ? part * 1000 : part);
        return true;
    }

    private static bool TryEvent(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> body)
    {
        text = text.TrimStart((byte)' ');
        // perf's period.
        int digits = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits > 0 && text[digits] == ' ') text = text[digits..].TrimStart((byte)' ');
        int end = text.IndexOfAny((byte)' ', (byte)'\t');
        name = end < 0 ? text : text[..end];
        body = end < 0 ? default : text[end..].Trim((byte)' ');
        if (name.IsEmpty || name[^1] != ':') return false;
        name = name[..^1];
        int group = name.LastIndexOf((byte)':');
        if (group >= 0) name = name[(group + 1)..];
        return !name.IsEmpty;
    }

    private static LineHead WithThread(ReadOnlySpan<byte> text, LineHead head)
    {
        int cpu = CapturedEvent.Unknown, pid = CapturedEvent.Unknown;
        int bracket = text.LastIndexOf((byte)'[');
        if (bracket >= 0 && Words.TryDecimal(text[(bracket + 1)..], out long number, out int length) && number < 1 << 20
            && bracket + 1 + length < text.Length && text[bracket + 1 + length] == ']')
        {
            cpu = (int)number;
            text = text[..bracket];
        }
        text = text.Trim((byte)' ');
        if (text.EndsWith(")"u8) && text.LastIndexOf((byte)'(') is > 0 and var open)
        {
            if (Words.TryId(text[(open + 1)..].TrimStart((byte)' '), out int group)) pid = group;
            text = text[..open].TrimEnd((byte)' ');
        }
        text = WithoutFlags(text);
        int digits = Words.DigitsAtEnd(text);
        if (digits == 0 || digits == text.Length || text[^(digits + 1)] is not ((byte)'-' or (byte)' ' or (byte)'/')
            || !Words.TryId(text[^digits..], out int tid))
            return new LineHead(head.Ns, head.Event, head.Body) { Cpu = cpu, Comm = WithoutDate(text) };
        byte separator = text[^(digits + 1)];
        text = text[..^(digits + 1)];
        // perf's pid/tid.
        int before = separator == '/' ? Words.DigitsAtEnd(text) : 0;
        if (before > 0 && before < text.Length && text[^(before + 1)] == ' ' && Words.TryId(text[^before..], out int process))
        {
            pid = process;
            text = text[..^(before + 1)];
        }
        return new LineHead(head.Ns, head.Event, head.Body)
        {
            Cpu = cpu,
            Tid = tid,
            Pid = pid,
            Comm = WithoutDate(text.TrimEnd((byte)' ')),
        };
    }

    // ".N..": they end with no digit after a minus or a blank, as a thread's number does.
    private static ReadOnlySpan<byte> WithoutFlags(ReadOnlySpan<byte> text)
    {
        int last = text.LastIndexOf((byte)' ');
        if (last < 0) return text;
        ReadOnlySpan<byte> word = text[(last + 1)..];
        if (word.Length > 8 || !word.Contains((byte)'.') || Words.DigitsAtEnd(word) == word.Length) return text;
        return word.Contains((byte)'-') && Words.DigitsAtEnd(word) > 0 ? text : text[..last].TrimEnd((byte)' ');
    }

    // 2021-12-12 16:11:10.214139
    private static ReadOnlySpan<byte> WithoutDate(ReadOnlySpan<byte> text)
    {
        const int length = 26;
        return text.Length > length && text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':' && text[19] == '.'
            ? text[length..].TrimStart((byte)' ')
            : text;
    }
}
