using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Tests.Recordings;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>Memory and recordings as one: every interval once, as finely as one of the two has it.</summary>
public sealed class StoredHistoryTests
{
    private const long S = 1_000_000_000;

    private static readonly RecordingHeader s_header = Tape.Header with { Selection = new(), SlowNs = 1000 };

    private static readonly (Grouping Grouping, ExitParts Parts)[] s_kinds =
    [
        (Grouping.Vcpu, ExitParts.All), (Grouping.Vcpu, ExitParts.None), (Grouping.Vm, ExitParts.All), (Grouping.Vm, ExitParts.None),
        (Grouping.Host, ExitParts.Page), (Grouping.Host, ExitParts.None),
    ];

    // Files in memory, by name.
    private sealed class Files
    {
        internal Dictionary<string, byte[]> All { get; } = [];

        internal HashSet<string> Own { get; } = [];

        internal Recording Open(string name) => All.TryGetValue(name, out byte[]? bytes)
            ? Recording.Open(new MemoryStream(bytes, writable: false), name)
            : throw new KvmscopeException(ExitStatus.Failed, $"cannot read '{name}': it was removed");

        internal void Add(string name, RecordingHeader header, IReadOnlyList<Interval> intervals, bool isOwn)
        {
            var bytes = new MemoryStream();
            var writer = new RecordingWriter(
                header with { Started = intervals[0].From, MonotonicNs = intervals[0].FromNs, IsContinued = All.Count > 0 && isOwn },
                part => bytes.Write(part.Span));
            writer.Begin();
            foreach (Interval interval in intervals) writer.Add(interval with { First = writer.Intervals });
            writer.End();
            All[name] = bytes.ToArray();
            if (isOwn) Own.Add(name);
        }

        internal StoredHistory History(LiveHistory memory, RecordingHeader? run = null, Action? broken = null) =>
            new(memory, run ?? s_header, part => Own.Contains(part.Name)) { Broken = broken ?? (() => { }) };

        internal void ShowIn(StoredHistory history, RecordingHeader? run = null) =>
            history.Show([.. All.Keys.Select(name => RecordingPart.Of(Open(name)))], part => Open(part.Name), run ?? s_header, []);
    }

    // Intervals of a second with one row of one VM, and one slow exit in the middle of each.
    private static Interval At(long second, VmIdentity? vm = null)
    {
        vm ??= Sample.Web;
        var row = new Row(new GroupKey(vm.Ordinal, 0, new ExitCode(Isa.Svm, 0x72), ExitLevel.L1)) { Count = (ulong)second + 1 };
        DateTimeOffset from = RandomTrace.Start.AddSeconds(second);
        return new Interval
        {
            From = from,
            To = from.AddSeconds(1),
            FromNs = second * S,
            ToNs = (second + 1) * S,
            Vms = [vm],
            Changes = [row],
            Accounting = new Accounting { Exits = row.Count },
            Slow = [new SlowExit(from.AddSeconds(0.5), vm, 0, 1, 1, ExitLevel.L1, row.Key.Code, 1000 + (ulong)second)],
        };
    }

    private static List<Interval> Seconds(long from, long to) => [.. Enumerable.Range((int)from, (int)(to - from)).Select(s => At(s))];

    private static RecordingHeader RunAt(long second, string boot = "b") => s_header with
    { BootId = boot, Started = RandomTrace.Start.AddSeconds(second), MonotonicNs = second * S };

    private static ulong Exits(IHistory history, long from, long to) =>
        history.Sum(from, to, Grouping.Host, ExitParts.None)?.Accounting.Exits ?? 0;

    private static ulong ExitsOf(long from, long to) => Seconds(from, to).Aggregate(0UL, (sum, i) => sum + i.Accounting.Exits);

    // Where VMs are not kept apart, it depends on the source whether they are named.
    private static string? Text(Interval? interval, Grouping grouping) => interval is null ? null
        : IntervalText.Of(interval with { First = 0, IsAfterGap = false, Vms = grouping == Grouping.Host ? [] : interval.Vms });

    [Fact]
    public void It_says_what_a_memory_without_limit_says() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 69].Array[2], Gen.Int[0, 69].Array[2], Gen.Int[2_000, 80_000]).Sample(
            (seed, ends, asked, budget) =>
        {
            List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(70);
            Recording recording = Tape.Open(Tape.Record(snapshots).Bytes);
            Interval[] all = [.. Enumerable.Range(0, 70).Select(i => recording.Sum(new IntervalRange(i, 1), Grouping.Vcpu).ToInterval())];
            var whole = new LiveHistory(Grouping.Vcpu, ExitParts.All, S);
            var files = new Files();
            RecordingHeader run = s_header with { Started = all[0].From, MonotonicNs = all[0].FromNs };
            StoredHistory history = files.History(new LiveHistory(Grouping.Vcpu, ExitParts.All, S, budget), run);
            foreach (Interval interval in all)
            {
                whole.Add(interval);
                history.Add(interval);
            }
            // Two files one after the other, and what is in none of them is in memory, as far as it is.
            Array.Sort(ends);
            if (ends[0] > 0) files.Add("a", run, all[..ends[0]], isOwn: true);
            if (ends[1] > ends[0]) files.Add("b", run, all[ends[0]..ends[1]], isOwn: true);
            files.ShowIn(history, run);
            long[] edges = [.. Edges(history)];
            Array.Sort(asked);
            long from = edges[Math.Min(asked[0], edges.Length - 1)], to = edges[Math.Min(asked[1], edges.Length - 1)];
            HistoryDetail detail = history.DetailOf(from, to);
            bool isThere = ends[1] > 0 && history.From == whole.From && !IsForgotten(history, all, ends[1]);
            foreach ((Grouping grouping, ExitParts parts) in s_kinds)
            {
                Interval? sum = history.Sum(from, to, grouping, parts), expected = whole.Sum(from, to, grouping, parts);
                // With all detail, exits that are open are in no row.
                if (isThere && parts == ExitParts.None) Assert.Equal(expected?.Accounting.Exits, sum?.Accounting.Exits);
                if (isThere && grouping <= detail.Grouping && (parts & detail.Parts) == parts)
                    Assert.Equal(Text(expected, grouping), Text(sum, grouping));
            }
            if (isThere) Assert.Equal(whole.From, edges[0]);
            Assert.Equal(whole.To, edges[^1]);
            Assert.Empty(history.Notes);
        }, iter: 60, threads: 1);

    private static IEnumerable<long> Edges(IHistory history)
    {
        yield return history.From;
        for (long at = history.From, next; at < history.To && (next = history.EdgeAfter(at)) > at; at = next)
        {
            // Before a gap is what was recorded before it.
            Assert.True(history.EdgeBefore(next) == at || history.Seams.Contains(history.EdgeBefore(next)));
            yield return next;
        }
    }

    // Whether memory began to forget what no file has.
    private static bool IsForgotten(StoredHistory history, Interval[] all, int end) => history.Seams is [var first, ..]
        && end < all.Length && first > all[end].FromNs;

    [Fact]
    public void Each_interval_is_counted_once_wherever_a_time_begins_and_ends()
    {
        var files = new Files();
        // The first run, and a second one ten seconds later that has made one file so far and remembers less than that.
        files.Add("a", RunAt(0), Seconds(0, 20), isOwn: false);
        files.Add("b", RunAt(30), Seconds(30, 40), isOwn: true);
        StoredHistory history = files.History(new LiveHistory(Grouping.Vcpu, ExitParts.All, S));
        foreach (Interval interval in Seconds(35, 50)) history.Add(interval);
        Assert.Equal((35 * S, 50 * S), (history.From, history.To));
        files.ShowIn(history, RunAt(30));
        Assert.Equal((0, 50 * S), (history.From, history.To));
        Assert.Equal([35 * S, 40 * S], history.Seams);
        for (int from = 0; from < 50; from++)
        {
            for (int to = from + 1; to <= 50; to++)
            {
                ulong expected = ExitsOf(Math.Min(20, from), Math.Min(20, to)) + ExitsOf(Math.Max(30, from), Math.Max(30, to));
                Assert.Equal(expected, Exits(history, from * S, to * S));
            }
        }
        Assert.Equal(31 * S, history.EdgeAfter(25 * S));
        Assert.Equal(20 * S, history.EdgeBefore(25 * S));
        Assert.Equal((RandomTrace.Start.AddSeconds(7), RandomTrace.Start.AddSeconds(45)), (history.TimeAt(7 * S), history.TimeAt(45 * S)));
        foreach (int second in (int[])[7, 45]) Assert.Equal(second * S, history.PlaceOf(RandomTrace.Start.AddSeconds(second)));
        Assert.Equal(Enumerable.Range(15, 5).Concat(Enumerable.Range(30, 18)).Select(s => 1000 + (ulong)s),
            history.Slow(15 * S, 48 * S, 100).Select(exit => exit.DurationNs));
        Assert.Equal([1046UL, 1047], history.Slow(15 * S, 48 * S, 2).Select(exit => exit.DurationNs));
        Interval sum = history.Sum(10 * S, 40 * S, Grouping.Vm, ExitParts.None)!;
        Assert.Equal((20, 20L * S), (sum.Intervals, sum.ObservedNs));
    }

    [Fact]
    public void What_was_not_recorded_between_two_runs_is_a_gap()
    {
        var files = new Files();
        files.Add("a", RunAt(0), Seconds(0, 20), isOwn: false);
        StoredHistory history = files.History(new LiveHistory(Grouping.Vcpu, ExitParts.All, S));
        foreach (Interval interval in Seconds(30, 50)) history.Add(interval);
        files.ShowIn(history, RunAt(30));
        Interval sum = history.Sum(10 * S, 40 * S, Grouping.Vm, ExitParts.None)!;
        Assert.Equal((20, 20L * S, ExitsOf(10, 20) + ExitsOf(30, 40)), (sum.Intervals, sum.ObservedNs, sum.Accounting.Exits));
    }

    [Fact]
    public void Recordings_have_what_memory_keeps_less_finely()
    {
        var files = new Files();
        // Room for few intervals with all their detail.
        StoredHistory history = files.History(new LiveHistory(Grouping.Vcpu, ExitParts.All, S, 12_000));
        foreach (Interval interval in Seconds(0, 60)) history.Add(interval);
        Assert.Equal(Grouping.Host, history.DetailOf(history.From, 50 * S).Grouping);
        files.Add("a", RunAt(0), Seconds(0, 50), isOwn: true);
        files.ShowIn(history, RunAt(0));
        HistoryDetail detail = history.DetailOf(10 * S, 50 * S);
        Assert.Equal((Grouping.Vcpu, ExitParts.All), (detail.Grouping, detail.Parts));
        Row row = Assert.Single(history.Sum(10 * S, 50 * S, Grouping.Vcpu, ExitParts.All)!.Rows);
        Assert.Equal((0, ExitsOf(10, 50)), (row.Key.VcpuId, row.Count));
        // And the rest from memory, which has the last intervals with all detail.
        files.Add("b", RunAt(50), Seconds(50, 59), isOwn: true);
        files.ShowIn(history, RunAt(0));
        detail = history.DetailOf(10 * S, 60 * S);
        Assert.Equal((Grouping.Vcpu, ExitParts.All), (detail.Grouping, detail.Parts));
        row = Assert.Single(history.Sum(10 * S, 60 * S, Grouping.Vcpu, ExitParts.All)!.Rows);
        Assert.Equal((0, ExitsOf(10, 60)), (row.Key.VcpuId, row.Count));
    }

    [Fact]
    public void Times_of_an_earlier_boot_lie_before_this_one_by_the_wall_clock()
    {
        var files = new Files();
        files.Add("a", RunAt(0, "a"), Seconds(0, 20), isOwn: false);
        // The host started again after 100 seconds, and traces since its fifth second.
        StoredHistory history = files.History(new LiveHistory(Grouping.Vcpu, ExitParts.All, S));
        foreach (Interval interval in Seconds(0, 10)) history.Add(interval with
        {
            From = interval.From.AddSeconds(105),
            To = interval.To.AddSeconds(105),
            FromNs = interval.FromNs + (5 * S),
            ToNs = interval.ToNs + (5 * S),
            Slow = [],
        });
        files.ShowIn(history, s_header with { Started = RandomTrace.Start.AddSeconds(105), MonotonicNs = 5 * S });
        Assert.Equal((-100 * S, 15 * S), (history.From, history.To));
        Assert.Equal(RandomTrace.Start.AddSeconds(3), history.TimeAt(-97 * S));
        Assert.Equal(-97 * S, history.PlaceOf(RandomTrace.Start.AddSeconds(3)));
        Interval sum = history.Sum(-97 * S, 8 * S, Grouping.Vm, ExitParts.None)!;
        Assert.Equal((ExitsOf(3, 20) + ExitsOf(0, 3), 20.0), (sum.Accounting.Exits, sum.Seconds));
        Assert.Equal(6 * S, history.EdgeAfter(-80 * S));
    }

    [Fact]
    public void A_vm_that_an_earlier_run_saw_is_the_same_one_also_if_this_run_sees_it_later()
    {
        var files = new Files();
        VmIdentity before = new(7, 4242, "web"), other = new(0, 1, "other"), now = new(1, 4242, "web");
        files.Add("a", RunAt(0), [At(0, before), At(1, before)], isOwn: false);
        StoredHistory history = files.History(new LiveHistory(Grouping.Vcpu, ExitParts.All, S));
        history.Add(At(10, other));
        files.ShowIn(history, RunAt(10));
        Assert.Equal(["other", "web"], history.Sum(0, 11 * S, Grouping.Vm, ExitParts.None)!.Vms.Select(vm => vm.Name).Order());
        history.Add(At(11, now));
        Interval sum = history.Sum(0, 12 * S, Grouping.Vm, ExitParts.None)!;
        Assert.Equal([(0, "other"), (1, "web")], sum.Vms.Select(vm => (vm.Ordinal, vm.Name)));
        Assert.Equal(1 + 2 + 12UL, sum.Rows.Single(row => row.Key.Vm == 1).Count);
        Assert.Equal([1, 1, 1], history.Slow(0, 12 * S, 10).Where(exit => exit.Vm.Name == "web").Select(exit => exit.Vm.Ordinal));
    }

    [Fact]
    public void What_cannot_be_shown_with_the_trace_is_left_out_and_said()
    {
        var files = new Files();
        files.Add("host", RunAt(0) with { Host = "elsewhere" }, Seconds(0, 5), isOwn: false);
        files.Add("light", RunAt(5) with { HasSplit = false }, Seconds(5, 10), isOwn: false);
        files.Add("good", RunAt(10), Seconds(10, 15), isOwn: false);
        files.Add("twice", RunAt(12), Seconds(12, 15), isOwn: false);
        files.Add("late", RunAt(18), Seconds(18, 25), isOwn: false);
        StoredHistory history = files.History(new LiveHistory(Grouping.Vcpu, ExitParts.All, S));
        foreach (Interval interval in Seconds(20, 22)) history.Add(interval);
        files.ShowIn(history, RunAt(20));
        Assert.Equal(12 * S, history.From);
        Assert.Equal(
        [
            "'late' is left out: it overlaps with one that is newer, or the host's clock was set back",
            "'good' is left out: it overlaps with one that is newer, or the host's clock was set back",
            "'light' is left out: it was made without the split, and this trace with the split",
            "'host' is left out: it is of the host 'elsewhere', and this is of 'host1'",
        ], history.Notes);
    }

    [Fact]
    public void A_recording_that_is_removed_or_cut_while_it_is_read_is_said()
    {
        var files = new Files();
        files.Add("a", RunAt(0), Seconds(0, 20), isOwn: false);
        files.Add("b", RunAt(20), Seconds(20, 30), isOwn: true);
        files.Add("c", RunAt(30), Seconds(30, 40), isOwn: true);
        int broken = 0;
        StoredHistory history = files.History(new LiveHistory(Grouping.Vcpu, ExitParts.All, S), broken: () => broken++);
        foreach (Interval interval in Seconds(40, 42)) history.Add(interval);
        files.ShowIn(history, RunAt(20));
        files.All.Remove("a");
        files.All["b"] = files.All["b"][..(files.All["b"].Length / 2)];
        // The two that were opened last are open still.
        Assert.Equal(ExitsOf(30, 40), Exits(history, 20 * S, 40 * S));
        Assert.Equal(ExitsOf(30, 42), Exits(history, 0, 42 * S));
        Assert.Equal(40 * S, history.EdgeAfter(5 * S));
        Assert.True(broken > 0);
        Assert.Contains("cannot read 'a': it was removed", history.Notes);
        // Looked at again.
        files.ShowIn(history, RunAt(20));
        Assert.Equal(20 * S, history.From);
        Assert.DoesNotContain(history.Notes, note => note.Contains("'a'", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_a_long_time_few_members_are_read()
    {
        var files = new Files();
        files.Add("a", RunAt(0), Seconds(0, 20_000), isOwn: false);
        Recording recording = files.Open("a");
        RecordedHistory history = new(new RecordingSet([RecordingPart.Of(recording)], _ => recording));
        Assert.Equal((S, 60 * S), (history.StepFor(0, 4000 * S), history.StepFor(0, 20_000 * S)));
        long before = recording.MembersRead;
        ulong exits = 0;
        int steps = 0;
        for (long at = 0, end; at < history.To; at = end, steps++)
        {
            end = Math.Min(history.To, history.EdgeNear(at + (100 * S), 60 * S));
            Assert.True(end > at);
            exits += Exits(history, at, end);
        }
        Assert.Equal(ExitsOf(0, 20_000), exits);
        Assert.Equal((20_000 + 119) / 120, steps);
        Assert.InRange(recording.MembersRead - before, 1, (20_000 / 60) + 20);
    }

    [Fact]
    public void Reading_files_ends_where_the_answer_takes_too_long()
    {
        var files = new Files();
        files.Add("a", RunAt(0), Seconds(0, 300), isOwn: false);
        StoredHistory history = files.History(new LiveHistory(Grouping.Vcpu, ExitParts.All, S));
        history.Add(At(400));
        files.ShowIn(history, RunAt(400));
        int checks = 0;
        Assert.Throws<TimeoutException>(() => history.Sum(1 * S, 299 * S, Grouping.Vm, ExitParts.None,
            () => _ = ++checks > 5 ? throw new TimeoutException() : checks));
        Assert.Equal(ExitsOf(0, 300), Exits(history, 0, 300 * S));
        Assert.Equal([1299UL], history.Slow(0, 300 * S, 100, () => --checks > 4).Select(exit => exit.DurationNs));
    }
}
