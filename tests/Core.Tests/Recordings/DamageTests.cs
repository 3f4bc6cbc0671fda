using CsCheck;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>Recordings that are cut, changed or something else: the right answer or a clear error.</summary>
public sealed class DamageTests
{
    private static string Sum(Recording recording) => Tape.Text(recording.Sum(recording.All, Grouping.Vcpu).ToInterval());

    [Fact]
    public void Cut_at_any_byte_it_opens_and_is_a_prefix()
    {
        List<Snapshot> snapshots = new RandomTrace(11).Snapshots(4);
        (byte[] bytes, List<int> ends) = Tape.Record(snapshots);
        string[] prefixes = [.. Enumerable.Range(0, 4).Select(i => Tape.Text(Tape.Live(snapshots, -1, i)))];
        for (int cut = ends[0]; cut <= bytes.Length; cut++)
        {
            Recording recording = Tape.Open(bytes[..cut]);
            int whole = ends.Count(e => e <= cut) - 1;
            Assert.Equal(Math.Min(whole, 4), recording.Intervals);
            Assert.Equal(whole > 4, recording.HasEnd);
            Assert.Equal(cut - ends[whole], recording.TailBytes);
            // All cuts within one member leave the same bytes to read.
            if (recording.Intervals > 0 && cut - ends[whole] < 2) Assert.Equal(prefixes[recording.Intervals - 1], Sum(recording));
        }
        for (int cut = 0; cut < ends[0]; cut++)
            Assert.Equal(ExitStatus.Usage, Assert.Throws<KvmscopeException>(() => Tape.Open(bytes[..cut])).Status);
    }

    [Fact]
    public void Any_sequence_cut_anywhere_is_a_prefix() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 70], Gen.Double[0, 1]).Sample((seed, count, share) =>
        {
            List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(count);
            (byte[] bytes, List<int> ends) = Tape.Record(snapshots);
            int cut = ends[0] + (int)(share * (bytes.Length - ends[0]));
            Recording recording = Tape.Open(bytes[..cut]);
            // An append may hold an interval and the spans that end with it: the interval counts when it is complete itself.
            int whole = ends.Count(e => e <= cut) - 1;
            Assert.InRange(recording.Intervals, Math.Min(whole, count), Math.Min(whole + 1, count));
            if (recording.Intervals > 0) Assert.Equal(Tape.Text(Tape.Live(snapshots, -1, recording.Intervals - 1)), Sum(recording));
        }, iter: 40, threads: 1);

    [Fact]
    public void A_flipped_bit_anywhere_is_the_right_answer_or_an_error()
    {
        List<Snapshot> snapshots = new RandomTrace(13).Snapshots(3);
        (byte[] bytes, _) = Tape.Record(snapshots);
        string right = Sum(Tape.Open(bytes));
        int errors = 0, rights = 0;
        for (int at = 0; at < bytes.Length; at += at < 2 * MemberHead.Size ? 1 : 3)
        {
            byte[] damaged = [.. bytes];
            damaged[at] ^= (byte)(1 << (at % 8));
            try
            {
                Recording recording = Tape.Open(damaged);
                string text = Sum(recording);
                // Damage in the head of the end loses nothing: it looks as if the recorder was killed there.
                if (text != right) Assert.Fail($"byte {at}: another answer, and no error");
                rights++;
            }
            catch (KvmscopeException)
            {
                errors++;
            }
        }
        Assert.True(errors > 0 && rights < errors / 4, $"{errors} errors, {rights} right");
    }

    [Fact]
    public void Around_a_damaged_interval_the_rest_is_shown()
    {
        List<Snapshot> snapshots = new RandomTrace(17).Snapshots(5);
        (byte[] bytes, List<int> ends) = Tape.Record(snapshots);
        // In the body of interval 2, and in the head of interval 2.
        foreach (int at in new[] { ends[2] + MemberHead.Size + 20, ends[2] + 20 })
        {
            byte[] damaged = [.. bytes];
            damaged[at] ^= 0x10;
            Recording recording = Tape.Open(damaged);
            KvmscopeException error = Assert.Throws<KvmscopeException>(() => Sum(recording));
            Assert.Equal(ExitStatus.Failed, error.Status);
            Assert.Contains("x.kvmscope", error.Message);
            Assert.Contains("--to 2026-03-01T12:00:02+01:00", error.Hint);
            Assert.Contains("--from 2026-03-01T12:00:03+01:00", error.Hint);
            Interval before = recording.Sum(recording.Range(null, RandomTrace.Start.AddSeconds(2)), Grouping.Vcpu).ToInterval();
            Interval after = recording.Sum(recording.Range(RandomTrace.Start.AddSeconds(3), null), Grouping.Vcpu).ToInterval();
            Assert.Equal(Tape.Text(Tape.Live(snapshots, -1, 1)), Tape.Text(before));
            Assert.Equal(Tape.Text(Tape.Live(snapshots, 2, 4)), Tape.Text(after));
        }
    }

    [Fact]
    public void A_damaged_span_is_made_up_for_by_its_intervals()
    {
        List<Snapshot> snapshots = new RandomTrace(19).Snapshots(RecordingWriter.SpanLength);
        (byte[] bytes, List<int> ends) = Tape.Record(snapshots);
        string right = Sum(Tape.Open(bytes));
        byte[] damaged = [.. bytes];
        damaged[ends[^2] - 30] ^= 1;
        Recording recording = Tape.Open(damaged);
        Assert.Equal(right, Sum(recording));
        Assert.Equal(1 + RecordingWriter.SpanLength, recording.MembersRead);
    }

    [Fact]
    public void A_damaged_interval_is_made_up_for_by_its_span()
    {
        List<Snapshot> snapshots = new RandomTrace(23).Snapshots(RecordingWriter.SpanLength);
        (byte[] bytes, List<int> ends) = Tape.Record(snapshots);
        string right = Sum(Tape.Open(bytes));
        bytes[ends[10] + MemberHead.Size + 5] ^= 1;
        Assert.Equal(right, Sum(Tape.Open(bytes)));
    }

    [Fact]
    public void An_interval_that_is_gone_is_missed()
    {
        (byte[] bytes, List<int> ends) = Tape.Record(new RandomTrace(29).Snapshots(4));
        // The first, one in the middle, the last: removed completely, as a bad copy might do.
        foreach (int gone in new[] { 0, 1, 3 })
        {
            byte[] rest = [.. bytes[..ends[gone]], .. bytes[ends[gone + 1]..]];
            KvmscopeException error = Assert.Throws<KvmscopeException>(() => Sum(Tape.Open(rest)));
            Assert.Contains("missing", error.Message);
        }
    }

    [Fact]
    public void A_newer_version_says_so()
    {
        var bytes = new MemoryStream();
        new RecordingWriter(Tape.Header with { Version = 2, Program = "9.0" }, part => bytes.Write(part.Span)).Begin();
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => Tape.Open(bytes.ToArray()));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.Contains("newer kvmscope (9.0)", error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("{\"schema\":\"kvmscope/1\"}\n")]
    public void Something_else_is_no_recording(string text)
    {
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => Tape.Open(System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.Contains("is not a kvmscope recording", error.Message);
    }

    [Fact]
    public void Foreign_bytes_never_crash_it() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, 10_000], Gen.Int[0, 5]).Sample((noise, at, how) =>
        {
            (byte[] bytes, _) = s_small.Value;
            at %= bytes.Length;
            byte[] made = how switch
            {
                0 => noise,
                1 => [.. bytes[..at], .. noise, .. bytes[at..]],
                2 => [.. bytes[..at], .. noise],
                3 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + noise.Length)..]],
                4 => [.. bytes, .. bytes],
                _ => [.. noise, .. bytes],
            };
            try
            {
                Sum(Tape.Open(made));
            }
            catch (KvmscopeException)
            {
            }
        }, iter: 2000, threads: 1);

    [Fact]
    public void With_and_without_its_index_a_recording_says_the_same()
    {
        List<Snapshot> snapshots = new RandomTrace(37).Snapshots(2 * RecordingWriter.SpanLength + 7);
        (byte[] bytes, List<int> ends) = Tape.Record(snapshots);
        // The end is damaged: members are found one by one.
        byte[] damaged = [.. bytes];
        damaged[^20] ^= 1;
        Recording indexed = Tape.Open(bytes), scanned = Tape.Open(damaged), cut = Tape.Open(bytes[..ends[^2]]);
        Assert.Equal((true, true, false), (indexed.HasEnd, scanned.HasEnd, cut.HasEnd));
        string right = Sum(indexed);
        foreach (Recording other in new[] { scanned, cut })
        {
            Assert.Equal(indexed.Intervals, other.Intervals);
            for (int i = 0; i < indexed.Intervals; i++)
            {
                Assert.Equal((indexed.BeginOf(i), indexed.EndOf(i)), (other.BeginOf(i), other.EndOf(i)));
                Assert.Equal(i, other.NumberOf(i));
            }
            Assert.Equal(right, Sum(other));
            Assert.Equal(indexed.MembersRead, other.MembersRead);
        }
    }

    private static readonly Lazy<(byte[] Bytes, List<int> Ends)> s_small = new(() => Tape.Record(new RandomTrace(31).Snapshots(3)));
}
