using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Tests.Recordings;

namespace Kvmscope.Core.Tests.Summaries;

/// <summary>The matrix of handling times has the histograms of reports.</summary>
public sealed class LatencyMatrixTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 15)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Its_columns_are_the_histograms_of_busy_rows(int seed)
    {
        List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(6);
        var matrix = new LatencyMatrix();
        for (int from = -1; from < 5; from++)
            foreach (GroupBy by in new[] { GroupBy.Vm, GroupBy.Vcpu, GroupBy.Reason })
            {
                Interval interval = Tape.Live(snapshots, from, 5);
                matrix.Read(interval, new SummaryRequest { By = by });
                Report report = ReportBuilder.Build(interval, new ReportRequest { Kind = ReportKind.Time, Command = "time", By = by });
                ReportRow[] rows = [.. report.Rows.Where(row => row.Idle == false && row.Total.HasBins)];
                Assert.Equal(rows.Select(row => row.Group.Key).ToHashSet(), matrix.Columns.ToHashSet());
                for (int column = 0; column < matrix.Columns.Count; column++)
                    Check(matrix, column, rows.Single(row => row.Group.Key == matrix.Columns[column]).Total.Bins);
            }
    }

    private static void Check(LatencyMatrix matrix, int column, Histogram bins)
    {
        var expected = new SortedDictionary<ulong, ulong>();
        for (int bin = bins.Low; bin < bins.End; bin++)
        {
            ulong low = HistogramLayout.OctaveLowNs(HistogramLayout.OctaveOf(bin));
            expected[low] = expected.GetValueOrDefault(low) + bins[bin];
        }
        for (int row = 0; row < matrix.Rows; row++)
        {
            Assert.Equal(expected.GetValueOrDefault(matrix.LowNs(row)), matrix[row, column]);
            expected.Remove(matrix.LowNs(row));
        }
        Assert.DoesNotContain(expected.Values, count => count > 0);
    }

    [Fact]
    public void The_busiest_column_is_first_and_rows_are_from_the_shortest_to_the_longest()
    {
        Interval interval = Sample.IntervalOf(
            Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 100, 3_000, Sample.Web, 0),
            Sample.Row(Isa.Svm, 0x78, ExitLevel.L1, 9, 9_000_000, Sample.Web, 0),
            Sample.Row(Isa.Svm, 0x7b, ExitLevel.L1, 50, 40_000, Sample.Db, 0),
            Sample.Row(Isa.Svm, 0x60, ExitLevel.L1, 7, 30, Sample.Db, 0));
        var matrix = new LatencyMatrix();
        matrix.Read(interval, new SummaryRequest { By = GroupBy.Vm });
        Assert.Equal([1, 0], matrix.Columns.Select(key => key.Vm));
        Assert.Equal((11, 0UL, 64UL, 32_768UL), (matrix.Rows, matrix.LowNs(0), matrix.LowNs(1), matrix.LowNs(10)));
        Assert.Equal((7UL, 50UL, 100UL, 0UL), (matrix[0, 0], matrix[10, 0], matrix[6, 1], matrix[10, 1]));
        matrix.Read(Sample.IntervalOf(), new SummaryRequest { By = GroupBy.Vm });
        Assert.Equal((0, 0), (matrix.Rows, matrix.Columns.Count));
    }
}
