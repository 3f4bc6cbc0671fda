using System.Buffers;
using System.Text;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>Hostile files, several recordings in one file, and failing disks: an error, never a crash or a hang.</summary>
public sealed class HostileTests
{
    private const string Line =
        "{\"kind\":\"interval\",\"interval\":0,\"from\":\"2026-03-01T12:00:00Z\",\"to\":\"2026-03-01T12:00:01Z\"," +
        "\"from_ns\":1,\"to_ns\":2,MORE\"rows\":[]}\n";

    private static readonly byte[] s_interval = Bytes(Interval(0), Line.Replace("MORE", ""));

    // Each comes after a valid header and interval, or replaces them.
    public static TheoryData<string, byte[]> Files => new()
    {
        { "a name that is no Unicode", [.. Header(),
            .. Bytes(Interval(0), Line.Replace("MORE", "\"vms\":[{\"vm_id\":0,\"vm_pid\":1,\"vm\":\"\u00ff@\"}],"), Encoding.Latin1)] },
        { "half a character", [.. Header(), .. Bytes(
            Interval(0), Line.Replace("MORE", "\"vms\":[{\"vm_id\":0,\"vm_pid\":1,\"vm\":\"\\ud800\"}],"))] },
        { "a member's name that is half a character", [.. Header(), .. Bytes(Interval(0), Line.Replace("MORE", "\"\\ud800\":1,"))] },
        { "a time before all times", [.. Header(),
            .. Bytes(Interval(0), Line.Replace("MORE", "").Replace("2026-03-01T12:00:00Z", "0001-01-01T00:00:00+05:00"))] },
        { "a header before all times", [.. Bytes(new MemberHead(MemberKind.Header, 0, 0, 0, 0, 0, 0, 0, 0),
            "{\"kind\":\"header\",\"format\":\"kvmscope-recording\",\"version\":1,\"started\":\"0001-01-01T00:00:00Z\"," +
            "\"utc_offset_minutes\":-600}\n"), .. s_interval] },
        { "a header with half a character", [.. Bytes(new MemberHead(MemberKind.Header, 0, 0, 0, 0, 0, 0, 0, 0),
            "{\"kind\":\"header\",\"format\":\"kvmscope-recording\",\"version\":1,\"host\":\"\\ud800\"}\n"), .. s_interval] },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void What_is_in_it_is_an_error(string what, byte[] bytes) =>
        Assert.NotNull(Assert.IsType<KvmscopeException>(Record.Exception(() => Show(bytes))).Hint ?? what);

    [Theory(Timeout = 60_000)]
    [InlineData(0)]
    [InlineData(59)]
    [InlineData(int.MaxValue)]
    public Task A_span_of_another_length_is_none(int intervals)
    {
        byte[] span = Bytes(new MemberHead(MemberKind.Span, 1, 0, 0, intervals, 0, RandomTrace.StartNs, RandomTrace.StartNs + 1, 0),
            Line.Replace("MORE", ""));
        return Task.Run(() => Show([.. Header(), .. s_interval, .. span]));
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(0)]
    [InlineData(80)]
    public void An_index_with_a_length_that_no_member_has_is_not_believed(int length)
    {
        byte[] second = Bytes(Interval(1), Line.Replace("MORE", "").Replace("\"interval\":0", "\"interval\":1"));
        string lengths = $"{length},{s_interval.Length + second.Length - length}";
        byte[] end = Bytes(new MemberHead(MemberKind.End, 0, 0, 2, 0, 0, RandomTrace.StartNs, RandomTrace.StartNs, 0),
            $"{{\"kind\":\"end\",\"intervals\":2,\"lengths\":[{lengths}]," +
            $"\"to_ns\":[{RandomTrace.StartNs + 1},1],\"wall_less_to_ns\":[0,0]}}\n");
        Recording recording = Tape.Open([.. Header(), .. s_interval, .. second, .. end]);
        Assert.Equal(2, recording.Sum(recording.All, Grouping.Vcpu).ToInterval().Intervals);
    }

    [Fact]
    public void A_line_that_claims_to_be_a_thousand_times_its_bytes_is_damaged()
    {
        byte[] bytes = [.. Header(), .. s_interval];
        bytes[^2] = 0x0f;
        Assert.Contains("checksum is wrong", Assert.Throws<KvmscopeException>(() => Show(bytes)).Message);
    }

    [Fact]
    public void What_is_no_recording_is_said()
    {
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => Tape.Open("hello"u8.ToArray()));
        Assert.StartsWith("'x.kvmscope' is not a kvmscope recording: ", error.Message, StringComparison.Ordinal);
        Assert.Equal((ExitStatus.Usage, "Recordings are made with 'kvmscope record'."), (error.Status, error.Hint));
    }

    [Fact]
    public void Two_recordings_in_one_file_are_told_apart()
    {
        (byte[] first, List<int> ends) = Tape.Record(new RandomTrace(1).Snapshots(3));
        (byte[] second, List<int> secondEnds) = Tape.Record(new RandomTrace(2).Snapshots(5));
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => Tape.Open([.. first, .. second]));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.Contains($"more than one recording: another begins at byte {first.Length}", error.Message);
        Assert.Equal($"Split them: 'head -c {first.Length}' gives what is before, 'tail -c +{first.Length + 1}' the rest.", error.Hint);
        Assert.Equal(3, Tape.Open(first).Intervals);
        // The second one without its header, after a first one without an end.
        error = Assert.Throws<KvmscopeException>(() => Tape.Open([.. first[..ends[3]], .. second[secondEnds[0]..]]));
        Assert.Contains($"another begins at byte {ends[3]}", error.Message);
    }

    [Fact]
    public void A_disk_that_fails_is_an_error_with_the_files_name()
    {
        (byte[] bytes, List<int> ends) = Tape.Record(new RandomTrace(3).Snapshots(4), end: false);
        foreach (int at in new[] { 10, ends[0] + 10, ends[2] + MemberHead.Size + 1, bytes.Length - 1 })
        {
            KvmscopeException error = Assert.Throws<KvmscopeException>(() =>
            {
                Recording recording = Recording.Open(new FailingStream(bytes, at), "x.kvmscope");
                recording.Sum(recording.All, Grouping.Vcpu);
            });
            Assert.Equal((ExitStatus.Failed, "cannot read the recording 'x.kvmscope': Input/output error"), (error.Status, error.Message));
            Assert.Equal("The disk or the network may be at fault; try a copy of the file.", error.Hint);
        }
    }

    private static byte[] Header()
    {
        (byte[] bytes, List<int> ends) = Tape.Record([], end: false);
        return bytes[..ends[0]];
    }

    private static MemberHead Interval(long number) =>
        new(MemberKind.Interval, 0, 0, number, 1, 0, RandomTrace.StartNs + number, RandomTrace.StartNs + number + 1, 0);

    private static byte[] Bytes(MemberHead head, string line, Encoding? encoding = null)
    {
        var writer = new ArrayBufferWriter<byte>();
        Member.Write(writer, head, (encoding ?? Encoding.UTF8).GetBytes(line));
        return writer.WrittenSpan.ToArray();
    }

    private static void Show(byte[] bytes)
    {
        Recording recording = Tape.Open(bytes);
        _ = recording.ClockSteps();
        _ = recording.Clock.PlacesOf(RandomTrace.Start);
        Tape.Text(recording.Sum(recording.All, Grouping.Vcpu).ToInterval());
    }
}
