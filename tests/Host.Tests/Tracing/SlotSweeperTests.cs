using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Frees the slots of vCPUs that ended, with real maps.</summary>
[Collection(KernelGroup.Name)]
public sealed class SlotSweeperTests
{
    private static void Events(KernelSide side, ulong vcpu, int count)
    {
        for (int i = 0; i < count; i++)
        {
            side.Exit(vcpu, 1);
            side.Entry(vcpu);
        }
    }

    [KernelFact]
    public void A_vcpu_that_ended_keeps_its_rows_and_its_slot_and_cells_are_freed()
    {
        using KernelSide side = new(sizes: new TableSizes(2, 4, 1));
        Events(side, 1, 3);
        Events(side, 2, 4);
        side.Exit(2, 9);
        side.Exit(3, 1); // it has no slot
        (IReadOnlyList<Row> _, Accounting full) = side.Read(Grouping.Host);
        Assert.Equal((8UL, 1UL, 1UL), (full.Exits, full.DroppedVcpus, full.DroppedExits));
        side.Forget(1);
        side.Forget(2);

        Assert.False(side.Sweeper.Sweep());
        Assert.Equal(8UL, side.Read(Grouping.Host).Accounting.Exits);
        Assert.True(side.Sweeper.Sweep());
        side.Control.free_round++;
        (IReadOnlyList<Row> rows, Accounting trust) = side.Read(Grouping.Host);
        Assert.Equal([(1UL, 7UL, 7UL), (9UL, 1UL, 0UL)], rows.Select(r => (r.Key.Code.Code, r.Count, r.Timed)).Order());
        full = full with { Open = 0, FinalExits = 1 };
        Assert.Equal(full, trust);
        Assert.False(side.Sweeper.Sweep());

        // Everything that was freed can be taken again, also by the vCPU that found no slot.
        for (uint code = 20; code < 22; code++)
        {
            side.Exit(3, code);
            side.Exit(4, code);
        }
        Assert.Equal(full with { Exits = 12, Entries = full.Entries, UnpairedExits = 2, Open = 2 }, side.Read(Grouping.Host).Accounting);
        side.Exit(4, 30);
        Assert.Equal(1UL, side.Read(Grouping.Host).Accounting.DroppedCells);
    }

    [KernelFact]
    public void Rows_of_many_generations_add_up_at_every_grouping()
    {
        using KernelSide side = new(sizes: new TableSizes(2, 8, 1));
        for (ulong vcpu = 1; vcpu <= 20; vcpu++)
        {
            Events(side, vcpu, 5);
            side.Forget(vcpu);
            side.Sweeper.Sweep();
            side.Sweeper.Sweep();
            foreach (Grouping grouping in Enum.GetValues<Grouping>())
            {
                (IReadOnlyList<Row> rows, Accounting trust) = side.Read(grouping);
                // KVM destroys no vCPU before its VM, so each of them was another VM's.
                Assert.Equal(grouping == Grouping.Host ? 1 : (int)vcpu, rows.Count);
                ulong count = 0, timed = 0;
                foreach (Row row in rows) (count, timed) = (count + row.Count, timed + row.Timed);
                Assert.Equal((5 * vcpu, 5 * vcpu, 5 * vcpu), (count, timed, trust.Exits));
                Assert.All(rows, row => Assert.Equal(row.Timed, row.Bins.Count));
            }
        }
        Assert.Equal(0UL, side.Read().Accounting.DroppedExits);
    }

    [KernelFact]
    public void A_vm_whose_process_ended_unseen_is_called_as_the_kernel_called_the_process()
    {
        using KernelSide side = new(host: new HostView(_ => null, _ => false, _ => true, Isa.Svm));
        Events(side, 1, 3);
        // The programs run in a thread of this process, whose own name is another.
        Assert.Equal($"{File.ReadAllText("/proc/self/comm").TrimEnd()}-{Environment.ProcessId}", Vm(side).Name);
    }

    [KernelFact]
    public void A_process_that_died_unseen_keeps_its_identity_until_its_slots_are_freed()
    {
        bool alive = true;
        string? name = "web";
        using KernelSide side = new(host: new HostView(_ => VmDirectoryTests.Named(name), _ => alive, _ => true, Isa.Svm));
        Events(side, 1, 3);
        VmIdentity first = Vm(side);
        Assert.Equal("web", first.Name);
        alive = false;
        name = null;
        for (int sweep = 0; sweep < 3; sweep++)
        {
            side.Sweeper.Sweep();
            Row row = Assert.Single(side.Read(Grouping.Vm).Rows);
            Assert.Equal((first.Ordinal, 3UL), (row.Key.Vm, row.Count));
        }
        alive = true;
        name = "db";
        Events(side, 1, 2);
        Assert.Equal(
            [(first.Ordinal, "web", 3UL), (first.Ordinal + 1, "db", 2UL)],
            Named(side));
    }

    [KernelFact]
    public void A_process_whose_vcpus_ended_is_forgotten_when_it_has_ended_too()
    {
        bool alive = true;
        using KernelSide side = new(host: new HostView(_ => VmDirectoryTests.Named("web"), _ => alive, _ => true, Isa.Svm));
        Events(side, 1, 3);
        side.Forget(1);
        side.Sweeper.Sweep();
        side.Sweeper.Sweep();
        Events(side, 2, 1); // of another VM of the process, which is still alive
        Assert.Equal([("web", 3UL), ("web#2", 1UL)], Named(side).Select(vm => (vm.Name, vm.Count)).Order());
        side.Forget(2);
        side.Sweeper.Sweep();
        alive = false;
        side.Sweeper.Sweep();
        alive = true;
        Events(side, 3, 2);
        Assert.Equal(
            [(1, "web", 3UL), (2, "web#2", 1UL), (3, "web", 2UL)], Named(side));
    }

    [KernelFact]
    public void Slots_of_a_process_without_vcpus_are_freed_only_when_slots_are_scarce()
    {
        using KernelSide side = new(
            sizes: new TableSizes(8, 100, 1), host: new HostView(_ => VmDirectoryTests.Named("vm"), _ => true, _ => false, Isa.Svm));
        for (ulong vcpu = 1; vcpu <= 4; vcpu++) Events(side, vcpu, 1);
        side.Sweeper.Sweep();
        Assert.False(side.Sweeper.Sweep());
        for (ulong vcpu = 5; vcpu <= 8; vcpu++) Events(side, vcpu, 1);
        side.Sweeper.Sweep();
        Assert.True(side.Sweeper.Sweep());
        Assert.Equal(8UL, side.Read().Accounting.Exits);
    }

    [KernelFact]
    public void Counters_of_a_vcpu_that_ended_are_in_the_next_reading_only()
    {
        using KernelSide side = new(
            new TraceOptions { WantSplit = true }, new TableSizes(2, 8, 1),
            new HostView(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, Isa.Svm));
        Events(side, 1, 3);
        Assert.Equal(3UL, Assert.Single(side.ReadInterval().Rows).Count);
        Events(side, 1, 4);
        side.Forget(1);
        side.Sweeper.Sweep();
        side.Sweeper.Sweep();
        Interval last = side.ReadInterval();
        Row row = Assert.Single(last.Rows);
        Assert.Equal((4UL, 4UL, 4UL, 0), (row.Count, row.Timed, row.Bins.Count, last.RestartedRows));
        Assert.Equal("vm", last.VmOf(row.Key)!.Name);
        Interval after = side.ReadInterval();
        Assert.Empty(after.Changes);
        Assert.Empty(after.TimeChanges);
        // The cell has another owner now: its counters begin at zero, and no difference to the old counters is made.
        Events(side, 2, 2);
        Interval next = side.ReadInterval();
        Assert.Equal((2UL, 0), (Assert.Single(next.Rows).Count, next.RestartedRows));
    }

    private static VmIdentity Vm(KernelSide side)
    {
        Interval all = side.ReadAll(Grouping.Vm);
        return all.VmOf(Assert.Single(all.Rows).Key)!;
    }

    private static IEnumerable<(int Ordinal, string Name, ulong Count)> Named(KernelSide side)
    {
        Interval all = side.ReadAll(Grouping.Vm);
        return all.Rows.Select(r => (r.Key.Vm, all.VmOf(r.Key)!.Name, r.Count)).Order();
    }
}
