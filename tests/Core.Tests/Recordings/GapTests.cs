using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>
/// Recordings longer than their spans that lost one interval, with and without the index: every result is right, or an error that names the
/// time.
/// </summary>
public sealed class GapTests
{
    private const int Count = 130;

    private static readonly Lazy<List<Snapshot>> s_snapshots = new(() => new RandomTrace(23).Snapshots(Count));
    private static readonly Lazy<(byte[] Bytes, List<int> Ends)> s_ended = new(() => Tape.Record(s_snapshots.Value)),
        s_killed = new(() => Tape.Record(s_snapshots.Value, end: false));

    public static TheoryData<int, bool, bool> Gaps
    {
        get
        {
            var gaps = new TheoryData<int, bool, bool>();
            foreach (int gone in new[] { 0, 1, 30, 59, 60, 61, 119, 120, 128, 129 })
                foreach (bool ended in new[] { true, false })
                    foreach (bool isCut in new[] { true, false })
                        // Without an end it is not known that the recording had another last interval.
                        if (ended || gone < Count - 1) gaps.Add(gone, ended, isCut);
            return gaps;
        }
    }

    [Theory]
    [MemberData(nameof(Gaps))]
    public void A_window_is_right_or_an_error(int gone, bool ended, bool isCut)
    {
        Recording recording = Open(gone, ended, isCut);
        (int From, int To)[] windows =
        [
            (0, Count), (0, 60), (60, Count), (60, 120), (0, 59), (58, 62), (5, 9), (60, 61), (119, 121), (120, Count), (61, Count),
            (gone, gone + 1), (0, gone), (gone + 1, Count),
        ];
        foreach ((int from, int to) in windows.Where(w => w.From < w.To))
        {
            try
            {
                IntervalRange range = recording.Range(
                    from == 0 ? null : RandomTrace.Start.AddSeconds(from), to == Count ? null : RandomTrace.Start.AddSeconds(to));
                Assert.Equal((from, to, Live(from, to)), (from, to, Exits(recording, range)));
            }
            catch (KvmscopeException error)
            {
                Assert.Equal(ExitStatus.Failed, error.Status);
                // Everything that does not need it is shown, first of all what the error names.
                Assert.True(gone >= from && gone < to, $"{from}..{to}: {error.Message}");
                Assert.Equal(gone > 0, error.Hint!.Contains("--to 2026-03-01T12:0"));
                Assert.Equal(gone < Count - 1, error.Hint.Contains("--from 2026-03-01T12:0"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Gaps))]
    public void Parts_one_after_the_other_are_right_or_an_error(int gone, bool ended, bool isCut)
    {
        foreach (int step in new[] { 1, 7, 60 })
        {
            Recording recording = Open(gone, ended, isCut);
            try
            {
                IntervalRange all = recording.All;
                recording.CheckNumbers(all);
                for (int first = 0; first < all.End; first += step)
                {
                    int count = Math.Min(step, all.End - first);
                    Assert.Equal(Live(first, first + count), Exits(recording, new IntervalRange(first, count)));
                }
                Assert.Equal(Count, all.Count);
            }
            catch (KvmscopeException error)
            {
                Assert.Contains($"at 2026-03-01T12:0{gone / 60}:{gone % 60:00}+01:00", error.Message);
            }
        }
    }

    [Fact]
    public void A_minute_that_is_gone_with_its_span_is_missed()
    {
        (byte[] bytes, List<int> ends) = s_ended.Value;
        Recording recording = Tape.Open([.. bytes[..ends[60]], .. bytes[ends[120]..]]);
        Assert.Contains("intervals are missing", Assert.Throws<KvmscopeException>(() => Exits(recording, recording.All)).Message);
    }

    [Fact]
    public void A_check_of_the_numbers_reads_nothing()
    {
        Recording recording = Tape.Open(s_ended.Value.Bytes);
        recording.CheckNumbers(recording.All);
        Assert.Equal(0, recording.MembersRead);
    }

    private static Recording Open(int gone, bool ended, bool isCut)
    {
        (byte[] bytes, List<int> ends) = (ended ? s_ended : s_killed).Value;
        byte[] made = isCut ? [.. bytes[..ends[gone]], .. bytes[ends[gone + 1]..]] : [.. bytes];
        if (!isCut) made[ends[gone] + 20] ^= 0x10;
        return Tape.Open(made);
    }

    private static long Exits(Recording recording, IntervalRange range) =>
        recording.Sum(range, Grouping.Vcpu).ToInterval().Rows.Sum(r => (long)r.Count);

    private static long Live(int from, int to) => Seen(to) - Seen(from);

    private static long Seen(int count) => count == 0 ? 0 : s_snapshots.Value[count - 1].Rows.Sum(r => (long)r.Count);
}
