using System.Globalization;
using Kvmscope.Server.Tests.Metrics;
using Kvmscope.Tests.Deploy;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>
/// The command line of export, and its formats of text. What others read in Parquet is tested in Export.Tests, Perfetto in
/// Interchange.Tests.
/// </summary>
public sealed class ExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public ExportTests()
    {
        FleetRecording.Write(In("web.kvmscope"), "host7", TimeSpan.FromSeconds(70));
        FleetRecording.Write(In("db.kvmscope"), "host8", TimeSpan.FromSeconds(2));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    private Outcome Run(string line, FakeEnd? end = null)
    {
        var world = new World();
        if (end is not null) world.End = end;
        return world.Run([.. line.Split(' ').Select(word => word.Replace("FOLDER", _folder, StringComparison.Ordinal))]);
    }

    private string Written(string line)
    {
        Outcome outcome = Run(line + " -o FOLDER/out");
        Assert.Equal((0, "", ""), (outcome.Status, outcome.Out, outcome.Error));
        string text = File.ReadAllText(In("out"));
        File.Delete(In("out"));
        return text;
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("json")]
    public void Text_is_what_report_writes_of_each_interval(string format)
    {
        string export = Written($"export FOLDER/web.kvmscope --to {format} --from +5s --to +7s");
        string report = Run("report FOLDER/web.kvmscope time --by vcpu,level,qualifier --split --top 1000 --interval 100ms "
            + $"--from +5s --to +7s --format {format}").Out;
        Assert.Equal(report, export);
        Assert.Equal(report, Run($"export FOLDER/web.kvmscope --to {format} --from +5s --to +7s -o -").Out);
        string slow = Run($"report FOLDER/web.kvmscope slower --format {format}").Out;
        // Losses are in JSON only, and in the table of intervals.
        string exits = string.Concat(slow.Split('\n').Where(l => l.Length > 0 && !l.Contains("kvmscope/losses", StringComparison.Ordinal))
            .Select(l => l + "\n"));
        Assert.Equal(exits, Written($"export FOLDER/web.kvmscope --to {format} --table slow"));
    }

    [Theory]
    [InlineData("export", "export needs a recording")]
    [InlineData("export FOLDER/web.kvmscope -o FOLDER/x", "export needs one format")]
    [InlineData("export FOLDER/web.kvmscope --to parquet --to csv -o FOLDER/x", "export needs one format")]
    [InlineData("export FOLDER/web.kvmscope --to xml -o FOLDER/x", "the format 'xml' is not known")]
    [InlineData("export FOLDER/web.kvmscope --to csv --to 14:05 --to 14:06 -o FOLDER/x", "are two ends")]
    [InlineData("export FOLDER/web.kvmscope --to parquet", "the export needs a name")]
    [InlineData("export FOLDER/web.kvmscope --to parquet --table rows -o FOLDER/x", "--table 'rows' is not known")]
    [InlineData("export FOLDER/web.kvmscope --to csv --table vcpus -o FOLDER/x", "--table of csv 'vcpus' is not known")]
    [InlineData("export FOLDER/web.kvmscope --to parquet --compression lz4 -o FOLDER/x", "--compression 'lz4' is not known")]
    [InlineData("export FOLDER/web.kvmscope --to csv --partition -o FOLDER/x", "'csv' has no option --partition")]
    [InlineData("export FOLDER/web.kvmscope --to perfetto --table slow -o FOLDER/x", "'perfetto' has no option --table")]
    [InlineData("export FOLDER/web.kvmscope --to parquet -o -", "parquet needs a file")]
    [InlineData("export FOLDER/web.kvmscope --to parquet --table slow --interval 1s -o FOLDER/x", "slow exits are single ones")]
    [InlineData("export FOLDER/web.kvmscope --to parquet --interval 150ms -o FOLDER/x", "is not a multiple of the recording's intervals")]
    [InlineData("export FOLDER/web.kvmscope --to parquet --vm nobody -o FOLDER/x", "nobody")]
    [InlineData("export FOLDER/none.kvmscope --to parquet -o FOLDER/x", "there is no file")]
    [InlineData("export FOLDER/web.kvmscope FOLDER/db.kvmscope --to csv -o FOLDER/x", "csv does not say the host")]
    [InlineData("export FOLDER/web.kvmscope --to parquet -o FOLDER", "is a folder")]
    [InlineData("export FOLDER/web.kvmscope --to parquet -o FOLDER/web.kvmscope", "exists already")]
    [InlineData("export FOLDER/web.kvmscope --to parquet -o FOLDER/none/x", "cannot create")]
    [InlineData("export FOLDER/web.kvmscope --to parquet --partition -o FOLDER/web.kvmscope", "cannot create the folder")]
    public void Errors_say_what_to_do_and_leave_nothing(string line, string message)
    {
        Outcome outcome = Run(line);
        Assert.Equal(2, outcome.Status);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.Equal(2, outcome.Error.TrimEnd().Split('\n').Length);
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder).Length);
    }

    [Theory]
    [InlineData("parquet")]
    [InlineData("perfetto")]
    [InlineData("openmetrics")]
    [InlineData("csv")]
    public void An_interrupt_leaves_nothing_that_is_not_whole(string format)
    {
        var clock = new FakeClock();
        Outcome outcome = Run($"export FOLDER/web.kvmscope --to {format} -o FOLDER/x", new FakeEnd(clock, []) { At = clock.Now });
        Assert.Equal((130, "kvmscope: interrupted: nothing was written\n"), (outcome.Status, outcome.Error));
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder).Length);
    }

    [Fact]
    public void Partitions_are_by_host_and_day_and_not_written_twice()
    {
        const string line = "export FOLDER/web.kvmscope FOLDER/db.kvmscope --to parquet --partition -o FOLDER/fleet";
        Assert.Equal(0, Run(line).Status);
        IEnumerable<string> files = Directory.GetFiles(In("fleet"), "*", SearchOption.AllDirectories);
        Assert.Equal(
            [
                "host=host7/date=2026-03-01/exits-20260301T140500.0000000Z.parquet",
                "host=host8/date=2026-03-01/exits-20260301T140500.0000000Z.parquet",
            ],
            files.Select(file => Path.GetRelativePath(In("fleet"), file)).Order());
        Outcome again = Run(line);
        Assert.Equal(2, again.Status);
        Assert.Contains("exists already", again.Error, StringComparison.Ordinal);
        Outcome one = Run("export FOLDER/web.kvmscope FOLDER/db.kvmscope --to parquet --vm db-1 -o FOLDER/db.parquet");
        Assert.Equal(0, one.Status);
        Assert.Contains("host7", one.Error, StringComparison.Ordinal);
        Assert.Contains("it is left out", one.Error, StringComparison.Ordinal);
    }

    [NeedsProgramFact("promtool")]
    public async Task Prometheus_has_the_figures_of_a_report()
    {
        File.WriteAllText(In("run.om"), Written("export FOLDER/web.kvmscope --to openmetrics"));
        using var prometheus = new Prometheus("global: {}\n", prepare: folder =>
        {
            (int status, string output) =
                Programs.Run("promtool", "", "tsdb", "create-blocks-from", "openmetrics", In("run.om"), folder + "/data");
            Assert.True(status == 0, output);
        });
        string at = new DateTimeOffset(2026, 3, 1, 14, 6, 10, TimeSpan.Zero).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        // 700 intervals of 150 + 8 + 5 + 4 exits; the first sample of a series is 0.
        Assert.Equal(700 * 167, await prometheus.Await($"sum(kvmscope_exits_total{{job='kvmscope',instance='host7',vm='web-1'}} @ {at})"));
        Assert.Equal(700 * 150, await prometheus.Await($"kvmscope_exits_total{{reason='MSR_WRITE',level='l1'}} @ {at}"));
        Assert.Equal(700 * 0.00064, await prometheus.Await($"kvmscope_exit_handling_seconds_total{{reason='IO_INSTRUCTION'}} @ {at}"), 9);
        Assert.Equal(700 * 162, await prometheus.Await($"kvmscope_busy_exit_handling_seconds_count @ {at}"));
        Assert.Equal(700, await prometheus.Await($"kvmscope_slow_exits_total @ {at}"));
        Assert.Equal(140, await prometheus.Await($"sum(kvmscope_vcpu_seconds_total @ {at})"), 6);
        Assert.Equal(3500, await prometheus.Await($"kvmscope_lost_total{{kind='dropped_exits'}} @ {at}"));
        Assert.Equal(4, (int)await prometheus.Await($"count_over_time(kvmscope_slow_exits_total[5m] @ {at})"));
    }
}
