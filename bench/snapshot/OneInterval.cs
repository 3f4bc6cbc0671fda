using System.Runtime.CompilerServices;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Sources;

namespace Kvmscope.SnapshotBench;

/// <summary>One answer of <c>--interval</c>, made as kvmscope makes it: read and rendered.</summary>
internal sealed class OneInterval(ITraceSession session, ReportRequest request, OutputFormat format)
{
    private readonly CountingWriter _output = new();
    private readonly Grouping _grouping = request.Grouping;
    private readonly Garbage _garbage = new();
    private IOutputWriter<Interval>? _writer;

    /// <summary>CPU time of all threads, and bytes that this thread allocated.</summary>
    internal readonly record struct Cost(TimeSpan Read, TimeSpan Rest, long Allocated, long Rows)
    {
        internal TimeSpan Total => Read + Rest;
    }

    /// <summary>The number of characters of the last answer.</summary>
    internal long Characters => _output.Characters;

    internal Cost Run()
    {
        _writer ??= OutputKinds.Reports.In(format)(new Destination(_output, new ViewStyle()), request);
        _output.Characters = 0;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan begin = Environment.CpuUsage.TotalTime;
        (TimeSpan read, int rows) = Answer();
        // As the sampler does, when nothing of the answer is in use.
        _garbage.Collect();
        TimeSpan end = Environment.CpuUsage.TotalTime;
        return new Cost(read - begin, end - read, GC.GetAllocatedBytesForCurrentThread() - allocated, rows);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (TimeSpan Read, int Rows) Answer()
    {
        Interval interval = session.Read(_grouping);
        TimeSpan read = Environment.CpuUsage.TotalTime;
        _writer!.Write(interval);
        return (read, interval.Rows.Count);
    }

    /// <summary>Takes text, and counts its characters.</summary>
    private sealed class CountingWriter : TextWriter
    {
        internal long Characters { get; set; }

        public override System.Text.Encoding Encoding => System.Text.Encoding.UTF8;

        public override void Write(char value) => Characters++;

        public override void Write(char[] buffer, int index, int count) => Characters += count;

        public override void Write(ReadOnlySpan<char> buffer) => Characters += buffer.Length;

        public override void Write(string? value) => Characters += value?.Length ?? 0;
    }
}
