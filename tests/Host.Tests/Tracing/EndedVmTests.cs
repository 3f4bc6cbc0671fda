using CsCheck;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>VMs that come and go: nothing of them stays in memory longer than it is needed, and no exit is lost.</summary>
public sealed class EndedVmTests
{
    private static ulong Exits(Interval interval) => interval.Changes.Aggregate(0UL, (sum, row) => sum + row.Count);

    private static ulong Exits(Interval interval, string name) =>
        interval.Changes.Where(row => interval.VmOf(row.Key)!.Name == name).Aggregate(0UL, (sum, row) => sum + row.Count);

    // Starts, runs and ends a VM, and gives its slot back.
    private static void ComeAndGo(SimulatedHost host, string name, int exits = 1, int reasons = 1, int vcpus = 1)
    {
        SimulatedHost.Vm vm = host.Start(name, vcpus);
        host.Run(vm, exits, reasons);
        host.Sweep();
        host.End(vm);
        host.Sweep();
        host.Sweep();
    }

    [Fact]
    public void What_a_VM_left_behind_is_in_the_interval_in_which_it_ended_and_then_gone()
    {
        using SimulatedHost host = new(8, new TraceOptions { Finest = Grouping.Vm });
        (int, int) all = host.Free;
        SimulatedHost.Vm stays = host.Start("stays");
        SimulatedHost.Vm? last = null;
        for (int i = 0; i < 2000; i++)
        {
            if (last is not null) host.End(last);
            last = host.Start($"vm{i}");
            host.Run(last, 3, 2);
            host.Run(stays, 1, 1);
            host.Sweep();
            Interval interval = host.Read(Grouping.Vm);
            Assert.Equal((7UL, 7UL), (Exits(interval), interval.Accounting.Exits));
            // The one before it has ended in this interval.
            string[] there = i == 0 ? ["stays", "vm0"] : ["stays", $"vm{i - 1}", $"vm{i}"];
            Assert.Equal(there, interval.Vms.Select(vm => vm.Name));
            Assert.Equal(2, interval.Changes.Select(row => row.Key.Vm).Distinct().Count());
            // This one, the two before it whose slots are not back yet, and the one that stays.
            Assert.InRange(host.Vms.Known.Vms, 1, 4);
            Assert.InRange(host.Vms.Known.Processes, 1, 4);
            Assert.Equal(0, host.Reader.EndedRows);
        }
        host.End(last!);
        host.End(stays);
        host.Sweep();
        host.Sweep();
        Assert.Equal(((0, 0), 2001, all), (host.Vms.Known, host.Forgotten, host.Free));
        Assert.Empty(host.Read(Grouping.Vm).Changes);
    }

    [Fact]
    public void Without_a_reading_VMs_of_one_name_are_one()
    {
        using SimulatedHost host = new(8, new TraceOptions());
        for (int i = 0; i < 3000; i++)
        {
            ComeAndGo(host, $"vm{i % 3}", exits: 2, reasons: 4, vcpus: 2);
            Assert.InRange(host.Reader.EndedRows, 1, 3 * 4 * 2);
        }
        Interval all = host.Read(Grouping.Vcpu);
        Assert.Equal((48_000UL, 0UL, 24), (Exits(all), all.Accounting.MergedVms, all.Changes.Count));
        for (int name = 0; name < 3; name++) Assert.Equal(16_000UL, Exits(all, $"vm{name}"));
        Assert.All(all.Vms, vm => Assert.Null(vm.OnlyPid));
        Assert.Equal(host.Made.Ns, all.Changes.Aggregate(0UL, (sum, row) => sum + row.TotalNs));
    }

    [Fact]
    public void Beyond_the_limit_those_that_ended_are_together_and_counted()
    {
        using SimulatedHost host = new(8, new TraceOptions());
        const int Reasons = 4, Kept = EndedVms.MostRows / Reasons, Beyond = 500;
        for (int i = 0; i < Kept + Beyond; i++) ComeAndGo(host, $"vm{i}", exits: 2, Reasons);
        // A name that has rows goes on with them.
        ComeAndGo(host, "vm0", exits: 5, Reasons);
        Assert.Equal(EndedVms.MostRows + Reasons, host.Reader.EndedRows);
        Interval all = host.Read(Grouping.Vcpu);
        Assert.Equal((ulong)Beyond, all.Accounting.MergedVms);
        Assert.Equal((Beyond * 2 * Reasons, 28UL), ((int)Exits(all, EndedVms.Rest), Exits(all, "vm0")));
        Assert.Equal(host.Made, (Exits(all), all.Changes.Aggregate(0UL, (sum, row) => sum + row.TotalNs)));
        Assert.All(all.Changes.Where(row => all.VmOf(row.Key)!.Name == EndedVms.Rest), row => Assert.Null(row.Key.VcpuId));
        // There is room again.
        ComeAndGo(host, "later");
        Interval next = host.Read(Grouping.Vcpu);
        Assert.Equal((0UL, 1UL, 1UL), (next.Accounting.MergedVms, Exits(next), Exits(next, "later")));
    }

    [Fact]
    public void An_answer_for_the_whole_host_keeps_no_VM_apart()
    {
        using SimulatedHost host = new(8, new TraceOptions { Finest = Grouping.Host });
        for (int i = 0; i < 3000; i++) ComeAndGo(host, $"vm{i}", exits: 2, reasons: 3);
        Assert.Equal(3, host.Reader.EndedRows);
        Interval all = host.Read(Grouping.Host);
        Assert.Equal((18_000UL, 0UL, 3, 0), (Exits(all), all.Accounting.MergedVms, all.Changes.Count, all.Vms.Count));
    }

    [Fact]
    public void A_VM_that_an_interval_has_shown_keeps_its_name_and_number_to_its_end()
    {
        using SimulatedHost host = new(8, new TraceOptions { Finest = Grouping.Vm });
        SimulatedHost.Vm[] same = [host.Start("web"), host.Start("web")];
        foreach (SimulatedHost.Vm vm in same) host.Run(vm, 1, 1);
        Interval before = host.Read(Grouping.Vm);
        foreach (SimulatedHost.Vm vm in same) host.Run(vm, 10, 1);
        foreach (SimulatedHost.Vm vm in same) host.End(vm);
        host.Sweep();
        host.Sweep();
        ComeAndGo(host, "web", exits: 4);
        ComeAndGo(host, "web", exits: 5);
        Interval after = host.Read(Grouping.Vm);
        // The first two as they were, and the two that nobody has seen as one.
        Assert.Equal([1UL, 1UL], before.Changes.Select(row => row.Count));
        Assert.Equal([9UL, 10UL, 10UL], after.Changes.Select(row => row.Count).Order());
        foreach (VmIdentity vm in before.Vms) Assert.Equal(10UL, after.Changes.Single(row => row.Key.Vm == vm.Ordinal).Count);
    }

    [Fact]
    public void Intervals_add_up_to_what_was_made_whatever_VMs_come_and_go() =>
        Gen.Int[0, 7].Array[1, 120].Sample(steps =>
    {
        // The same host twice: read after some steps, and only at the end.
        using SimulatedHost often = new(64, new TraceOptions()), once = new(64, new TraceOptions());
        IntervalSum sum = new(Grouping.Vcpu);
        List<(SimulatedHost.Vm A, SimulatedHost.Vm B)> running = [];
        Dictionary<string, ulong> made = [];
        int started = 0;
        foreach (int step in steps)
        {
            switch (step)
            {
                case 0 or 1 when running.Count < 20:
                    string name = $"vm{started++ % 5}";
                    running.Add((often.Start(name, 1 + step), once.Start(name, 1 + step)));
                    break;
                case 2 or 3 or 4 when running.Count > 0:
                    (SimulatedHost.Vm a, SimulatedHost.Vm b) = running[started % running.Count];
                    often.Run(a, step, step);
                    once.Run(b, step, step);
                    made[a.Name] = made.GetValueOrDefault(a.Name) + (ulong)(step * step * a.Slots.Length);
                    break;
                case 5 when running.Count > 0:
                    // Their names are known before they end: a sweep has seen them.
                    often.Sweep();
                    once.Sweep();
                    often.End(running[0].A);
                    once.End(running[0].B);
                    running.RemoveAt(0);
                    break;
                case 6:
                    often.Sweep();
                    once.Sweep();
                    break;
                case 7:
                    sum.Add(often.Read(Grouping.Vcpu));
                    break;
            }
        }
        sum.Add(often.Read(Grouping.Vcpu));
        Interval added = sum.ToInterval(), whole = once.Read(Grouping.Vcpu);
        foreach (Interval all in (Interval[])[added, whole])
        {
            Assert.Equal(often.Made, (Exits(all), all.Changes.Aggregate(0UL, (ns, row) => ns + row.TotalNs)));
            Assert.Equal(often.Made.Exits, all.Accounting.Exits);
            foreach ((string name, ulong exits) in made) Assert.Equal(exits, Exits(all, name));
            foreach (Row row in all.Changes) Assert.Equal(row.Timed, row.Bins.Count);
        }
    }, iter: 300);

    [Fact]
    public void VMs_one_after_another_in_one_process_at_one_address_are_two()
    {
        using SimulatedHost host = new(8, new TraceOptions());
        SimulatedHost.Vm first = host.Start("vmm", vcpus: 2);
        host.Run(first, 3, 1);
        host.Sweep();
        host.Destroy(first);
        // Between two sweeps; in slots after those of the first, and before them.
        SimulatedHost.Vm second = host.Start("vmm", vcpus: 2, first.Pid, first.Address);
        host.Run(second, 5, 1);
        for (int i = 0; i < 3; i++) host.Sweep();
        host.Destroy(second);
        SimulatedHost.Vm third = host.Start("vmm", vcpus: 1, first.Pid, first.Address);
        host.Run(third, 7, 1);
        Interval interval = host.Read(Grouping.Vm);
        Assert.Equal([("vmm", 6UL), ("vmm#2", 10UL), ("vmm#3", 7UL)],
            interval.Changes.Select(row => (interval.VmOf(row.Key)!.Name, row.Count)).Order());
        for (int i = 0; i < 3; i++) host.Sweep();
        Assert.Equal((1, 1), host.Vms.Known);
    }

    [Fact]
    public void VMs_one_after_another_that_were_never_looked_at_are_numbered_as_they_were_made()
    {
        using SimulatedHost host = new(8, new TraceOptions());
        // Then the last slot is the first that is free.
        SimulatedHost.Vm others = host.Start("others", vcpus: 7), last = host.Start("last");
        host.Sweep();
        foreach (SimulatedHost.Vm vm in (SimulatedHost.Vm[])[last, others])
        {
            host.End(vm);
            host.Sweep();
            host.Sweep();
        }
        SimulatedHost.Vm[] turns = new SimulatedHost.Vm[4];
        for (int i = 0; i < turns.Length; i++)
        {
            turns[i] = host.Start("turn", 1, 77, 0x10);
            host.Run(turns[i], 1 + i, 1);
            host.Destroy(turns[i]);
        }
        Interval interval = host.Read(Grouping.Vm);
        Assert.Equal([("turn", 1UL), ("turn#2", 2UL), ("turn#3", 3UL), ("turn#4", 4UL)],
            interval.Changes.Select(row => (interval.VmOf(row.Key)!.Name, row.Count)).Order());
    }
}
