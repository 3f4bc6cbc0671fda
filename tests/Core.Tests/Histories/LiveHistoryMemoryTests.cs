using System.Runtime.CompilerServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>A live history is bounded, whatever VMs do.</summary>
public sealed class LiveHistoryMemoryTests
{
    private const long S = 1_000_000_000, Budget = 4 << 20;

    [Fact]
    public void Under_pressure_there_is_less_detail_and_not_less_time()
    {
        const long budget = 5 * Budget / 8;
        const int count = 400;
        var host = new BusyHost(20, 8, 6);
        LiveHistory history = new(Grouping.Vcpu, ExitParts.None, S, budget);
        for (int i = 0; i < count; i++)
        {
            history.Add(host.Next());
            Assert.True(history.Bytes <= budget, $"{history.Bytes} bytes after {i + 1} intervals");
        }
        Assert.Equal(count * S, history.To - history.From);
        Grouping[] detail = [.. Enumerable.Range(0, count).Select(i => history.DetailAt(history.To - (i * S)).Grouping)];
        // Finer where it is newer, and all three.
        Assert.Equal(detail.OrderDescending(), detail);
        Assert.Equal(3, detail.Distinct().Count());
        Assert.All(Enumerable.Range(0, count), i => Assert.Equal(S, history.DetailAt(history.To - (i * S)).StepNs));
    }

    [Fact]
    public void Ten_thousand_VMs_that_come_and_go_take_no_more_memory()
    {
        var host = new BusyHost(50, 2, 4);
        LiveHistory history = new(Grouping.Vcpu, ExitParts.None, S, Budget);
        long most = 0;
        for (int i = 0; i < 1000; i++)
        {
            history.Add(host.Next(60 * S));
            host.Replace(10);
            most = Math.Max(most, history.Bytes);
        }
        Assert.True(most <= Budget, $"{most} bytes");
        Interval last = history.Sum(history.To - (60 * S), history.To, Grouping.Vm, ExitParts.None)!;
        Assert.Equal(50, last.Vms.Count);
        Assert.Equal(Enumerable.Range(9990, 50), last.Vms.Select(vm => vm.Ordinal).Order());
    }

    [Fact]
    public void A_VM_that_ended_stays_as_long_as_its_intervals()
    {
        LiveHistory history = new(Grouping.Vcpu, ExitParts.None, 600 * S);
        WeakReference name = AddOne(history);
        for (int i = 1; i < 24 * 6; i++) history.Add(Of(i, Sample.Db));
        GC.Collect();
        Assert.True(name.IsAlive);
        Assert.Equal("ended", OldestName(history));
        history.Add(Of(24 * 6, Sample.Db));
        history.Add(Of((24 * 6) + 1, Sample.Db));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(name.IsAlive);
        Assert.Equal(Sample.Db.Name, OldestName(history));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference AddOne(LiveHistory history)
    {
        var vm = new VmIdentity(7, 4711, new string("ended".AsSpan()));
        Interval interval = Of(0, vm);
        history.Add(interval.WithSlow([new SlowExit(interval.To.AddSeconds(-1), vm, 0, 1, 1, ExitLevel.L1, new ExitCode(Isa.Svm, 1), 5)]));
        return new WeakReference(vm);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string OldestName(LiveHistory history) =>
        history.Sum(history.From, history.EdgeAfter(history.From), Grouping.Vcpu, ExitParts.None)!.Vms.Single().Name;

    private static Interval Of(int number, VmIdentity vm) => new()
    {
        FromNs = number * 600 * S,
        ToNs = (number + 1) * 600 * S,
        From = Sample.Started.AddMinutes(number * 10),
        To = Sample.Started.AddMinutes((number + 1) * 10),
        Vms = [vm],
        Changes = [new Row(new GroupKey(vm.Ordinal, 0, new ExitCode(Isa.Svm, 0x72), ExitLevel.L1)) { Count = 1 }],
    };

    [Fact]
    public void Adding_makes_no_garbage_for_each_row()
    {
        var host = new BusyHost(40, 8, 12);
        Interval[] intervals = [.. Enumerable.Range(0, 40).Select(_ => host.Next())];
        LiveHistory history = new(Grouping.Vcpu, ExitParts.None, S, 2 << 20);
        long allocated = 0;
        for (int i = 0; i < intervals.Length; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            history.Add(intervals[i]);
            if (i >= 30) allocated = Math.Max(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        // Of 3840 rows: the packed forms, which are 16 bytes per row, and what is made for each VM and vCPU.
        Assert.True(allocated < 3840 * 40, $"{allocated} bytes");
    }

    [Fact]
    public async Task Others_read_while_it_grows()
    {
        // Each takes more than a chunk, so that memory is used again.
        var host = new BusyHost(20, 16, 10);
        Interval[] templates = [.. Enumerable.Range(0, 10).Select(_ => host.Next())];
        Interval[] intervals =
        [
            .. Enumerable.Range(0, 300).Select(i => templates[i % 10] with
            {
                FromNs = i * S,
                ToNs = (i + 1) * S,
                From = Sample.Started.AddSeconds(i),
                To = Sample.Started.AddSeconds(i + 1),
            }),
        ];
        var until = new Dictionary<long, ulong> { [intervals[0].FromNs] = 0 };
        foreach (Interval interval in intervals) until[interval.ToNs] = until[interval.FromNs] + interval.Accounting.Exits;
        LiveHistory history = new(Grouping.Vcpu, ExitParts.None, S, Budget);
        history.Add(intervals[0]);
        bool hasEnded = false;
        Task[] readers =
        [
            .. Enumerable.Range(0, 2).Select(seed => Task.Run(() =>
            {
                var random = new Random(seed);
                int reads = 0;
                while (!Volatile.Read(ref hasEnded) || reads < 20)
                {
                    long to = history.To, from = Math.Max(history.From, to - (random.Next(1, 60) * S));
                    var grouping = (Grouping)random.Next(3);
                    if (history.Sum(from, to, grouping, ExitParts.None) is not { } sum) continue;
                    Assert.Equal(until[sum.ToNs] - until[sum.FromNs], sum.Accounting.Exits);
                    Assert.Equal(sum.Accounting.Exits, sum.Rows.Aggregate(0UL, (count, row) => count + row.Count));
                    reads++;
                }
            })),
        ];
        foreach (Interval interval in intervals.Skip(1)) history.Add(interval);
        Volatile.Write(ref hasEnded, true);
        await Task.WhenAll(readers);
        Assert.Equal(intervals[^1].ToNs, history.To);
    }
}
