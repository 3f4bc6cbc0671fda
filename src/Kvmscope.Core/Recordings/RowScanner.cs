using System.Runtime.CompilerServices;
using System.Text;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// Reads rows exactly as <see cref="IntervalJsonWriter"/> writes them: known members, in its order, without spaces. A recording is nearly
/// all rows, and a reader of any JSON takes several times as long. Other JSON is not understood here, nor called wrong:
/// <see cref="IntervalJsonReader"/> reads it then, and says what is wrong.
/// </summary>
/// <param name="text">The rows, from the bracket before them on, and the rest of the line.</param>
internal ref struct RowScanner(ReadOnlySpan<byte> text)
{
    // Of numbers with as many digits some are too large; of signed ones none has as many.
    private const int MostDigits = 20, MostSignedDigits = 18;
    private const ulong LeastOfMostDigits = 10_000_000_000_000_000_000;

    // With the quotes and the colon.
    private static readonly (TimePart Part, byte[] Name)[] s_parts =
        [.. JsonParts.All.Select(p => (p.Part, Encoding.UTF8.GetBytes($"\"{p.Name}\":")))];

    private readonly ReadOnlySpan<byte> _text = text;

    // After a value, and the comma after it.
    private int _at;

    /// <summary>Steps into the array.</summary>
    internal bool Begin() => Take('[');

    /// <summary>Whether the array ends here, and the line with it.</summary>
    internal readonly bool IsAtEnd => _at > 0 && _text[_at - 1] != ',' && _text[_at..].StartsWith("]}"u8);

    /// <summary>Reads the next row.</summary>
    /// <param name="row">An empty one; it may be filled in part where the result is false.</param>
    /// <returns>False at the end, and where the row is not as it is written.</returns>
    internal bool TryRead(Row row)
    {
        int begin = _at;
        if (Read(row)) return true;
        // What follows the place where it broke off says nothing.
        _at = begin;
        return false;
    }

    private bool Read(Row row)
    {
        ulong code = 0, raw = 0, count = 0, timed = 0, final = 0, total = 0, max = 0;
        int vm = GroupKey.None, vcpu = GroupKey.None, level = 0;
        Isa isa = default;
        Qualifier page = default, rip = default;
        if (!Take('{') || !Int("\"vm_id\":"u8, ref vm) || !Text("\"vm\":"u8) || !Int("\"vcpu\":"u8, ref vcpu)
            || !IsaName(ref isa) || !Number("\"code\":"u8, ref code) || !Text("\"reason\":"u8) || !Int("\"level\":"u8, ref level))
            return false;
        Qualifier qualifier = default;
        if (Is("\"qualifier\":"u8))
        {
            if (!ReadText()) return false;
            qualifier = Qualifier.Other;
        }
        if (Is("\"qualifier_raw\":"u8))
        {
            if (!ReadNumber(out raw)) return false;
            qualifier = Qualifier.Of(raw);
        }
        if (!Address("\"page\":"u8, ref page) || !Address("\"rip\":"u8, ref rip)
            || !Number("\"count\":"u8, ref count) || !Number("\"timed\":"u8, ref timed) || !Number("\"final\":"u8, ref final)
            || !Number("\"total_ns\":"u8, ref total) || !Number("\"max_ns\":"u8, ref max)
            || !Bins(row) || !Parts(row) || !Rounds(row) || !End('}')) return false;
        row.Key = new GroupKey(vm, vcpu, new ExitCode(isa, code), (ExitLevel)level, qualifier, Place.Of(page, rip));
        (row.Count, row.Timed, row.Final, row.TotalNs, row.MaxNs) = (count, timed, final, total, max);
        return true;
    }

    private bool Parts(Row row)
    {
        if (!Is("\"parts_ns\":"u8)) return true;
        if (!Take('{')) return false;
        TimeParts parts = default;
        foreach ((TimePart part, byte[] name) in s_parts)
        {
            if (!Is(name)) continue;
            if (!ReadSigned(out long ns)) return false;
            parts[part] = (ulong)ns;
        }
        row.Parts = parts;
        return End('}');
    }

    private bool Rounds(Row row)
    {
        if (!Is("\"rounds\":"u8)) return true;
        var rounds = new ReflectedRounds();
        ulong reflected = 0, timed = 0, total = 0, handling = 0, l1 = 0, max = 0;
        if (!Take('{') || !Number("\"reflected\":"u8, ref reflected) || !Number("\"ended\":"u8, ref timed)
            || !Number("\"total_ns\":"u8, ref total) || !Number("\"handling_ns\":"u8, ref handling)
            || !Number("\"l1_exits\":"u8, ref l1) || !Number("\"max_ns\":"u8, ref max) || !Bins(rounds) || !End('}')) return false;
        (rounds.Reflected, rounds.HandlingNs, rounds.L1Exits) = (reflected, handling, l1);
        (rounds.Timed, rounds.TotalNs, rounds.MaxNs) = (timed, total, max);
        row.Rounds = rounds;
        return true;
    }

    private bool Bins(Durations durations)
    {
        if (!Is("\"hist\":"u8)) return true;
        if (!Take('[')) return false;
        while (Take('['))
        {
            // What follows a number without a comma is no number.
            if (!ReadNumber(out ulong low) || !ReadNumber(out ulong count) || !End(']')) return false;
            durations.Bins.Add(HistogramLayout.BinOf(low), count);
        }
        return End(']');
    }

    private bool IsaName(ref Isa isa)
    {
        if (!Is("\"isa\":\""u8)) return true;
        foreach (IsaInfo known in IsaInfo.All)
        {
            if (!_text[_at..].StartsWith(known.NameUtf8)) continue;
            _at += known.NameUtf8.Length;
            isa = known.Isa;
            return Take('"') && Close();
        }
        return false;
    }

    private bool Address(ReadOnlySpan<byte> name, ref Qualifier address)
    {
        if (!Is(name)) return true;
        if (Is("\"other\""u8))
        {
            address = Qualifier.Other;
            return Close();
        }
        bool isRead = ReadNumber(out ulong raw);
        address = Qualifier.Of(raw);
        return isRead;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Number(ReadOnlySpan<byte> name, ref ulong value) => !Is(name) || ReadNumber(out value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Int(ReadOnlySpan<byte> name, ref int value)
    {
        if (!Is(name)) return true;
        bool isRead = ReadNumber(out ulong number);
        value = (int)number;
        return isRead && number <= int.MaxValue;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Text(ReadOnlySpan<byte> name) => !Is(name) || ReadText();

    // Whether this member is the next one; then its value is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Is(ReadOnlySpan<byte> name)
    {
        if (!_text[_at..].StartsWith(name)) return false;
        _at += name.Length;
        return true;
    }

    private bool ReadNumber(out ulong value)
    {
        value = 0;
        ReadOnlySpan<byte> text = _text;
        int from = _at, at = from;
        for (; (uint)at < (uint)text.Length; at++)
        {
            uint digit = (uint)text[at] - '0';
            if (digit > 9) break;
            value = (value * 10) + digit;
        }
        int digits = at - from;
        if (digits is 0 or > MostDigits || (digits > 1 && text[from] == '0')) return false;
        // One that is too large became less than it was.
        if (digits == MostDigits && (text[from] != '1' || value < LeastOfMostDigits)) return false;
        _at = at;
        return Close();
    }

    private bool ReadSigned(out long value)
    {
        bool isNegative = Take('-');
        int from = _at;
        bool isRead = ReadNumber(out ulong number) && _at - from <= MostSignedDigits;
        value = isNegative ? -(long)number : (long)number;
        return isRead;
    }

    // A name for people, which is not kept: where it ends, and that it is one.
    private bool ReadText()
    {
        if (!Take('"')) return false;
        ReadOnlySpan<byte> text = _text;
        for (int at = _at; (uint)at < (uint)text.Length; at++)
        {
            byte next = text[at];
            if (next == '"')
            {
                _at = at + 1;
                return Close();
            }
            if (next < ' ' || (next == '\\' && !SkipEscape(text, ref at))) return false;
        }
        return false;
    }

    // To the last byte of it.
    private static bool SkipEscape(ReadOnlySpan<byte> text, ref int at)
    {
        if (++at >= text.Length) return false;
        if ("\"\\/bfnrt"u8.Contains(text[at])) return true;
        if (text[at] != 'u' || at + 4 >= text.Length) return false;
        for (int end = at + 4; at < end;)
            if (!char.IsAsciiHexDigit((char)text[++at])) return false;
        return true;
    }

    // After an element or member: goes on to the next one.
    private bool Close()
    {
        if ((uint)_at >= (uint)_text.Length) return false;
        byte next = _text[_at];
        if (next == ',') _at++;
        return next is (byte)',' or (byte)'}' or (byte)']';
    }

    private bool End(char bracket) => _text[_at - 1] != ',' && Take(bracket) && Close();

    private bool Take(char next)
    {
        if ((uint)_at >= (uint)_text.Length || _text[_at] != next) return false;
        _at++;
        return true;
    }
}
