using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Tracing;

using Programs = Kvmscope.Host.Bpf.BpfObject.Programs;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>
/// What the programs at functions of KVM make of a vCPU's time. Times are set into the past, by more than the test itself takes; where a
/// figure is the kernel's own (polling, waiting for a CPU), it is exact.
/// </summary>
[Collection(KernelGroup.Name)]
public sealed class VcpuClockTests
{
    private const uint Hlt = 12, Resume = 24;
    private const ulong Unit = 3_000_000_000;

    private static KernelSide Side(FakeKernel kernel, TraceOptions options) =>
        new(options, TableSizes.For(8, 2, 1, options), kernel: kernel);

    private static KernelSide Split(FakeKernel kernel) => Side(kernel, new TraceOptions { WantSplit = true });

    private static void Begin(KernelSide side, FakeVcpu vcpu, ulong agoNs)
    {
        side.Exit(vcpu, Hlt);
        side.SlotOf(vcpu).exit_ns -= agoNs;
    }

    private static void AssertUnits(ulong units, ulong ns) => Assert.InRange(ns, units * Unit, (units + 1) * Unit - 1);

    private static TimeParts PartsOf(KernelSide side) => Assert.Single(side.Read().Rows).Parts!.Value;

    [KernelFact]
    public void The_largest_duration_is_not_the_last_one()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        using KernelSide side = Side(kernel, new TraceOptions());
        foreach (ulong units in new ulong[] { 2, 7, 3 })
        {
            Begin(side, vcpu, units * Unit);
            side.Entry(vcpu);
        }
        Row row = Assert.Single(side.Read().Rows);
        AssertUnits(7, row.MaxNs);
        AssertUnits(12, row.TotalNs);
    }

    [KernelFact]
    public void Off_the_CPU_it_waits_halts_or_sleeps_on_each_kernel()
    {
        foreach (KernelKind kind in Enum.GetValues<KernelKind>())
            foreach ((bool runnable, bool halted, TimePart part) in new[]
            {
                (true, false, TimePart.Runq), (true, true, TimePart.Runq), (false, true, TimePart.Halt), (false, false, TimePart.Sleep),
            })
            {
                using FakeKernel kernel = new(kind);
                FakeVcpu vcpu = kernel.NewVcpu(40);
                vcpu.IsHalted = halted;
                using KernelSide side = Split(kernel);
                Begin(side, vcpu, 30 * Unit);
                using (FakeThread.With(isRunnable: runnable, runDelayNs: 5 * Unit))
                    side.Run(Programs.SchedOutFentry, vcpu.Address + KernelTypes.Notifier);
                side.SlotOf(vcpu).out_ns -= 20 * Unit;
                using (FakeThread.With(runDelayNs: 8 * Unit)) side.Run(Programs.SchedInFentry, vcpu.Address + KernelTypes.Notifier);
                side.Entry(vcpu);
                TimeParts parts = PartsOf(side);
                // Of a sleep, what the thread then waited for a CPU is known to the ns.
                if (part != TimePart.Runq) Assert.Equal(3 * Unit, parts[TimePart.Runq]);
                AssertUnits(part == TimePart.Runq ? 20u : 17, parts[part]);
                AssertUnits(10, parts[TimePart.Kvm]);
                Assert.Equal(0UL, parts[TimePart.Vmm] + parts[TimePart.Poll]);
            }
    }

    [KernelFact]
    public void In_user_space_it_is_the_VMMs_except_what_its_thread_waited()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        using KernelSide side = Split(kernel);
        Begin(side, vcpu, 30 * Unit);
        Away(side, vcpu, 20 * Unit, 5 * Unit, 9 * Unit);
        side.Entry(vcpu);
        TimeParts parts = PartsOf(side);
        Assert.Equal(4 * Unit, parts[TimePart.Runq]);
        AssertUnits(16, parts[TimePart.Vmm]);
        AssertUnits(10, parts[TimePart.Kvm]);
    }

    private static void Away(KernelSide side, FakeVcpu vcpu, ulong ns, ulong delayBefore = 1, ulong delayAfter = 1)
    {
        using (FakeThread.With(runDelayNs: delayBefore)) side.Run(Programs.PutFentry, vcpu.Address);
        side.SlotOf(vcpu).user_ns -= ns;
        using (FakeThread.With(runDelayNs: delayAfter)) side.Run(Programs.LoadFentry, vcpu.Address);
    }

    // What a thread waited says nothing about how long the other one did.
    [KernelFact]
    public void The_waiting_of_another_thread_is_not_the_vcpu_s()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        using KernelSide side = Split(kernel);
        Begin(side, vcpu, 30 * Unit);
        using (FakeThread.With(runDelayNs: 5 * Unit)) side.Run(Programs.PutFentry, vcpu.Address);
        side.SlotOf(vcpu).user_ns -= 20 * Unit;
        Thread thread = new(() =>
        {
            using (FakeThread.With(runDelayNs: 9 * Unit)) side.Run(Programs.LoadFentry, vcpu.Address);
        });
        thread.Start();
        thread.Join();
        side.Entry(vcpu);
        TimeParts parts = PartsOf(side);
        Assert.Equal(0UL, parts[TimePart.Runq]);
        AssertUnits(20, parts[TimePart.Vmm]);
    }

    [KernelFact]
    public void The_guest_s_time_ends_with_its_exit()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        using KernelSide side = Split(kernel);
        Begin(side, vcpu, 30 * Unit);
        side.Entry(vcpu);
        side.SlotOf(vcpu).entry_ns -= 50 * Unit;
        Begin(side, vcpu, 30 * Unit);
        Assert.Equal(0UL, side.SlotOf(vcpu).entry_ns);
        // What follows is the exit's, and not the guest's.
        using (FakeThread.With()) side.Run(Programs.SchedOutFentry, vcpu.Address + KernelTypes.Notifier);
        side.SlotOf(vcpu).out_ns -= 20 * Unit;
        using (FakeThread.With()) side.Run(Programs.SchedInFentry, vcpu.Address + KernelTypes.Notifier);
        side.Entry(vcpu);
        Interval interval = side.ReadAll();
        AssertUnits(20, Assert.Single(interval.Rows).Parts!.Value[TimePart.Runq]);
        Assert.InRange(side.SlotOf(vcpu).guest_ns, 50 * Unit, 51 * Unit);
    }

    [KernelFact]
    public void A_preemption_of_the_guest_is_not_the_guest_s_time()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        using KernelSide side = Split(kernel);
        side.Exit(vcpu, Hlt);
        side.Entry(vcpu);
        side.SlotOf(vcpu).entry_ns -= 50 * Unit;
        using (FakeThread.With()) side.Run(Programs.SchedOutFentry, vcpu.Address + KernelTypes.Notifier);
        side.SlotOf(vcpu).out_ns -= 20 * Unit;
        using (FakeThread.With()) side.Run(Programs.SchedInFentry, vcpu.Address + KernelTypes.Notifier);
        side.Exit(vcpu, Hlt);
        AssertUnits(30, side.SlotOf(vcpu).guest_ns);
        side.Entry(vcpu);
        side.SlotOf(vcpu).entry_ns -= 7 * Unit;
        side.Exit(vcpu, Hlt);
        AssertUnits(37, side.SlotOf(vcpu).guest_ns);
    }

    [KernelFact]
    public void Only_what_was_polled_since_the_vcpu_was_seen_is_counted()
    {
        foreach (KernelKind kind in Enum.GetValues<KernelKind>())
        {
            using FakeKernel kernel = new(kind);
            FakeVcpu vcpu = kernel.NewVcpu(40);
            vcpu.PolledNs = 70 * Unit;
            vcpu.Field<ulong>(KernelTypes.PollFail) = 7 * Unit;
            using KernelSide side = Split(kernel);
            Begin(side, vcpu, 30 * Unit);
            vcpu.PolledNs = 72 * Unit;
            vcpu.Field<ulong>(KernelTypes.PollFail) = 8 * Unit;
            using (FakeThread.With(loaded: vcpu)) side.Run(Programs.VcpuWakeup);
            side.Entry(vcpu);
            Assert.Equal(3 * Unit, PartsOf(side)[TimePart.Poll]);
            // What is polled while the guest runs is no exit's; it is not counted with the next one either.
            vcpu.PolledNs = 75 * Unit;
            using (FakeThread.With(loaded: vcpu)) side.Run(Programs.VcpuWakeup);
            Begin(side, vcpu, 30 * Unit);
            using (FakeThread.With(loaded: vcpu)) side.Run(Programs.VcpuWakeup);
            side.Entry(vcpu);
            Assert.Equal(3 * Unit, PartsOf(side)[TimePart.Poll]);
        }
    }

    [KernelFact]
    public void An_exit_is_slow_by_the_part_that_was_chosen()
    {
        // 30 units each: 5 and 25 of them outside of KVM.
        foreach ((TimePart? part, ulong[] outside) in new (TimePart?, ulong[])[]
        {
            (null, [5, 25]), (TimePart.Kvm, [5]), (TimePart.Vmm, [25]), (TimePart.Halt, []),
        })
        {
            using FakeKernel kernel = new();
            FakeVcpu vcpu = kernel.NewVcpu(40);
            using KernelSide side = Side(kernel, new TraceOptions { WantSplit = true, SlowNs = 10 * Unit, SlowPart = part });
            foreach (ulong units in new ulong[] { 5, 25 })
            {
                Begin(side, vcpu, 30 * Unit);
                Away(side, vcpu, units * Unit);
                side.Entry(vcpu);
            }
            List<SlowExit> seen = [];
            side.Slow.Read(TimeSpan.Zero, seen.Add);
            Assert.Equal(outside, seen.Select(slow => slow.Parts!.Value[TimePart.Vmm] / Unit));
            Assert.All(seen, slow => Assert.Equal((40, 30UL), (slow.Vcpu, slow.DurationNs / Unit)));
        }
    }

    [KernelFact]
    public void Idle_time_makes_no_exit_slow_where_awake_time_counts()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        using KernelSide side = Side(kernel, new TraceOptions { WantSplit = true, SlowNs = 10 * Unit, SlowIsAwake = true });
        // 30 units each, 25 and then 15 of them polled, which KVM adds up.
        foreach (ulong polled in new ulong[] { 25, 40 })
        {
            Begin(side, vcpu, 30 * Unit);
            vcpu.PolledNs = polled * Unit;
            using (FakeThread.With(loaded: vcpu)) side.Run(Programs.VcpuWakeup);
            side.Entry(vcpu);
        }
        List<SlowExit> seen = [];
        side.Slow.Read(TimeSpan.Zero, seen.Add);
        Assert.Equal(15UL, Assert.Single(seen).Parts!.Value[TimePart.Poll] / Unit);
    }

    [KernelFact]
    public void A_round_has_the_handling_time_of_all_its_exits()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        using KernelSide side = Side(kernel, new TraceOptions { WantNested = true });
        for (int round = 1; round <= 2; round++)
        {
            // L2 exits, and L1 is entered: reflected. L1 exits twice, the second time to run L2 again.
            vcpu.IsInL2 = true;
            Begin(side, vcpu, 30 * Unit);
            vcpu.IsInL2 = false;
            side.Entry(vcpu);
            Begin(side, vcpu, 2 * Unit);
            side.Entry(vcpu);
            side.Exit(vcpu, Resume);
            side.SlotOf(vcpu).exit_ns -= 4 * Unit;
            vcpu.IsInL2 = true;
            side.Entry(vcpu);
            // This one is handled without L1.
            Begin(side, vcpu, 7 * Unit);
            side.Entry(vcpu);
        }
        ReflectedRounds rounds = Assert.Single(side.Read().Rows, row => row.Rounds is not null).Rounds!;
        Assert.Equal((2UL, 4UL, 2UL), (rounds.Reflected, rounds.L1Exits, rounds.Timed));
        AssertUnits(72, rounds.HandlingNs);
        AssertUnits(60, rounds.TotalNs);
    }
}
