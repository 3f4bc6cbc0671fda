using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Tracing;

using Programs = Kvmscope.Host.Bpf.BpfObject.Programs;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Which vCPU an event is of: its id, its level, its VM, its thread and process, and its end.</summary>
[Collection(KernelGroup.Name)]
public sealed class IdentityTests
{
    private const uint Hlt = 12;
    private static readonly TableSizes s_sizes = new(32, 400, 1);

    private static KernelSide Side(FakeKernel kernel, ExitFilter? filter = null, TableSizes? sizes = null, bool checkIdentity = false) =>
        new(new TraceOptions { Filter = filter ?? new() }, sizes ?? s_sizes, kernel: kernel, checkIdentity: checkIdentity);

    private static void OnAnotherThread(Action action)
    {
        Exception? thrown = null;
        Thread thread = new(() =>
        {
            try { action(); }
            catch (Exception e) { thrown = e; }
        });
        thread.Start();
        thread.Join();
        Assert.Null(thrown);
    }

    [KernelFact]
    public void Each_id_is_its_own_also_beyond_32_and_64()
    {
        int[] ids = [0, 8, 31, 32, 39, 40, 41, 62, 63, 64, 72, 104, 127, 4031, 4063, 4095, 4096, 8191];
        using FakeKernel kernel = new();
        using KernelSide all = Side(kernel), some = Side(kernel, new() { VcpuIds = [40, 63, 64, 4095] });
        foreach (int id in ids)
        {
            FakeVcpu vcpu = kernel.NewVcpu(id);
            all.Exit(vcpu, Hlt);
            some.Exit(vcpu, Hlt);
            all.Entry(vcpu);
            some.Entry(vcpu);
        }
        Assert.Equal(ids, all.Read().Rows.Select(row => row.Key.Vcpu).Order());
        (IReadOnlyList<Row> rows, Accounting accounting) = some.Read();
        Assert.Equal([40, 63, 64, 4095], rows.Select(row => row.Key.Vcpu).Order());
        Assert.Equal((4UL, 4UL, 0UL), (accounting.Exits, accounting.Entries, accounting.UnpairedEntries));
    }

    [KernelFact]
    public void The_level_is_what_each_kernel_says()
    {
        foreach (KernelKind kind in Enum.GetValues<KernelKind>())
        {
            using FakeKernel kernel = new(kind);
            FakeVcpu vcpu = kernel.NewVcpu(3);
            using KernelSide both = Side(kernel), l2 = Side(kernel, new() { Level = ExitLevel.L2 });
            // All that is not the level is set too.
            vcpu.Field<uint>(KernelTypes.Hflags) = ~(1u << 5);
            Exits(both, l2, 2);
            vcpu.IsInL2 = true;
            Exits(both, l2, 3);
            Assert.Equal(
                [(ExitLevel.L1, 2UL), (ExitLevel.L2, 3UL)], both.Read().Rows.Select(row => (row.Key.Level, row.Count)).Order());
            Assert.Equal([(ExitLevel.L2, 3UL)], l2.Read().Rows.Select(row => (row.Key.Level, row.Count)));

            void Exits(KernelSide first, KernelSide second, int count)
            {
                for (int i = 0; i < count; i++)
                {
                    first.Exit(vcpu, Hlt);
                    second.Exit(vcpu, Hlt);
                    first.Entry(vcpu);
                    second.Entry(vcpu);
                }
            }
        }
    }

    [KernelFact]
    public void The_slots_of_vcpus_that_are_destroyed_are_freed()
    {
        const int Generations = 6;
        using FakeKernel kernel = new();
        FakeVcpu first = kernel.NewVcpu(0), second = kernel.NewVcpu(40, first.Vm);
        using KernelSide side = Side(kernel, sizes: new TableSizes(2, 8, 1));
        for (int generation = 0; generation < Generations; generation++)
        {
            foreach (FakeVcpu vcpu in new[] { first, second })
            {
                side.Exit(vcpu, Hlt);
                int number = side.NumberOf(vcpu);
                side.Run(Programs.DestroyFentry, vcpu.Address);
                Assert.Equal((0UL, 1u), (side.Slots[number].vcpu, side.Slots[number].ended));
            }
            side.Sweeper.Sweep();
            if (side.Sweeper.Sweep()) side.Control.free_round++;
        }
        (IReadOnlyList<Row> rows, Accounting accounting) = side.Read();
        // Each is another VM's: KVM destroys no vCPU before its VM.
        Assert.Equal([(0, Generations), (40, Generations)], rows.CountBy(row => row.Key.Vcpu).Select(sum => (sum.Key, sum.Value)).Order());
        Assert.All(rows, row => Assert.Equal(1UL, row.Count));
        Assert.Equal((0UL, 0UL, 0UL), (accounting.DroppedVcpus, accounting.DroppedExits, accounting.Open));
    }

    [KernelFact]
    public void A_vcpu_that_found_no_slot_is_another_after_its_end()
    {
        using FakeKernel kernel = new();
        FakeVcpu first = kernel.NewVcpu(0), second = kernel.NewVcpu(1);
        using KernelSide side = Side(kernel, sizes: new TableSizes(1, 8, 1));
        side.Exit(first, Hlt);
        for (int i = 0; i < 3; i++) side.Exit(second, Hlt);
        Assert.Equal((1UL, 3UL), (side.Read().Accounting.DroppedVcpus, side.Read().Accounting.DroppedExits));
        side.Run(Programs.DestroyFentry, second.Address);
        side.Exit(second, Hlt);
        Assert.Equal((2UL, 4UL), (side.Read().Accounting.DroppedVcpus, side.Read().Accounting.DroppedExits));
    }

    [KernelFact]
    public void Another_VM_at_the_address_is_another_vcpu_where_no_hook_tells_the_end()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(7);
        using KernelSide side = Side(kernel, checkIdentity: true);
        side.Exit(vcpu, Hlt);
        int before = side.NumberOf(vcpu);
        side.HintAt(vcpu);
        vcpu.Vm = kernel.NewVm();
        // The entry is not the end of the other vCPU's exit.
        side.Entry(vcpu);
        Accounting accounting = side.Read().Accounting;
        Assert.Equal((1UL, 0UL, 0UL), (accounting.Open, accounting.Entries, accounting.UnpairedExits));
        side.Exit(vcpu, Hlt);
        Assert.NotEqual(before, side.NumberOf(vcpu));
        Assert.Equal((0UL, 1u), (side.Slots[before].vcpu, side.Slots[before].ended));
        side.Entry(vcpu);
        accounting = side.Read().Accounting;
        Assert.Equal((2UL, 1UL, 0UL, 0UL), (accounting.Exits, accounting.Entries, accounting.UnpairedExits, accounting.UnpairedEntries));
    }

    [KernelFact]
    public void Another_thread_of_the_process_goes_on_with_the_vcpu()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(7);
        using KernelSide side = Side(kernel, checkIdentity: true);
        side.Exit(vcpu, Hlt);
        int number = side.NumberOf(vcpu);
        uint first = side.Slots[number].tid, second = 0;
        side.HintAt(vcpu);
        Assert.Equal((uint)Interop.Libc.syscall3(Interop.SystemCall.gettid, 0, 0, 0), first);
        OnAnotherThread(() =>
        {
            side.Entry(vcpu);
            second = (uint)Interop.Libc.syscall3(Interop.SystemCall.gettid, 0, 0, 0);
        });
        Assert.Equal((number, second, (uint)Environment.ProcessId), (side.NumberOf(vcpu), side.Slots[number].tid, side.Slots[number].tgid));
        Assert.NotEqual(first, second);
        Assert.Equal((1UL, 1UL, 0UL), (side.Read().Accounting.Exits, side.Read().Accounting.Entries, side.Read().Accounting.Open));
    }

    // What is at the address is of another process, or has another id; the thread differs in any case, so that the slot is looked up.
    [KernelFact]
    public void Another_process_or_id_at_the_address_is_another_vcpu()
    {
        using FakeKernel kernel = new();
        FakeVcpu process = kernel.NewVcpu(7), id = kernel.NewVcpu(8), same = kernel.NewVcpu(9);
        using KernelSide side = Side(kernel, checkIdentity: true);
        foreach (FakeVcpu vcpu in new[] { process, id, same }) side.Exit(vcpu, Hlt);
        int ofProcess = side.NumberOf(process), ofId = side.NumberOf(id), ofSame = side.NumberOf(same);
        foreach (int number in new[] { ofProcess, ofId, ofSame }) side.Slots[number].tid = 1;
        side.Slots[ofProcess].tgid = 1;
        id.Id = 40;
        foreach (FakeVcpu vcpu in new[] { process, id, same }) side.Exit(vcpu, Hlt);
        Assert.Equal(ofSame, side.NumberOf(same));
        foreach ((FakeVcpu vcpu, int before) in new[] { (process, ofProcess), (id, ofId) })
        {
            Assert.NotEqual(before, side.NumberOf(vcpu));
            Assert.Equal((0UL, 1u), (side.Slots[before].vcpu, side.Slots[before].ended));
        }
        Assert.Equal((uint)Environment.ProcessId, side.SlotOf(process).tgid);
        Assert.Equal((40u, 8u), (side.SlotOf(id).vcpu_id, side.Slots[ofId].vcpu_id));
    }

    [KernelFact]
    public void Where_a_hook_tells_the_end_the_address_is_enough()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(7);
        using KernelSide side = Side(kernel);
        side.Exit(vcpu, Hlt);
        int number = side.NumberOf(vcpu);
        side.HintAt(vcpu);
        OnAnotherThread(() => side.Entry(vcpu));
        Assert.Equal(1UL, side.Read().Accounting.Entries);
        side.Run(Programs.DestroyFentry, vcpu.Address);
        side.Exit(vcpu, Hlt);
        Assert.NotEqual(number, side.NumberOf(vcpu));
    }
}
