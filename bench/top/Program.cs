using System.Globalization;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Live;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;
using Kvmscope.Terminal.Curses;
using Kvmscope.TopBench;

// top-bench VMS VCPUS REASONS INTERVALS FILE: what kvmscope top takes for each interval, on the terminal that it runs in. Appends a line
// to FILE, tab-separated: VMs x vCPUs x reasons, columns x rows, view, medians of the second half: CPU ms to draw, of which curses; CPU ms
// to keep the interval; bytes allocated for a drawing; then the history's and the process's own MiB at the end.
const int Views = 3;
int[] numbers = [.. args.Take(4).Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
var vms = new SimulatedVms(numbers[0], numbers[1], numbers[2]);
var history = new LiveHistory(Grouping.Vcpu, ExitParts.None, SimulatedVms.StepNs);
var source = new LiveSource("bench", history, IsLive: true) { Detail = new TraceOptions { WantSplit = true, WantTime = true } };
List<string> lines = [];
var garbage = new Garbage();
using (ILiveTerminal terminal = TerminalDescription.Prepare(Environment.GetEnvironmentVariable).Open())
{
    LiveApp[] apps = [.. Enumerable.Range(1, Views).Select(view => new LiveApp(source, new LiveState { View = (LiveView)view }, true))];
    Cost[] costs = [.. apps.Select(_ => new Cost())];
    var grid = new CellGrid();
    for (int i = 0; i < numbers[3]; i++)
    {
        Interval interval = vms.Next(history.To);
        TimeSpan begin = Environment.CpuUsage.TotalTime;
        history.Add(interval);
        TimeSpan keep = Environment.CpuUsage.TotalTime - begin;
        for (int view = 0; view < Views; view++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            begin = Environment.CpuUsage.TotalTime;
            grid.Reset(terminal.Columns, terminal.Rows);
            apps[view].Draw(grid);
            TimeSpan drawn = Environment.CpuUsage.TotalTime;
            terminal.Show(grid);
            TimeSpan shown = Environment.CpuUsage.TotalTime;
            costs[view].Add(shown - begin, shown - drawn, keep, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        // As the recorder and top do after each reading.
        garbage.Collect();
    }
    long own = OwnKib();
    for (int view = 0; view < Views; view++)
        lines.Add(string.Create(CultureInfo.InvariantCulture,
            $"{numbers[0]} x {numbers[1]} x {numbers[2]}\t{terminal.Columns} x {terminal.Rows}\t{(LiveView)(view + 1)}\t{costs[view]}\t"
            + $"{history.Bytes / 1048576.0:0.0}\t{own / 1024.0:0.0}"));
}
File.AppendAllLines(args[4], lines);
return 0;

// Anonymous memory: what the simulated VMs take is freed by then.
static long OwnKib()
{
    string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
    return long.Parse(line.AsSpan(8, line.Length - 10), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
        CultureInfo.InvariantCulture);
}

/// <summary>What the refreshes of a view took.</summary>
internal sealed class Cost
{
    private readonly List<(double All, double Shown, double Keep, long Bytes)> _costs = [];

    internal void Add(TimeSpan all, TimeSpan shown, TimeSpan keep, long bytes) =>
        _costs.Add((all.TotalMilliseconds, shown.TotalMilliseconds, keep.TotalMilliseconds, bytes));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Median(c => c.All):0.00}\t{Median(c => c.Shown):0.00}\t{Median(c => c.Keep):0.00}\t{Median(c => c.Bytes)}");

    private T Median<T>(Func<(double All, double Shown, double Keep, long Bytes), T> of) =>
        _costs.Skip(_costs.Count / 2).Select(of).Order().ElementAt(_costs.Count / 4);
}
