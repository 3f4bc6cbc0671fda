using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>Spans, which the recorder keeps in memory until they end.</summary>
public sealed class SpanTests
{
    private const int Hour = RecordingWriter.SpanLength * RecordingWriter.SpanLength;

    // Each interval has the exits of VMs that stay, and of one that came and went.
    private static IEnumerable<Interval> Host(int intervals, int stay, int reasons, bool comeAndGo)
    {
        for (int i = 0; i < intervals; i++)
        {
            var vms = Enumerable.Range(0, stay).Append(comeAndGo ? stay + i : 0).Distinct()
                .Select(number => new VmIdentity(number, 1000 + number, $"vm{number}")).ToList();
            Row[] rows = [.. vms.SelectMany(vm => Enumerable.Range(0, reasons).Select(reason =>
                new Row(new GroupKey(vm.Ordinal, GroupKey.None, new ExitCode(Isa.Svm, (ulong)reason), ExitLevel.L1)) { Count = 2 }))];
            yield return Sample.Of(Sample.Started.AddSeconds(i), 1, rows, new Accounting().WithRows(rows), vms) with { First = i };
        }
    }

    [Fact]
    public void An_hour_of_VMs_that_come_and_go_is_not_kept_in_memory_until_it_ends_and_loses_nothing()
    {
        byte[] bytes = Tape.RecordIntervals(Host(Hour, stay: 2, reasons: 3, comeAndGo: true));
        RecordingIndex index = RecordingIndex.Scan(new MemoryStream(bytes));
        Assert.Null(index.Span(2, 0));
        for (int minute = 0; minute < RecordingWriter.SpanLength; minute++)
            Assert.Equal((2 + 60) * 3, index.Span(1, minute * RecordingWriter.SpanLength)?.Head.Rows);
        Recording recording = Tape.Open(bytes);
        Interval all = recording.Sum(new IntervalRange(0, Hour), Grouping.Vm).ToInterval();
        Assert.Equal(((2 + Hour) * 3, 3UL * 3 * 2 * Hour), (all.Changes.Count, all.Accounting.Exits));
        Assert.Equal(all.Accounting.Exits, all.Changes.Aggregate(0UL, (sum, row) => sum + row.Count));
    }

    [Fact]
    public void VMs_that_stay_have_their_spans_however_many_they_are()
    {
        byte[] bytes = Tape.RecordIntervals(Host(RecordingWriter.SpanLength, stay: 50, reasons: 50, comeAndGo: false));
        Assert.Equal(50 * 50, RecordingIndex.Scan(new MemoryStream(bytes)).Span(1, 0)?.Head.Rows);
    }
}
