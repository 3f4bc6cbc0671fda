using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>A recording in memory, and its reference.</summary>
internal static class Tape
{
    internal static readonly RecordingHeader Header = new()
    {
        Program = "0.1.0",
        Host = "host1",
        Kernel = "6.1.0",
        Cpu = "a CPU",
        Cpus = 4,
        BootId = "b",
        Isa = Isa.Svm,
        Started = RandomTrace.Start,
        MonotonicNs = RandomTrace.StartNs,
        IntervalNs = 1_000_000_000,
        HasSplit = true,
        HasQualifiers = true,
        PageShift = 21,
        HasRips = true,
        HasNested = true,
        Selection = new() { Vms = ["web"], Vcpus = [0, 2], Reasons = ["HLT"], ExcludedReasons = ["0x7b", "MSR"], Level = ExitLevel.L2 },
        Machines =
        [
            new(4000, "web", new VmLabels { Uuid = "77046f18-e107-48e7-939c-57eba163c478", Vmid = "112", Namespace = "n", Pod = "p" }),
            new(4001, "db", VmLabels.None),
        ],
    };

    /// <summary>The bytes of a recording of these snapshots, and where each append ended.</summary>
    internal static (byte[] Bytes, List<int> Ends) Record(
        IReadOnlyList<Snapshot> snapshots, bool end = true, IReadOnlyList<SlowExit>? slow = null)
    {
        var bytes = new MemoryStream();
        var ends = new List<int>();
        var writer = new RecordingWriter(Header, part =>
        {
            bytes.Write(part.Span);
            ends.Add((int)bytes.Length);
        });
        writer.Begin();
        (DateTimeOffset, long) from = (RandomTrace.Start, RandomTrace.StartNs);
        Snapshot? before = null;
        for (int i = 0; i < snapshots.Count; i++)
        {
            writer.Add((snapshots[i].Since(before, from.Item1, from.Item2) with { First = i }).WithSlow(slow ?? []));
            (before, from) = (snapshots[i], (snapshots[i].At, snapshots[i].MonotonicNs));
        }
        if (end) writer.End();
        return (bytes.ToArray(), ends);
    }

    /// <summary>The bytes of a recording of these intervals.</summary>
    internal static byte[] RecordIntervals(params IEnumerable<Interval> intervals)
    {
        var bytes = new MemoryStream();
        var writer = new RecordingWriter(Header, part => bytes.Write(part.Span));
        writer.Begin();
        foreach (Interval interval in intervals) writer.Add(interval);
        writer.End();
        return bytes.ToArray();
    }

    internal static Recording Open(byte[] bytes) => Recording.Open(new MemoryStream(bytes, writable: false), "x.kvmscope");

    /// <summary>What a live trace gives between two of the snapshots; -1 is the start of the trace.</summary>
    internal static Interval Live(IReadOnlyList<Snapshot> snapshots, int from, int to)
    {
        Snapshot? before = from < 0 ? null : snapshots[from];
        Interval interval = snapshots[to].Since(before, before?.At ?? RandomTrace.Start, RandomTrace.StartNs);
        // The maximum is of the interval, and the live trace would have read it once.
        foreach (Row row in interval.Rows)
            row.MaxNs = snapshots.Skip(from + 1).Take(to - from).Max(s => s.Rows.FirstOrDefault(r => r.Key == row.Key)?.MaxNs ?? 0);
        return interval;
    }

    /// <summary>All output of an interval, in every grouping.</summary>
    internal static string Text(Interval interval)
    {
        var text = new StringWriter();
        foreach (ReportRequest request in Requests())
            foreach (OutputFormat format in new[] { OutputFormat.Json, OutputFormat.Csv, OutputFormat.Table })
                OutputKinds.Reports.In(format)(new Destination(text, new ViewStyle(200)), request).Write(interval);
        return text.ToString();
    }

    private static IEnumerable<ReportRequest> Requests()
    {
        foreach (GroupBy by in new[] { GroupBy.Reason, GroupBy.Vm | GroupBy.Reason, GroupBy.Vcpu, GroupBy.Qualifier,
            GroupBy.Vcpu | GroupBy.Qualifier | GroupBy.Level })
        {
            yield return new ReportRequest { Kind = ReportKind.Count, Command = "count", By = by };
            yield return new ReportRequest { Kind = ReportKind.Time, Command = "time", By = by, Stats = true };
            yield return new ReportRequest { Kind = ReportKind.Hist, Command = "hist", By = by };
            yield return new ReportRequest { Kind = ReportKind.Time, Command = "time", By = by, Split = true };
        }
        yield return new ReportRequest { Kind = ReportKind.Time, Command = "time", Nested = true };
    }

}
