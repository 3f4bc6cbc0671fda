using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Returns to the VMM, as the kernel side counts them and the reader gives them.</summary>
[Collection(KernelGroup.Name)]
public sealed class ReturnTests
{
    private const uint Io = 2, Hlt = 5, Shutdown = 8, Intr = 10;
    private const int Eintr = -4, Efault = -14, Eagain = -11;

    private static readonly TraceOptions s_options = new() { WantReturns = true, WantTime = false };
    private static readonly TableSizes s_sizes = new(4, 200, 1, Threads: 512, CountsReturns: true);

    private static IEnumerable<(int Vcpu, int Raw, ulong Count, ulong Timed, ulong TotalNs, ulong MaxNs)> Figures(Interval interval) =>
        interval.Returns.Select(r => (r.Key.Vcpu, r.Key.Reason.Raw, r.Count, r.Timed, r.TotalNs, r.MaxNs)).Order();

    [KernelFact]
    public void Returns_are_counted_at_once_and_timed_until_the_next_call()
    {
        using KernelSide side = new(s_options, s_sizes);
        side.Exit(1, 30);
        side.BeginRun(1, 0);
        side.Return(Io);
        Assert.Equal([(0, 2, 1UL, 0UL, 0UL, 0UL)], Figures(side.ReadInterval()));
        side.BeginRun(1, 700);
        side.Return(Io);
        side.BeginRun(1, 900);
        side.Return(Hlt);
        Assert.Equal([(0, 2, 1UL, 2UL, 1600UL, 900UL), (0, 5, 1UL, 0UL, 0UL, 0UL)], Figures(side.ReadInterval()));
        side.BeginRun(1, 100);
        Assert.Equal([(0, 5, 0UL, 1UL, 100UL, 100UL)], Figures(side.ReadInterval()));
        Assert.Empty(side.ReadInterval().Returns);
    }

    [KernelFact]
    public void After_an_error_the_reason_in_kvm_run_is_not_shown()
    {
        using KernelSide side = new(s_options, s_sizes);
        side.Exit(1, 30);
        foreach ((uint reason, int error) in new (uint, int)[] { (Io, Eintr), (Intr, Eintr), (Shutdown, Efault), (Io, Eagain), (77, 0) })
        {
            side.BeginRun(1, 10);
            side.Return(reason, error);
        }
        Assert.Equal(
            [("77", 1UL), ("EAGAIN", 1UL), ("EFAULT", 1UL), ("INTR", 2UL)],
            side.ReadInterval().Returns.Select(r => (r.Key.Reason.Name, r.Count)).Order());
    }

    [KernelFact]
    public void Returns_without_any_exit_are_counted_too()
    {
        using KernelSide side = new(s_options, s_sizes);
        side.Exit(1, 30);
        side.Entry(1);
        for (int i = 0; i < 1000; i++)
        {
            side.BeginRun(1, 50);
            side.Return(Io, Eintr);
        }
        Interval interval = side.ReadInterval();
        Assert.Equal((1UL, 1000UL), (interval.Accounting.Exits, Assert.Single(interval.Returns).Count));
        Assert.Equal(0UL, interval.Accounting.LostReturns);
    }

    [KernelFact]
    public void A_call_that_was_not_seen_leaves_its_return_untimed()
    {
        using KernelSide side = new(s_options, s_sizes);
        side.Exit(1, 30);
        side.Return(Io);
        side.Return(Io);
        Assert.Equal([(0, 2, 2UL, 0UL, 0UL, 0UL)], Figures(side.ReadInterval()));
    }

    [KernelFact]
    public void A_return_of_an_unknown_thread_is_lost_and_said()
    {
        using KernelSide side = new(s_options, s_sizes);
        side.Return(Io);
        Interval interval = side.ReadInterval();
        Assert.Equal(1UL, interval.Accounting.LostReturns);
        Assert.Empty(interval.Returns);
    }

    [KernelFact]
    public void A_kind_too_many_is_lost_and_said()
    {
        using KernelSide side = new(s_options, s_sizes);
        side.Exit(1, 30);
        for (uint reason = 0; reason < kvmscope_limits.KVMSCOPE_RETURN_KINDS + 3; reason++) side.Return(reason);
        Interval interval = side.ReadInterval();
        Assert.Equal((kvmscope_limits.KVMSCOPE_RETURN_KINDS, 3UL), (interval.Returns.Count, interval.Accounting.LostReturns));
        Assert.Equal(0UL, side.ReadInterval().Accounting.LostReturns);
    }

    [KernelFact]
    public void The_returns_of_a_vcpu_that_ended_stay_and_its_slot_is_empty_for_the_next()
    {
        using KernelSide side = new(s_options, s_sizes);
        side.Exit(1, 30);
        side.Return(Io);
        side.Return(Shutdown);
        int slot = side.NumberOf(1);
        side.End(1);
        Interval interval = side.ReadInterval();
        Assert.Equal([(2, 1UL), (8, 1UL)], interval.Returns.Select(r => (r.Key.Reason.Raw, r.Count)).Order());
        Assert.Empty(interval.VcpuStates);
        Assert.Equal((0u, 0UL, 0u), (side.Vmms[slot].used, side.Vmms[slot].return_ns, side.Vmms[slot].open));
        for (ulong vcpu = 2; vcpu < 6; vcpu++) side.Exit(vcpu, 30);
        side.Return(Hlt);
        Assert.Equal([(5, 1UL)], side.ReadInterval().Returns.Select(r => (r.Key.Reason.Raw, r.Count)));
    }

    [KernelFact]
    public void Sums_over_any_intervals_are_what_one_interval_would_have_been()
    {
        using KernelSide side = new(s_options, s_sizes), whole = new(s_options, s_sizes);
        var random = new Random(7);
        var sum = new IntervalSum(Grouping.Vcpu);
        foreach (KernelSide one in (KernelSide[])[side, whole]) one.Exit(1, 30);
        for (int i = 0; i < 400; i++)
        {
            uint reason = (uint)random.Next(0, 6);
            ulong ns = (ulong)random.Next(0, 1 << 20);
            foreach (KernelSide one in (KernelSide[])[side, whole])
            {
                one.BeginRun(1, ns);
                one.Return(reason);
            }
            if (random.Next(10) == 0) sum.Add(side.ReadInterval());
        }
        sum.Add(side.ReadInterval());
        Interval all = whole.ReadInterval(), added = sum.ToInterval();
        Assert.Equal(Figures(all), Figures(added));
        Assert.Equal(
            all.Returns.OrderBy(r => r.Key.Reason.Raw).Select(r => r.Quantile(0.99)),
            added.Returns.OrderBy(r => r.Key.Reason.Raw).Select(r => r.Quantile(0.99)));
    }

    [KernelFact]
    public void A_vcpu_without_any_event_has_a_state()
    {
        int pid = Environment.ProcessId;
        HostView host = new(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, Isa.Svm)
        {
            Machines = [new VirtualMachine(pid, "vm", "qemu", 1, [0, 3])],
        };
        using KernelSide side = new(s_options, s_sizes, host);
        Interval interval = side.ReadInterval();
        Assert.Equal(
            [("vm", 0, VcpuPlace.Unknown), ("vm", 3, VcpuPlace.Unknown)],
            interval.VcpuStates.Select(s => (interval.VmOf(s.Vm)!.Name, s.Vcpu, s.Place)).Order());
        // The first event of vCPU 0: it is the same VM, and not a second one of its process.
        side.Exit(1, 30);
        side.Return(Io);
        interval = side.ReadInterval();
        Assert.Equal(
            [("vm", 0, VcpuPlace.Vmm), ("vm", 3, VcpuPlace.Unknown)],
            interval.VcpuStates.Select(s => (interval.VmOf(s.Vm)!.Name, s.Vcpu, s.Place)).Order());
        Assert.Empty(side.ReadInterval(Grouping.Vm).VcpuStates);
    }

    [KernelFact]
    public void Without_being_asked_for_nothing_is_followed()
    {
        using KernelSide side = new();
        side.Exit(1, 30);
        Assert.Equal((1, 1, 1), (side.Vmms.Count, side.Returns.Count, side.Ring.Count));
        Assert.Empty(side.ReadInterval().VcpuStates);
    }
}
