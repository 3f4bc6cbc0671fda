using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>Rows as they are written are read without a reader of any JSON, and with it all the same.</summary>
public sealed class RowScannerTests
{
    private const string Begin = "\"rows\":";

    // All rows of a trace have the parts that a row can have: pages, rips, qualifiers, rounds, parts below 0.
    [Fact]
    public void What_is_written_is_scanned_to_its_end() => Gen.Int[0, 1_000_000].Sample(seed =>
    {
        List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(4);
        for (int i = 0; i < snapshots.Count; i++)
        {
            Interval interval = snapshots[i].Since(i == 0 ? null : snapshots[i - 1], RandomTrace.Start, RandomTrace.StartNs);
            byte[] line = Encoding.UTF8.GetBytes(Line(interval));
            var scanner = new RowScanner(line.AsSpan(line.AsSpan().IndexOf("\"rows\":["u8) + Begin.Length));
            Assert.True(scanner.Begin());
            int rows = 0;
            for (var row = new Row(default); scanner.TryRead(row); row.Clear()) rows++;
            Assert.Equal((interval.Changes.Count, true), (rows, scanner.IsAtEnd));
        }
    }, iter: 100, threads: 1);

    [Theory]
    [InlineData("0", "0")]
    [InlineData("9999999999999999999", "9999999999999999999")]
    [InlineData("10000000000000000000", "10000000000000000000")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("18446744073709551616", null)]
    [InlineData("20000000000000000000", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("100000000000000000000", null)]
    [InlineData("01", null)]
    [InlineData("-1", null)]
    [InlineData("1.0", null)]
    [InlineData("1e3", null)]
    [InlineData("", null)]
    public void Numbers_have_up_to_64_bits(string text, string? read)
    {
        var row = new Row(default);
        var scanner = new RowScanner(Encoding.UTF8.GetBytes($"[{{\"count\":{text}}}]}}"));
        Assert.True(scanner.Begin());
        Assert.Equal(read, scanner.TryRead(row) ? row.Count.ToString(System.Globalization.CultureInfo.InvariantCulture) : null);
    }

    // One byte more, less or changed, at any place: what is scanned is what the reader of JSON reads, and the errors are its errors.
    [Fact]
    public void A_changed_line_says_the_same_both_ways()
    {
        string line = Line(new RandomTrace(41).Snapshots(2)[1].Since(null, RandomTrace.Start, RandomTrace.StartNs));
        int begin = line.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        const string bytes = "{}[],:\"-0123456789 \\aeE.";
        int scanned = 0, refused = 0;
        Gen.Select(Gen.Int[begin, line.Length - 1], Gen.Int[0, bytes.Length - 1], Gen.Int[0, 4]).Sample((at, which, how) =>
        {
            string made = how switch
            {
                0 => line[..at],
                1 => line[..at] + line[(at + 1)..],
                2 => line.Insert(at, bytes[which].ToString()),
                // A member or an element more than there was, or less.
                3 => line[..line.LastIndexOfAny(['[', '{', ','], at - 1)] + line[at..],
                _ => line[..at] + bytes[which] + line[(at + 1)..],
            };
            // With a space the rows are not as they are written.
            string? one = Read(made), other = Read(made[..begin] + " " + made[begin..]);
            Assert.Equal(other, one);
            if (one is null) refused++;
            else scanned++;
        }, iter: 20_000, threads: 1);
        Assert.True(scanned > 1000 && refused > 1000, $"{scanned} read, {refused} refused");
    }

    [Fact]
    public void Rows_before_other_members_are_taken_once()
    {
        const string rows = "{\"rows\":[{\"code\":1,\"count\":2},{\"code\":3,\"count\":4}]";
        string? expected = Read($"{rows}}}");
        Assert.Equal(expected, Read($"{rows},\"later\":1}}"));
        Assert.Equal(expected, Read("{\"rows\":[{\"code\":1,\"count\":2},{\"count\":4,\"code\":3}]}"));
        Assert.NotEqual(expected, Read("{\"rows\":[{\"code\":1,\"count\":2},{\"code\":3,\"count\":5}]}"));
    }

    // The rows in order; null where it is an error.
    private static string? Read(string line)
    {
        var text = new StringBuilder();
        try
        {
            var reader = new IntervalJsonReader(new HostZone(TimeSpan.Zero, []), row => text.Append(TextOf(row)).Append('\n'));
            reader.Read(Encoding.UTF8.GetBytes(line));
        }
        catch (Exception error) when (error is JsonException or OverflowException)
        {
            return null;
        }
        return text.ToString();
    }

    private static string TextOf(Row row) => string.Join(' ', row.Key, row.Count, row.Timed, row.Final, row.TotalNs, row.MaxNs,
        string.Join(',', row.Bins.ToArray()),
        row.Parts is { } parts ? string.Join(',', Enum.GetValues<TimePart>().Select(p => parts[p])) : "",
        row.Rounds is { } rounds
            ? string.Join(',', rounds.Reflected, rounds.Timed, rounds.TotalNs, rounds.MaxNs, rounds.HandlingNs, rounds.L1Exits,
                string.Join(',', rounds.Bins.ToArray()))
            : "");

    private static string Line(Interval interval)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, RecordingWriter.Options);
        new IntervalJsonWriter(json).Write(interval with { First = 0 }, MemberKind.Interval);
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
