using System.Globalization;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>What to know of idle exits, in lines under a table.</summary>
internal static class IdleText
{
    /// <summary>The lines; empty where idle exits are as they seem.</summary>
    internal static IEnumerable<string> Lines(Report report, ViewStyle style)
    {
        if (report.Request.Split || report.Request.Nested || report.Request.Kind != ReportKind.Time) yield break;
        if (report.BusyHasRest)
            yield return "Busy has what of the idle exits was not halted, in its count, time and average; not in percentiles and Max";
        bool knowsHalts = Idleness.KnowsHalts(report.Interval);
        IEnumerable<Row> taken = report.Interval.Rows.Where(row =>
            Idleness.IsIdle(row.Key) && Idleness.IdleNs(row.Key, row, knowsHalts) is null && row.AverageNs < Idleness.TooShortNs);
        foreach (IGrouping<ExitCode, Row> reason in taken.GroupBy(row => row.Key.Code))
        {
            var sum = new Tally();
            foreach (Row row in reason) sum.Add(row);
            double rate = report.Interval.Seconds > 0 ? sum.Count / report.Interval.Seconds : 0;
            if (rate < Idleness.TooFrequent || sum.AverageNs is not { } average) continue;
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{ExitReasons.Name(reason.Key)}: {rate:0}/s of {ScaledText.Time(average, style.Unicode)} each are too short to be idle; ")
                + (report.Request.IsRecorded ? "a recording with the split tells" : "--split tells");
        }
    }
}
