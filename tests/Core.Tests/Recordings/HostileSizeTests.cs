using CsCheck;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>
/// Small recordings that would take much memory or time: what is read is limited, and what is not shown takes no memory. Bytes allocated
/// and bytes read are compared, not clocks.
/// </summary>
public sealed class HostileSizeTests
{
    private const int MB = 1 << 20;

    // What a line costs: its own buffer, which is up to twice as large; and the readers.
    private static long CostOf(byte[] file, int line) => (4L * line) + (8L * file.Length) + (8 * MB);

    [Fact]
    public void An_index_takes_no_more_than_the_file_has_room_for()
    {
        byte[] line = HostileBytes.Listing("{\"kind\":\"end\",\"intervals\":1,\"lengths\":[", "99", 12_000_000, "]}\n");
        var end = new MemberHead(MemberKind.End, 0, 0, 1, 0, 0, RandomTrace.StartNs, RandomTrace.StartNs, 0);
        byte[] bytes = [.. HostileBytes.WithList("rows", "{}", 0), .. HostileBytes.Member(end, line)];
        Assert.InRange(bytes.Length, 0, MB);
        long allocated = HostileBytes.Allocated(() => Assert.Equal(1, Tape.Open(bytes).Intervals));
        Assert.InRange(allocated, 0, 8 * MB);
    }

    // Lists that are not asked for, and what one of their elements is.
    public static TheoryData<string, string> Lists => new()
    {
        { "vms", "{\"vm_id\":#}" },
        { "times", "{\"vm_id\":#}" },
        { "returns", "{\"vm_id\":#,\"count\":1}" },
        { "vcpu_states", "{}" },
        { "open", "{}" },
        { "open_before", "{}" },
        { "open_ages", "{}" },
        { "missing", "{\"text\":\"#\"}" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void A_line_that_lists_more_than_a_recorder_writes_is_an_error(string name, string element)
    {
        byte[] bytes = HostileBytes.WithList(name, element, 1_200_000);
        Recording recording = Tape.Open(bytes);
        long allocated = HostileBytes.Allocated(() =>
        {
            KvmscopeException error = Assert.Throws<KvmscopeException>(() => recording.Sum(recording.All, Grouping.Host));
            Assert.Equal(ExitStatus.Failed, error.Status);
            Assert.Contains("it lists more than a recorder writes", error.Message, StringComparison.Ordinal);
        });
        Assert.InRange(allocated, 0, 1024L * MB);
    }

    [Fact]
    public void Slow_exits_that_are_not_shown_take_no_memory()
    {
        const int count = 600_000;
        byte[] bytes = HostileBytes.WithList("slow", "{}", count);
        Recording recording = Tape.Open(bytes);
        long allocated = HostileBytes.Allocated(() => Assert.Equal(1, recording.Sum(recording.All, Grouping.Vcpu).ToInterval().Intervals));
        Assert.InRange(allocated, 0, CostOf(bytes, 3 * count));
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => recording.Slow(recording.All).Count());
        Assert.Contains("it lists more than a recorder writes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_that_are_not_shown_take_no_memory()
    {
        const string element = "{\"vm_id\":#,\"isa\":\"svm\",\"code\":114,\"level\":1,\"count\":1}";
        const int count = 300_000;
        byte[] bytes = HostileBytes.WithList("rows", element, count);
        Recording recording = Tape.Open(bytes);
        ulong exits = 0;
        long allocated = HostileBytes.Allocated(
            () => exits = Assert.Single(recording.Sum(recording.All, Grouping.Host).ToInterval().Rows).Count);
        Assert.Equal((ulong)count, exits);
        Assert.InRange(allocated, 0, CostOf(bytes, (element.Length + 6) * count));
        // Of the slow exits none of these is read.
        Assert.InRange(HostileBytes.Allocated(() => Assert.Empty(recording.Slow(recording.All))), 0,
            CostOf(bytes, (element.Length + 6) * count));
    }

    [Fact]
    public void More_rows_than_an_answer_can_have_are_an_error()
    {
        byte[] bytes = HostileBytes.WithList("rows", "{\"isa\":\"vmx\",\"code\":#}", 1_300_000);
        Recording recording = Tape.Open(bytes);
        long allocated = HostileBytes.Allocated(() =>
        {
            KvmscopeException error = Assert.Throws<KvmscopeException>(() => recording.Sum(recording.All, Grouping.Host));
            Assert.Equal((ExitStatus.Failed, "this answer has more than 1048576 different rows"), (error.Status, error.Message));
        });
        Assert.InRange(allocated, 0, 1024L * MB);
    }

    [Fact]
    public void A_header_that_names_more_than_a_host_has_is_damaged()
    {
        const string begin = "{\"kind\":\"header\",\"format\":\"kvmscope-recording\",\"version\":1,\"started\":\"2026-03-01T12:00:00Z\",";
        foreach ((string name, string element) in new[]
            { ("machines", "{}"), ("utc_offset_changes", "{\"at\":\"2026-03-01T12:00:00Z\"}"), ("later", "1") })
        {
            byte[] line = HostileBytes.Listing($"{begin}\"{name}\":[", element, 32 * MB / (element.Length + 1), "]}\n");
            byte[] bytes = [.. HostileBytes.Member(new MemberHead(MemberKind.Header, 0, 0, 0, 0, 0, 0, 0, 0), line)];
            long allocated = HostileBytes.Allocated(() => Assert.Throws<KvmscopeException>(() => Tape.Open(bytes)));
            Assert.InRange(allocated, 0, 8 * MB);
        }
    }

    [Fact]
    public void A_name_of_a_million_characters_is_an_error()
    {
        byte[] bytes = HostileBytes.WithList("vms", $"{{\"vm_id\":0,\"vm_pid\":1,\"vm\":\"{new string('x', MB)}\"}}", 1);
        Assert.Throws<KvmscopeException>(() => Tape.Open(bytes).Sum(new IntervalRange(0, 1), Grouping.Host));
        // The longest one that a recorder writes, of characters of three bytes.
        string name = new('日', 4096 / 3);
        bytes = HostileBytes.WithList("vms", $"{{\"vm_id\":0,\"vm_pid\":1,\"vm\":\"{name}\"}}", 1);
        Assert.Equal(name, Assert.Single(Tape.Open(bytes).Sum(new IntervalRange(0, 1), Grouping.Host).Vms).Name);
    }

    [Fact]
    public void What_looks_like_heads_is_searched_in_memory()
    {
        byte[] whole = HostileBytes.WithList("rows", "{}", 0), bytes = new byte[whole.Length + (8 * MB)];
        whole.CopyTo(bytes, 0);
        for (int at = whole.Length; at + 4 <= bytes.Length; at += 4) MemberHead.Magic.CopyTo(bytes.AsSpan(at));
        var file = new SparseStream(bytes, bytes.Length);
        Recording recording = Recording.Open(file, "x.kvmscope");
        Assert.Equal((1, 8 * MB), (recording.Intervals, recording.TailBytes));
        // Forward once, backward once, in windows of 64 KiB.
        Assert.InRange(file.Reads, 0, 300);
        Assert.InRange(file.BytesRead, 0, 17 * MB);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_hole_of_two_hundred_gigabytes_is_not_searched(bool isRecording)
    {
        const long length = 200_000_000_000;
        byte[] begin = isRecording ? HostileBytes.WithList("rows", "{}", 0) : [1, 2, 3];
        var file = new SparseStream(begin, length);
        if (isRecording)
        {
            Recording recording = Recording.Open(file, "x.kvmscope");
            // What was not searched is damaged: it may have held intervals.
            Assert.Equal((1, 0L, length - begin.Length), (recording.Intervals, recording.TailBytes, recording.DamagedBytes));
        }
        else
        {
            Assert.Contains("is not a kvmscope recording",
                Assert.Throws<KvmscopeException>(() => Recording.Open(file, "x.kvmscope")).Message, StringComparison.Ordinal);
        }
        Assert.InRange(file.BytesRead, 0, 1400L * MB);
    }

    [Fact]
    public void Members_after_damage_are_found()
    {
        // The largest member is searched through.
        Assert.True(RecordingLimits.SearchBytes > 2L * RecordingLimits.LineBytes);
        byte[] whole = HostileBytes.WithList("rows", "{}", 0);
        byte[] second = HostileBytes.Member(HostileBytes.Interval(1), "{\"kind\":\"interval\",\"interval\":1}\n"u8);
        // A head that lies across two windows of the search too.
        foreach (int hole in new[] { 1, 65_536 - 71, 65_536 - 4, 65_536, 20 * MB })
        {
            byte[] bytes = new byte[whole.Length + hole + second.Length];
            whole.CopyTo(bytes, 0);
            second.CopyTo(bytes, whole.Length + hole);
            Recording recording = Tape.Open(bytes);
            Assert.Equal((2, (long)hole), (recording.Intervals, recording.DamagedBytes));
        }
    }

    // Any list of anything, repeated: the memory is bounded by what is read.
    [Fact]
    public void Any_line_takes_memory_in_proportion_to_its_length()
    {
        string[] names = ["vms", "times", "returns", "vcpu_states", "open", "open_before", "open_ages", "missing", "slow", "rows", "later"];
        Gen<string> value = Gen.OneOf(Gen.Const("{}"), Gen.Const("[]"), Gen.Const("{\"vm_id\":#,\"vcpu\":#}"),
            Gen.Const("{\"code\":#,\"isa\":\"svm\",\"hist\":[[64,1],[1000000,1]]}"), Gen.Const("{\"vm\":\"#\",\"vm_id\":#}"),
            Gen.Const("{\"text\":\"#\"}"), Gen.Const("\"#\""), Gen.Const("{\"rounds\":{\"hist\":[[64,#]]},\"parts_ns\":{\"kvm\":#}}"));
        Gen.Select(Gen.Int[0, names.Length - 1].Select(i => names[i]), value, Gen.Int[0, 20_000]).Sample((name, element, count) =>
        {
            byte[] bytes = HostileBytes.WithList(name, element, count);
            long line = (element.Length + 12L) * count;
            long allocated = HostileBytes.Allocated(() =>
            {
                try
                {
                    Recording recording = Tape.Open(bytes);
                    recording.Sum(recording.All, Grouping.Vcpu).ToInterval();
                    _ = recording.Slow(recording.All).Count();
                }
                catch (KvmscopeException)
                {
                }
            });
            // A row with a wide histogram is the dearest: half a kilobyte.
            Assert.True(allocated < (16 * MB) + (40 * line) + (1_000L * count), $"{name} of {count} {element}: {allocated}");
        }, iter: 200, threads: 1);
    }
}
