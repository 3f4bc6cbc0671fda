using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Guests.Kvm;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>vCPUs that make no exit: their wall clocks are there, from the begin of the trace or from their creation.</summary>
[Collection(KernelGroup.Name)]
public sealed class KnownVcpuTests
{
    private static readonly HostView s_host = new(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, Isa.Svm);

    private static TraceSession Start(ExitFilter? filter = null, int maxVcpus = 8)
    {
        TraceOptions options = new() { WantSplit = true, Filter = filter ?? new() };
        return TraceSession.Start(options, TableSizes.For(maxVcpus, 2, 0, options), s_host);
    }

    private static VcpuTime[] Own(Interval interval) =>
        [.. interval.Times.Where(time => interval.VmOf(time.Key)!.Pid == Environment.ProcessId).OrderBy(time => time.Key.Vm)
            .ThenBy(time => time.Key.Vcpu)];

    [KernelKvmFact]
    public void A_vcpu_that_does_not_run_has_its_wall_clock_from_the_begin_of_the_trace()
    {
        using KvmDevice device = KvmDevice.Open();
        using KvmVm vm = device.CreateVm();
        using KvmVcpu first = vm.CreateVcpu(0), second = vm.CreateVcpu(5);
        using TraceSession session = Start();
        Interval interval = session.Read(Grouping.Vcpu);
        VcpuTime[] times = Own(interval);
        Assert.Equal([0, 5], times.Select(time => time.Key.Vcpu));
        ulong least = (ulong)(interval.ToNs - session.SinceNs!.Value), most = (ulong)(MonotonicClock.NowNs() - session.SinceNs!.Value);
        // Where the hooks that tell when it leaves user space cannot be attached, what it does is not known.
        TimePart part = interval.Missing.Any(m => m.Part == TimePart.Vmm) ? TimePart.Unattributed : TimePart.Vmm;
        Assert.All(times, time =>
        {
            Assert.InRange(time.WallNs, least, most);
            Assert.Equal((time.WallNs, time.WallNs), (time.Parts.Sum, time.Parts[part]));
            Assert.Equal("vm", interval.VmOf(time.Key)!.Name);
        });
        Assert.Equal(0UL, interval.Accounting.Exits + interval.Accounting.Open + interval.Accounting.DroppedExits);
        Assert.Equal(2, Own(session.Read(Grouping.Vcpu)).Length);
    }

    [KernelKvmFact]
    public void A_vcpu_that_does_not_run_is_in_its_VMM()
    {
        using KvmDevice device = KvmDevice.Open();
        using KvmVm vm = device.CreateVm();
        using KvmVcpu vcpu = vm.CreateVcpu(3);
        using KernelSide side = new(new TraceOptions { WantSplit = true });
        ulong since = (ulong)MonotonicClock.NowNs();
        side.MeetVcpus(since);
        VcpuTime time = Assert.Single(Own(side.ReadInterval()));
        Assert.Equal((3, time.WallNs), (time.Key.Vcpu, time.Parts[TimePart.Vmm]));
        Assert.InRange(time.WallNs, 1UL, (ulong)MonotonicClock.NowNs() - since);
        // Once more: it has its slot.
        side.MeetVcpus(since);
        time = Assert.Single(Own(side.ReadInterval()));
        Assert.Equal(time.WallNs, time.Parts[TimePart.Vmm]);
    }

    [KernelKvmFact]
    public void Only_the_vcpus_that_are_traced_are_there()
    {
        using KvmDevice device = KvmDevice.Open();
        using KvmVm vm = device.CreateVm();
        // The set of ids is of words of 64.
        using KvmVcpu first = vm.CreateVcpu(0), second = vm.CreateVcpu(1), third = vm.CreateVcpu(65);
        using TraceSession other = Start(new ExitFilter { Pids = [1] }),
            one = Start(new ExitFilter { Pids = [Environment.ProcessId], VcpuIds = [1] }), last = Start(new ExitFilter { VcpuIds = [65] });
        foreach (KvmVcpu vcpu in new[] { first, second, third }) vcpu.GetSpecialRegisters();
        Assert.Empty(other.Read(Grouping.Vcpu).Times);
        Assert.Equal(1, Assert.Single(Own(one.Read(Grouping.Vcpu))).Key.Vcpu);
        Assert.Equal(65, Assert.Single(Own(last.Read(Grouping.Vcpu))).Key.Vcpu);
    }

    [KernelKvmFact]
    public void A_vcpu_without_a_slot_is_counted_once_and_is_no_exit()
    {
        using KvmDevice device = KvmDevice.Open();
        using KvmVm vm = device.CreateVm();
        using KvmVcpu first = vm.CreateVcpu(0), second = vm.CreateVcpu(1), third = vm.CreateVcpu(2);
        using TraceSession session = Start(new ExitFilter { Pids = [Environment.ProcessId] }, maxVcpus: 1);
        foreach (KvmVcpu vcpu in new[] { first, second, third }) vcpu.GetSpecialRegisters();
        Interval interval = session.Read(Grouping.Vcpu);
        Assert.Single(interval.Times);
        Assert.Equal((2UL, 0UL), (interval.Accounting.DroppedVcpus, interval.Accounting.DroppedExits));
    }

    private static HostView Host(Func<int, bool> isAlive, params VirtualMachine[] machines) =>
        new(pid => VmDirectoryTests.Named($"vm-{pid}"), isAlive, _ => true, Isa.Svm) { Machines = machines };

    private static VirtualMachine Machine(int pid, int vms, params int[] vcpus) => new(pid, "vm", "qemu", vms, [.. vcpus]);

    private static IEnumerable<(string Vm, int Vcpu)> Vcpus(Interval interval) =>
        interval.Vcpus.Select(key => (interval.VmOf(key)?.Name ?? "?", key.Vcpu)).Order();

    [KernelFact]
    public void Without_the_split_vcpus_that_make_no_exit_are_there_too()
    {
        int own = Environment.ProcessId, other = 1 << 23;
        (string, int)[] vcpus = [($"vm-{other}", 0), ($"vm-{own}", 0), ($"vm-{own}", 3)], vms = [($"vm-{other}", -1), ($"vm-{own}", -1)];
        // It is not known which of two VMs has which vCPU.
        using KernelSide side = new(host: Host(_ => true, Machine(own, 1, 0, 3), Machine(other, 1, 0), Machine(other + 1, 2, 0)));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(vcpus.Order(), Vcpus(side.ReadInterval()));
            Assert.Equal(vms.Order(), Vcpus(side.ReadInterval(Grouping.Vm)));
            Assert.Empty(side.ReadInterval(Grouping.Host).Vcpus);
            // The first event of one of them: it is the same VM.
            if (i == 1) side.Exit(1, 30);
        }
        Assert.Empty(side.ReadInterval().VcpuStates);
    }

    [KernelFact]
    public void Vcpus_that_are_not_traced_are_not_there()
    {
        TraceOptions options = new() { Filter = new ExitFilter { Pids = [1 << 23], VcpuIds = [2, 3] } };
        using KernelSide side = new(options, host: Host(_ => true, Machine(1 << 23, 1, 0, 2), Machine((1 << 23) + 1, 1, 2)));
        Assert.Equal([($"vm-{1 << 23}", 2)], Vcpus(side.ReadInterval()));
    }

    [KernelFact]
    public void A_silent_VM_that_ended_is_in_no_later_interval()
    {
        const int pid = 1 << 23;
        bool lives = true;
        using KernelSide side = new(host: Host(_ => lives, Machine(pid, 1, 0, 1)));
        VmIdentity vm = Assert.Single(side.ReadInterval(Grouping.Vm).Vms);
        lives = false;
        Assert.Equal([($"vm-{pid}", 0), ($"vm-{pid}", 1)], Vcpus(side.ReadInterval()));
        Assert.Empty(side.ReadInterval().Vcpus);
        // Another process that has its number is another VM.
        side.Sweeper.Sweep();
        Assert.NotEqual(vm.Ordinal, side.Vms.Of(pid, 7).Ordinal);
        Assert.Equal($"vm-{pid}", side.Vms.Of(pid, 7).Name);
    }

    [KernelFact]
    public void A_vcpu_without_further_exits_is_there_until_it_ends()
    {
        using KernelSide side = new(host: Host(_ => true));
        side.Exit(1, 30);
        side.Entry(1);
        for (int i = 0; i < 3; i++) Assert.Equal([($"vm-{Environment.ProcessId}", 0)], Vcpus(side.ReadInterval()));
        side.Forget(1);
        Assert.Single(side.ReadInterval().Vcpus);
        // Its slot is not free yet.
        Assert.Empty(side.ReadInterval().Vcpus);
        side.Sweeper.Sweep();
        side.Sweeper.Sweep();
        Assert.Empty(side.ReadInterval().Vcpus);
    }

    [KernelFact]
    public void A_vcpu_that_ended_between_two_readings_was_there()
    {
        using KernelSide side = new(host: Host(_ => true));
        side.Exit(1, 30);
        side.Entry(1);
        side.End(1);
        Assert.Equal([($"vm-{Environment.ProcessId}", -1)], Vcpus(side.ReadInterval(Grouping.Vm)));
        Assert.Empty(side.ReadInterval().Vcpus);
    }

    [KernelFact]
    public void Without_a_hook_that_sees_it_the_sweeper_sees_its_end()
    {
        bool lives = true;
        using KernelSide side = new(host: Host(_ => lives));
        side.Exit(1, 30);
        side.Entry(1);
        lives = false;
        side.Sweeper.Sweep();
        Assert.Single(side.ReadInterval().Vcpus);
        side.Sweeper.Sweep();
        Assert.Empty(side.ReadInterval().Vcpus);
    }
}
