using System.Diagnostics;
using System.Globalization;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.RecordingBench;

// recording-bench write|sqlite FILE INTERVALS ROWS [durable]: intervals per second, rows per second, bytes,
//     µs of CPU per row, MiB
// recording-bench sqlite-sum FILE · recording-bench watch PROGRAM ARGUMENT…: ms to the first byte, total ms, MiB, bytes
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["watch", var program, .. var rest])
{
    Watched seen = Watched.Run(program, rest);
    Console.WriteLine($"{seen.First.TotalMilliseconds:0}\t{seen.All.TotalMilliseconds:0}\t{seen.PeakMiB:0}\t{seen.Bytes}");
    return 0;
}
if (args is ["sqlite-sum", var database])
{
    long begin = Stopwatch.GetTimestamp();
    int series = SqliteTape.Sum(database);
    Console.WriteLine($"{Stopwatch.GetElapsedTime(begin).TotalMilliseconds:0}\t{Environment.WorkingSet / 1048576}\t{series}");
    return 0;
}
if (args is not [("write" or "sqlite") and var how, var file, var intervalsText, var rowsText, .. var more]) return 2;

int intervals = int.Parse(intervalsText), rows = int.Parse(rowsText);
bool durable = more is ["durable"];
var workload = new Workload(rows);
// Made before the measurement, and used in turn.
Interval[] made = [.. Enumerable.Range(0, Math.Min(intervals, 200)).Select(i => workload.Next(i))];
Interval At(long i)
{
    Interval one = made[i % made.Length];
    const long step = 1_000_000_000;
    return one with
    {
        First = i,
        FromNs = i * step,
        ToNs = (i + 1) * step,
        From = DateTimeOffset.UnixEpoch.AddSeconds(i),
        To = DateTimeOffset.UnixEpoch.AddSeconds(i + 1),
    };
}
long start = Stopwatch.GetTimestamp();
TimeSpan cpu = Environment.CpuUsage.TotalTime;
if (how == "write")
{
    using var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
    var writer = new RecordingWriter(Workload.Header, bytes =>
    {
        stream.Write(bytes.Span);
        if (durable) stream.Flush(flushToDisk: true);
    });
    writer.Begin();
    for (int i = 0; i < intervals; i++) writer.Add(At(i));
    writer.End();
}
else
{
    using var tape = new SqliteTape(file, durable);
    for (int i = 0; i < intervals; i++) tape.Add(At(i));
}
double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds, cpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
Console.WriteLine(
    $"{intervals / seconds:0.0}\t{(double)intervals * rows / seconds:0}\t{new FileInfo(file).Length}\t"
    + $"{cpuSeconds / intervals * 1e6 / rows:0.00}\t{Environment.WorkingSet / 1048576}");
return 0;
