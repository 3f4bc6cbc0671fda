using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Tests.Recordings;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>A recording as a history says what a live one said that got the same intervals.</summary>
public sealed class RecordedHistoryTests
{
    private const long S = 1_000_000_000;

    private static readonly (Grouping Grouping, ExitParts Parts)[] s_kinds =
    [
        (Grouping.Vcpu, ExitParts.All), (Grouping.Vcpu, ExitParts.None), (Grouping.Vm, ExitParts.All), (Grouping.Vm, ExitParts.None),
        (Grouping.Host, ExitParts.Page), (Grouping.Host, ExitParts.None),
    ];

    private static RecordingSet Set(params byte[][] files)
    {
        Recording Open(string name) => Recording.Open(new MemoryStream(files[int.Parse(name)], writable: false), name);
        var set = new RecordingSet([.. files.Select((_, i) => RecordingPart.Of(Open($"{i}")))], part => Open(part.Name));
        set.Choose(null, null);
        return set;
    }

    private static string? Text(Interval? interval) => interval is null ? null : IntervalText.Of(interval);

    // Intervals of a second with one row and one slow exit in the middle of each.
    private static byte[] File(long second, int count, Func<RecordingHeader, RecordingHeader>? header = null)
    {
        var bytes = new MemoryStream();
        RecordingHeader made = Tape.Header with
        {
            Selection = new(),
            Started = RandomTrace.Start.AddSeconds(second),
            MonotonicNs = second * S,
            SlowNs = 1000,
        };
        var writer = new RecordingWriter(header?.Invoke(made) ?? made, part => bytes.Write(part.Span));
        writer.Begin();
        for (int i = 0; i < count; i++)
        {
            long at = second + i;
            var row = new Row(new GroupKey(0, 0, new ExitCode(Isa.Svm, 0x72), ExitLevel.L1)) { Count = (ulong)at + 1 };
            DateTimeOffset from = RandomTrace.Start.AddSeconds(at);
            writer.Add(new Interval
            {
                First = i,
                From = from,
                To = from.AddSeconds(1),
                FromNs = at * S,
                ToNs = (at + 1) * S,
                Vms = [Sample.Web],
                Changes = [row],
                Accounting = new Accounting { Exits = row.Count },
                Slow = [new SlowExit(from.AddSeconds(0.5), Sample.Web, 0, 1, 1, ExitLevel.L1, row.Key.Code, 1000 + (ulong)at)],
            });
        }
        writer.End();
        return bytes.ToArray();
    }

    private static ulong Exits(IHistory history, long from, long to) =>
        history.Sum(from, to, Grouping.Host, ExitParts.None)?.Accounting.Exits ?? 0;

    [Fact]
    public void It_says_what_a_live_history_of_the_same_intervals_says() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 70], Gen.Int[1, 70]).Sample((seed, first, length) =>
        {
            List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(70);
            byte[] bytes = Tape.Record(snapshots).Bytes;
            RecordedHistory recorded = new(Set(bytes));
            var live = new LiveHistory(Grouping.Vcpu, ExitParts.All, S);
            Recording recording = Tape.Open(bytes);
            for (int i = 0; i < recording.Intervals; i++)
                live.Add(recording.Sum(new IntervalRange(i, 1), Grouping.Vcpu).ToInterval());
            Assert.Equal((live.To - live.From, S), (recorded.To - recorded.From, recorded.StepNs));
            long from = first * S, to = from + (length * S);
            foreach ((Grouping grouping, ExitParts parts) in s_kinds)
            {
                string? expected = Text(live.Sum(live.From + from, live.From + to, grouping, parts));
                Assert.Equal(expected, Text(recorded.Sum(from, to, grouping, parts)));
                // And again, of what was kept.
                Assert.Equal(expected, Text(recorded.Sum(from, to, grouping, parts)));
            }
            // To a tick of a time, 100 ns.
            Assert.InRange((live.TimeAt(live.From + from) - recorded.TimeAt(from)).Ticks, -1, 1);
            Assert.Equal(live.EdgeAfter(live.From + from) - live.From, recorded.EdgeAfter(from));
            Assert.Equal(live.EdgeBefore(live.From + to) - live.From, recorded.EdgeBefore(to));
            Assert.Empty(recorded.Notes);
        }, iter: 25, threads: 1);

    [Fact]
    public void Going_back_and_forth_reads_each_step_once()
    {
        byte[] bytes = Tape.Record(new RandomTrace(3).Snapshots(40)).Bytes;
        Recording recording = Tape.Open(bytes);
        int opened = 0;
        var set = new RecordingSet([RecordingPart.Of(recording)], _ =>
        {
            opened++;
            return recording;
        });
        RecordedHistory history = new(set);
        long before = recording.MembersRead;
        for (int round = 0; round < 3; round++)
        {
            for (long at = history.From; at < history.To; at = history.EdgeAfter(at))
                foreach ((Grouping grouping, ExitParts parts) in s_kinds)
                    Assert.NotNull(history.Sum(at, history.EdgeAfter(at), grouping, parts));
            for (long at = history.To; at > history.From; at = history.EdgeBefore(at))
                Assert.NotNull(history.Sum(history.EdgeBefore(at), at, Grouping.Vcpu, ExitParts.All));
        }
        Assert.Equal((40, 1), (recording.MembersRead - before, opened));
    }

    [Fact]
    public void Edges_jump_over_times_in_which_nothing_was_recorded()
    {
        RecordedHistory history = new(Set(File(100, 5), File(200, 5)));
        Assert.Equal((0, 105 * S), (history.From, history.To));
        Assert.Equal(101 * S, history.EdgeAfter(5 * S));
        Assert.Equal(101 * S, history.EdgeAfter(50 * S));
        Assert.Equal(5 * S, history.EdgeBefore(101 * S));
        Assert.Equal(5 * S, history.EdgeBefore(50 * S));
        Assert.Equal(4 * S, history.EdgeBefore(5 * S));
        Assert.Equal((0, 105 * S), (history.EdgeBefore(0), history.EdgeAfter(105 * S)));
        Assert.Null(history.Sum(10 * S, 90 * S, Grouping.Vcpu, ExitParts.All));
        Assert.Equal(105 + 201UL, Exits(history, 4 * S, 101 * S));
        Assert.Equal((2, 97 * S - (95 * S)), (
            history.Sum(4 * S, 101 * S, Grouping.Host, ExitParts.None)!.Intervals,
            history.Sum(4 * S, 101 * S, Grouping.Host, ExitParts.None)!.ObservedNs));
        Assert.Equal(RandomTrace.Start.AddSeconds(202), history.TimeAt(102 * S));
        Assert.Equal(102 * S, history.PlaceOf(RandomTrace.Start.AddSeconds(202)));
        Assert.Null(history.PlaceOf(RandomTrace.Start.AddSeconds(400)));
    }

    [Fact]
    public void What_is_damaged_is_left_out_and_named()
    {
        (byte[] bytes, List<int> ends) = Tape.Record(new RandomTrace(7).Snapshots(10));
        RecordedHistory whole = new(Set((byte[])bytes.Clone()));
        bytes[ends[4] + 100] ^= 0x55;
        RecordedHistory history = new(Set(bytes));
        Assert.Empty(history.Notes);
        long at = history.From;
        for (int i = 0; i < 5; i++) at = history.EdgeAfter(at);
        Assert.Equal(Exits(whole, 0, history.EdgeBefore(at)), Exits(history, 0, history.EdgeBefore(at)));
        Assert.Null(history.Sum(history.EdgeBefore(at), at, Grouping.Vcpu, ExitParts.All));
        string note = Assert.Single(history.Notes);
        Assert.Contains("its checksum is wrong", note);
        Assert.EndsWith(": it is left out", note);
        Interval all = history.Sum(history.From, history.To, Grouping.Vcpu, ExitParts.All)!;
        Assert.Equal(9, all.Intervals);
        Assert.Equal(9, Math.Round(all.Seconds, 3));
        Assert.Single(history.Notes);
    }

    [Fact]
    public void It_says_how_finely_it_was_recorded()
    {
        byte[] bytes = File(0, 3, h => h with { Grouping = Grouping.Vm, HasQualifiers = false, PageShift = null, IntervalNs = 5 * S });
        RecordedHistory history = new(Set(bytes));
        Assert.Equal(new HistoryDetail(5 * S, Grouping.Vm, ExitParts.Rip), history.DetailAt(S));
        Assert.Equal(5 * S, history.StepNs);
    }

    [Fact]
    public void The_last_slow_exits_are_those_that_ended_there()
    {
        RecordedHistory history = new(Set(File(0, 5), File(20, 5)));
        ulong[] Slow(double from, double to, int most) =>
            [.. history.Slow((long)(from * S), (long)(to * S), most).Select(e => e.DurationNs)];
        Assert.Equal([1000UL, 1001, 1002, 1003, 1004, 1020, 1021, 1022, 1023, 1024], Slow(0, 25, 100));
        Assert.Equal([1004UL, 1020, 1021], Slow(1, 22, 3));
        Assert.Equal([1003UL], Slow(3.2, 3.7, 9));
        Assert.Empty(Slow(3.6, 4.4, 9));
        Assert.Empty(Slow(0, 25, 0));
    }

    [Fact]
    public void A_part_of_the_recordings_is_a_history_too()
    {
        RecordedHistory history = new(Set(File(0, 10)), new IntervalRange(2, 3));
        Assert.Equal((2 * S, 5 * S), (history.From, history.To));
        Assert.Equal(3 + 4 + 5UL, Exits(history, 0, 10 * S));
        Assert.Equal((2 * S, 5 * S), (history.EdgeBefore(2 * S), history.EdgeAfter(5 * S)));
        Assert.Equal(3, history.Slow(0, 10 * S, 100).Count);
        Assert.Null(history.PlaceOf(RandomTrace.Start.AddSeconds(8)));
    }
}
