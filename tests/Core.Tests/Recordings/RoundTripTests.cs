using System.Text;
using System.Text.Json;
using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>A recording shows what a live trace would have shown.</summary>
public sealed class RoundTripTests
{
    [Fact]
    public void A_report_over_any_intervals_equals_the_live_answer() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 12]).SelectMany((seed, count) =>
            Gen.Select(Gen.Const(seed), Gen.Const(count), Gen.Int[0, count - 1], Gen.Int[1, count])).Sample((seed, count, first, length) =>
        {
            List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(count);
            Recording recording = Tape.Open(Tape.Record(snapshots).Bytes);
            Assert.Equal(count, recording.Intervals);
            length = Math.Min(length, count - first);
            Interval read = recording.Sum(new IntervalRange(first, length), Grouping.Vcpu).ToInterval();
            Assert.Equal(Tape.Text(Tape.Live(snapshots, first - 1, first + length - 1)), Tape.Text(read));
        }, iter: 150, threads: 1);

    [Fact]
    public void A_long_recording_is_read_by_its_spans_and_says_the_same()
    {
        const int count = 3 * RecordingWriter.SpanLength * RecordingWriter.SpanLength / 2;
        List<Snapshot> snapshots = new RandomTrace(7).Snapshots(25);
        // A few intervals repeated: only sums matter here.
        var long_ = new List<Snapshot>(snapshots);
        while (long_.Count < count)
            long_.Add(long_[^1] with { At = long_[^1].At.AddSeconds(1), MonotonicNs = long_[^1].MonotonicNs + 1_000_000_000 });
        Recording recording = Tape.Open(Tape.Record(long_).Bytes);
        Interval read = recording.Sum(recording.All, Grouping.Vcpu).ToInterval();
        Assert.Equal(Tape.Text(Tape.Live(long_, -1, count - 1)), Tape.Text(read));
        Assert.InRange(recording.MembersRead, 1, 2 + RecordingWriter.SpanLength);
    }

    [Fact]
    public void The_header_comes_back()
    {
        RecordingHeader read = Tape.Open(Tape.Record([]).Bytes).Header;
        Assert.Equal(Tape.Header with { Selection = read.Selection, Machines = [] }, read with { Machines = [] });
        AssertEqual(Tape.Header.Selection, read.Selection);
        Assert.Equal(Tape.Header.Machines.ToArray(), read.Machines.ToArray());
        Assert.Equal(Tape.Header.Started.Offset, read.Started.Offset);
    }

    [Fact]
    public void A_header_says_what_was_selected_in_fields_and_leaves_out_what_was_not()
    {
        Assert.Contains("""
            "selection":{"vms":["web"],"vcpus":[0,2],"reasons":["HLT"],"excluded_reasons":["0x7b","MSR"],"level":2},"machines":
            """, HeaderText(Tape.Header), StringComparison.Ordinal);
        Assert.DoesNotContain("selection", HeaderText(Tape.Header with { Selection = new() }), StringComparison.Ordinal);
        Assert.EndsWith("""
            "selection":{"level":1},"machines":[]}
            """, HeaderText(new() { Selection = new() { Level = ExitLevel.L1 } }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_with_filters_as_words_is_read()
    {
        RecordingHeader? header = HeaderJson.Read("""
            {"kind":"header","format":"kvmscope-recording","version":1,"program":"0.1.0","host":"lab","kernel":"6.1.0-50-amd64",
            "cpu":"a CPU","cpus":2,"boot_id":"b","isa":"svm","started":"2026-11-26T11:40:43.3011263Z","utc_offset_minutes":0,
            "started_ns":7602032833,"interval_ns":250000000,"by":"vcpu",
            "time":true,"split":true,"qualifiers":true,"nested":false,"slow_ns":0,"all_exits":false,
            "filters":["--vm web","--vm my vm, 2","--vcpu 0,2","--reason HLT,12",
            "--exclude MSR","--level l2","--what is this"],"machines":[]}
            """u8);
        AssertEqual(new()
        {
            Vms = ["web", "my vm, 2"],
            Vcpus = [0, 2],
            Reasons = ["HLT", "12"],
            ExcludedReasons = ["MSR"],
            Level = ExitLevel.L2
        }, header!.Selection);
        Assert.False(header.HasAllExits);
        ReadOnlySpan<byte> none = """{"format":"kvmscope-recording","started":"2026-11-26T11:40:43Z","all_exits":true,"filters":[]}"""u8;
        Assert.True(HeaderJson.Read(none)!.Selection.HasAllExits);
    }

    private static void AssertEqual(Selection wanted, Selection read)
    {
        Assert.Equal(wanted.Vms, read.Vms, StringComparer.Ordinal);
        Assert.Equal<int>(wanted.Vcpus, read.Vcpus);
        Assert.Equal(wanted.Reasons, read.Reasons, StringComparer.Ordinal);
        Assert.Equal(wanted.ExcludedReasons, read.ExcludedReasons, StringComparer.Ordinal);
        Assert.Equal(wanted.Level, read.Level);
    }

    private static string HeaderText(RecordingHeader header)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text)) HeaderJson.Write(json, header);
        return Encoding.UTF8.GetString(text.ToArray());
    }

    [Fact]
    public void Slow_exits_come_back_whole()
    {
        var vm = new VmIdentity(3, 4711, "web \"1\"");
        TimeParts parts = default;
        parts[TimePart.Runq] = 123_456;
        SlowExit[] slow =
        [
            new(RandomTrace.Start.AddTicks(1234567), vm, 2, 99, 1, ExitLevel.L2, new ExitCode(Isa.Svm, 0x7b), 250_000)
            {
                Qualifier = Qualifier.Of(ulong.MaxValue), Rip = 0xffff_ffff_8100_0000, CpuAtExit = 0, Parts = parts,
                RanInstead = new(17, "ksoftirqd/0"),
            },
            new(RandomTrace.Start, vm, 0, 98, 0, ExitLevel.L1, new ExitCode(Isa.Arm64, 0x216), 5),
        ];
        Recording recording = Tape.Open(Tape.Record(new RandomTrace(1).Snapshots(1), slow: slow).Bytes);
        SlowExit[] read = [.. recording.Slow(recording.All).Select(slow => slow.Exit)];
        Assert.Equal(slow.Select(e => e with { Parts = null }), read.Select(e => e with { Parts = null }));
        Assert.Equal(123_456UL, read[0].Parts!.Value[TimePart.Runq]);
        Assert.Equal(123_456UL, read[0].Parts!.Value.Sum);
        Assert.Null(read[1].Parts);
    }

    [Fact]
    public void Rows_are_filtered_as_they_are_read()
    {
        List<Snapshot> snapshots = new RandomTrace(3).Snapshots(8);
        Recording recording = Tape.Open(Tape.Record(snapshots).Bytes);
        Interval all = recording.Sum(recording.All, Grouping.Vcpu).ToInterval();
        Interval l2 = recording.Sum(recording.All, Grouping.Vcpu, wants: key => key.Level is ExitLevel.L2 or 0).ToInterval();
        Assert.NotEmpty(l2.Rows);
        Assert.Equal(all.Rows.Where(r => r.Key.Level == ExitLevel.L2).Sum(r => (long)r.Count), l2.Rows.Sum(r => (long)r.Count));
        Assert.Equal((ulong)l2.Rows.Sum(r => (long)r.Count), l2.Accounting.Exits);
        Interval one = recording.Sum(recording.All, Grouping.Vm).ToInterval(vm => vm.Ordinal == 0);
        Assert.Equal(all.Rows.Where(r => r.Key.Vm == 0).Sum(r => (long)r.Count), one.Rows.Sum(r => (long)r.Count));
    }

    [Fact]
    public void A_clock_that_is_set_back_leaves_the_order_and_is_said()
    {
        List<Snapshot> snapshots = new RandomTrace(5).Snapshots(6);
        for (int i = 3; i < 6; i++) snapshots[i] = snapshots[i] with { At = snapshots[i].At.AddHours(-2) };
        Recording recording = Tape.Open(Tape.Record(snapshots).Bytes);
        ClockStep step = Assert.Single(recording.ClockSteps());
        Assert.Equal((-2, ClockStepKind.Set), (Math.Round(step.By.TotalHours, 3), step.Kind));
        Assert.Equal((recording.EndOf(2), recording.EndOf(3)), (step.Before, step.After));
        // Times are the clock's own: each end is what was read then.
        for (int i = 0; i < 6; i++) Assert.Equal(snapshots[i].At, recording.EndOf(i));
        Assert.Equal(new IntervalRange(1, 2), recording.Range(RandomTrace.Start.AddSeconds(1), RandomTrace.Start.AddSeconds(3)));
        Assert.Equal(new IntervalRange(4, 2), recording.Range(snapshots[3].At, snapshots[5].At));
        Assert.Equal(6, recording.Sum(recording.All, Grouping.Host).ToInterval().Seconds, 3);
    }

    [Fact]
    public void Of_some_vcpus_what_is_open_is_their_own() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 8], Gen.Int[1, 4]).Sample((seed, first, length) =>
        {
            List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(12);
            Recording recording = Tape.Open(Tape.Record(snapshots).Bytes);
            var range = new IntervalRange(first, length);
            Snapshot? before = first == 0 ? null : snapshots[first - 1];
            for (int vcpu = 0; vcpu < 2; vcpu++)
            {
                Interval interval = recording.Sum(range, Grouping.Host, ExitParts.None, key => key.Vcpu == vcpu).ToInterval();
                Assert.Equal(Seen(snapshots[range.End - 1], vcpu) - Seen(before, vcpu), interval.Rows.Sum(r => (long)r.Count));
            }
        }, iter: 60, threads: 1);

    private static long Seen(Snapshot? snapshot, int vcpu) => snapshot is null
        ? 0
        : snapshot.Rows.Where(r => r.Key.Vcpu == vcpu).Sum(r => (long)r.Count) + snapshot.OpenExits.Where(o => o.Key.Vcpu == vcpu)
            .Sum(o => (long)o.Count);

    [Fact]
    public void An_exit_that_is_open_is_counted_once_whatever_is_cut()
    {
        var vm = new VmIdentity(0, 7, "x");
        ExitCode io = new(Isa.Svm, 0x7b);
        Row Row(ulong count) => new Row(Keys.Of(io, ExitLevel.L1, vm, 0, Qualifier.Of(1))) { Count = count, Timed = count };
        // Open at the end of the first two intervals: the second begins and ends with the same exit.
        OpenExits[] open = [new(Keys.Of(io, ExitLevel.L1, vm, 0), 1)];
        Snapshot At(int second, ulong count, OpenExits[] state) =>
            new(RandomTrace.Start.AddSeconds(second), RandomTrace.StartNs + (second * 1_000_000_000L), [Row(count)],
            new Accounting { Exits = count })
            {
                OpenExits = state,
                Vms = [vm],
            };
        Recording recording = Tape.Open(Tape.Record([At(1, 4, open), At(2, 4, open), At(3, 5, [])]).Bytes);
        ulong Count(int first, int count, bool qualifiers) =>
            (ulong)recording.Sum(new IntervalRange(first, count), Grouping.Host, qualifiers ? ExitParts.Qualifier : ExitParts.None)
                .ToInterval().Rows.Sum(r => (long)r.Count);
        Assert.Equal([5UL, 0UL, 0UL], [Count(0, 1, false), Count(1, 1, false), Count(2, 1, false)]);
        Assert.Equal([4UL, 0UL, 1UL], [Count(0, 1, true), Count(1, 1, true), Count(2, 1, true)]);
        Assert.Equal([5UL, 5UL, 0UL], [Count(0, 3, false), Count(0, 2, false), Count(1, 2, false)]);
        Assert.Equal(5UL, recording.Sum(recording.All, Grouping.Host, ExitParts.None).ToInterval().Accounting.Exits);
    }
}
