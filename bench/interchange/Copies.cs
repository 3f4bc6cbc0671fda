using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Kvmscope.InterchangeBench;

/// <summary>perf.data: its samples again and again, each time a round; names of processes once.</summary>
internal static class PerfCopies
{
    private const int PipeBytes = 16, Sample = 9, FinishedRound = 68, SampleTime = 8 + 8 + 8 + 8;

    internal static void Write(byte[] file, long bytes, Stream output)
    {
        bool isPipe = Number(file, 8) == PipeBytes;
        int begin = isPipe ? PipeBytes : (int)Number(file, 40), size = isPipe ? file.Length - begin : (int)Number(file, 48);
        // Samples have their id, address, thread and time in this order, as perf kvm stat asks for them.
        List<int> times = [];
        using MemoryStream once = new(), again = new();
        ulong first = ulong.MaxValue, last = 0;
        for (int at = begin, length; at < begin + size; at += length)
        {
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));
            length = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at + 6));
            // The formats of events follow their record.
            if (type == 66) length += (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8));
            if (type == FinishedRound) continue;
            (type == Sample ? again : once).Write(file, at, length);
            if (type != Sample) continue;
            times.Add((int)again.Length - length + SampleTime);
            ulong ns = Number(file, at + SampleTime);
            (first, last) = (Math.Min(first, ns), Math.Max(last, ns));
        }
        again.Write([FinishedRound, 0, 0, 0, 0, 0, 8, 0]);
        byte[] round = again.ToArray();
        long copies = Math.Max(1, (bytes - once.Length) / round.Length);
        byte[] head = file[..begin], tail = file[(begin + size)..];
        if (!isPipe)
        {
            long all = once.Length + (copies * round.Length);
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(48), all);
            int features = file.AsSpan(72, 32).ToArray().Sum(flags => int.PopCount(flags));
            for (int i = 0; i < features; i++) Add(tail, 16 * i, (ulong)(all - size));
        }
        output.Write(head);
        output.Write(once.ToArray());
        for (long i = 0; i < copies; i++)
        {
            output.Write(round);
            foreach (int at in times) Add(round, at, last - first + 1000);
        }
        output.Write(tail);
    }

    internal static ulong Number(byte[] file, int at) => BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));

    internal static void Add(byte[] file, int at, ulong more) =>
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), Number(file, at) + more);
}

/// <summary>trace.dat: the pages of its CPU again and again, whose times are relative to that of the page.</summary>
internal static class TraceDatCopies
{
    private const int Page = 4096;

    internal static void Write(byte[] file, long bytes, Stream output)
    {
        // The number of CPUs, and offset and size of each, are before the first page.
        int table = file.AsSpan().IndexOf("flyrecord\0"u8) + 10;
        int begin = (int)PerfCopies.Number(file, table);
        byte[] pages = file[begin..(begin + (int)PerfCopies.Number(file, table + 8))], head = file[..begin];
        long copies = Math.Max(1, (bytes - begin) / pages.Length);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(table + 8), copies * pages.Length);
        ulong step = PerfCopies.Number(pages, pages.Length - Page) - PerfCopies.Number(pages, 0) + 100_000_000;
        output.Write(head);
        for (long i = 0; i < copies; i++)
        {
            output.Write(pages);
            for (int at = 0; at < pages.Length; at += Page) PerfCopies.Add(pages, at, step);
        }
    }
}

/// <summary>Lines of text again and again, a second later each time.</summary>
internal static partial class TextCopies
{
    internal static void Write(string text, long bytes, Stream output)
    {
        List<(string Before, long Second, string After)> lines = [];
        foreach (string line in text.Split('\n'))
            if (Time().Match(line) is { Success: true } time)
                lines.Add((line[..time.Index], long.Parse(time.Value, CultureInfo.InvariantCulture), line[(time.Index + time.Length)..]));
        var copy = new StringBuilder();
        for (long i = 0, written = 0; written < bytes; i++)
        {
            copy.Clear();
            foreach ((string before, long second, string after) in lines)
                copy.Append(before).Append(CultureInfo.InvariantCulture, $"{second + (2 * i)}").Append(after).Append('\n');
            byte[] made = Encoding.UTF8.GetBytes(copy.ToString());
            output.Write(made);
            written += made.Length;
        }
    }

    [GeneratedRegex("(?<= )[0-9]+(?=[.][0-9]{6}: (kvm|sched)_)")]
    private static partial Regex Time();
}
