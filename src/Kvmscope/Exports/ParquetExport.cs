using System.Globalization;
using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Interchange.Parquet;
using Kvmscope.Terminal;

namespace Kvmscope.Exports;

/// <summary>Writes a table as Parquet: one file, or one file per recording and day in folders of hosts and days.</summary>
internal sealed class ParquetExport(ExportPlan plan, CommandContext context) : IExporter
{
    // What Hive, Spark and DuckDB read as null.
    private const string NoHost = "__HIVE_DEFAULT_PARTITION__";

    // In weights of intervals: about 10 MB. Left to itself the collector lets ten times as much gather, and clearing that takes longer.
    private const long MostGarbage = 25_000;

    private readonly ParquetTable _table = plan.Table switch
    {
        ExportPlan.Slow => new SlowTable(),
        ExportPlan.Vcpus => new VcpusTable(),
        ExportPlan.Intervals => new IntervalsTable(),
        _ => new ExitsTable(),
    };
    private ExportFile? _file;
    private ParquetFile? _parquet;
    private (RecordingPart? Part, DateTime Day) _place;
    private long _rows, _files, _garbage;

    /// <inheritdoc/>
    public string Run(ExportWalk walk)
    {
        try
        {
            if (!plan.IsPartitioned) Begin(plan.Output, walk.Inputs.Any(input => input.Source.Recording.Header.HasRips));
            if (plan.Table == ExportPlan.Slow) AddSlow(walk);
            // Reading takes as long as writing: each has a core. While a group is written, half as many rows are read.
            else
                new Relay<(RecordingPart Part, Interval Interval)>(
                    item => Add(item.Part, item.Interval), item => WeightOf(item.Interval), ParquetFile.GroupRows / 2)
                    .Run(walk.Intervals());
            if (!walk.IsInterrupted) End();
        }
        finally
        {
            _file?.Dispose();
        }
        string rows = string.Create(CultureInfo.InvariantCulture, $"{_rows} rows");
        return plan.IsPartitioned ? string.Create(CultureInfo.InvariantCulture, $"{rows} in {_files} files") : rows;
    }

    // In rows, about: what takes memory in it.
    private static long WeightOf(Interval interval) =>
        16L + interval.Changes.Count + interval.TimeChanges.Count + interval.Returns.Count + interval.Vms.Count;

    private void Add(RecordingPart part, Interval interval)
    {
        GoTo(part, interval.From, part.Header.HasRips);
        _table.Add(part.Header, interval);
        _parquet!.Flush();
        _garbage += WeightOf(interval);
        if (_garbage < MostGarbage) return;
        _garbage = 0;
        // What waited at the last time was kept once.
        GC.Collect(1);
    }

    private void AddSlow(ExportWalk walk)
    {
        foreach ((RecordingPart part, SlowExit exit, _) in walk.Slow())
        {
            GoTo(part, exit.At, isPrivate: true);
            _table.Add(part.Header, exit);
            _parquet!.Flush();
        }
    }

    // A file has rows of one recording and of one day: what is exported again has the same name, and is not there twice.
    private void GoTo(RecordingPart part, DateTimeOffset time, bool isPrivate)
    {
        if (!plan.IsPartitioned) return;
        DateTime utc = time.UtcDateTime;
        if (_place == (part, utc.Date)) return;
        End();
        _place = (part, utc.Date);
        string host = part.Header.Host.Length > 0 ? Uri.EscapeDataString(part.Header.Host) : NoHost;
        string folder = Path.Combine(plan.Output, $"host={host}", string.Create(CultureInfo.InvariantCulture, $"date={utc:yyyy-MM-dd}"));
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw UsageError.Of($"cannot create the folder '{folder}': {IoReason.Of(error)}", "Choose another folder with -o OUT.");
        }
        string name = string.Create(CultureInfo.InvariantCulture, $"{_table.Name}-{utc:yyyyMMdd'T'HHmmss.fffffff'Z'}.parquet");
        Begin(Path.Combine(folder, name), isPrivate);
    }

    private void Begin(string path, bool isPrivate)
    {
        _file = ExportFile.Create(context.System, path, isPrivate || plan.Table == ExportPlan.Slow);
        _parquet = ParquetFile.Begin(_table, _file.Bytes, ProgramHelp.Version, plan.IsSnappy);
    }

    private void End()
    {
        if (_file is null || _parquet is null) return;
        _parquet.End();
        _rows += _parquet.Rows;
        _file.Complete();
        _file.Dispose();
        _files++;
        (_file, _parquet) = (null, null);
    }
}
