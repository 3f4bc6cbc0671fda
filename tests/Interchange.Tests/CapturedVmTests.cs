using Kvmscope.Core.Captures;
using Kvmscope.Core.Model;

namespace Kvmscope.Interchange.Tests;

/// <summary>Which VM and vCPU the events of a thread belong to, and what they are called.</summary>
public sealed class CapturedVmTests
{
    [Theory]
    [InlineData(7, 11, "qemu", "qemu-7", 7)]
    [InlineData(7, 11, null, "process-7", 7)]
    [InlineData(7, 11, "", "process-7", 7)]
    [InlineData(7, 11, "<...>", "process-7", 7)]
    [InlineData(0, 11, "swapper", "swapper-0", 0)]
    [InlineData(-1, 11, "CPU 0/KVM", "CPU 0/KVM-11", VmIdentity.SeveralPids)]
    [InlineData(-1, 0, null, "thread-0", VmIdentity.SeveralPids)]
    [InlineData(-1, -1, "x", "unknown threads", VmIdentity.SeveralPids)]
    public void A_vm_is_called_by_its_process_or_else_by_its_thread(int pid, int tid, string? name, string vm, int vmPid)
    {
        VmIdentity identity = Assert.Single(Vms((_, _) => name, Exit(1_000, pid, tid)));
        Assert.Equal((vm, vmPid), (identity.Name, identity.Pid));
    }

    [Fact]
    public void A_process_is_one_vm_and_without_it_each_thread_is()
    {
        Assert.Equal(["a-7", "a-8"], Names(Exit(1_000, 7, 11), Exit(1_100, 7, 12), Exit(1_200, 8, 13)));
        Assert.Equal(["a-11", "a-12", "a-13"], Names(Exit(1_000, -1, 11), Exit(1_100, -1, 12), Exit(1_200, -1, 13)));
        Assert.Equal(["a-7", "a-13"], Names(Exit(1_000, 7, 11), Exit(1_100, -1, 13)));
        Assert.Equal(["unknown threads", "a-7", "a-13"], Names(Exit(1_000, -1, -1), Exit(1_100, 7, 11), Exit(1_200, -1, 13)));

        string[] Names(params CapturedEvent[] events)
        {
            IReadOnlyCollection<VmIdentity> vms = Vms((_, _) => "a", events);
            Assert.Equal(Enumerable.Range(0, vms.Count), vms.Select(vm => vm.Ordinal).Order());
            return [.. vms.Select(vm => vm.Name)];
        }
    }

    [Fact]
    public void A_process_that_ended_leaves_its_number_to_another_vm()
    {
        string[] names = ["first", "second"];
        int asked = 0;
        CapturedEvent end = Exit(1_100, CapturedEvent.Unknown, 7) with { Kind = CapturedKind.ThreadEnd };
        Assert.Equal(["first-7", "second-7"], Vms(Name, Exit(1_000, 7, 7), end, Exit(1_200, 7, 7)).Select(vm => vm.Name));
        // Another thread of it ended, the process did not.
        asked = 0;
        Assert.Equal(["first-7"], Vms(Name, Exit(1_000, 7, 7), Exit(1_050, 7, 9), end with { Tid = 9 }, Exit(1_200, 7, 9))
            .Select(vm => vm.Name));

        string Name(int pid, int tid) => names[Math.Min(asked++, 1)];
    }

    [Fact]
    public void The_number_of_a_thread_in_another_process_is_another_vcpu()
    {
        CaptureResult result = Captured.Import(new GivenEvents([Exit(1_000, 7, 11), Entry(1_500, 8, 11, 0), Exit(1_600, 8, 11)]));
        // The exit of the first one has no entry.
        Assert.Equal(new Accounting { Exits = 2, FinalExits = 1, Open = 1 }, result.Trust);
    }

    [Fact]
    public void A_thread_goes_back_and_forth_between_its_vcpus()
    {
        CaptureResult result = Captured.Import(new GivenEvents(
        [
            Exit(1_000, 7, 11, vcpu: 0), Exit(1_100, 7, 11, vcpu: 1), Exit(1_150, 7, 11, vcpu: 2), Entry(1_200, 7, 11, 0),
            Entry(1_300, 7, 11, 1), Entry(1_900, 7, 11, 2),
        ]));
        Assert.Equal([(0, 200UL), (1, 200UL), (2, 750UL)],
            result.Interval.Rows.Select(row => (row.Key.Vcpu, row.TotalNs)).OrderBy(row => row.Vcpu));
        Assert.Single(result.Interval.Vms);
    }

    [Fact]
    public void An_event_without_a_vcpu_is_of_the_one_that_the_thread_runs_now()
    {
        CaptureResult result = Captured.Import(new GivenEvents(
        [
            Exit(1_000, 7, 11, vcpu: 0), Exit(1_100, 7, 11, vcpu: 1), Entry(1_300, 7, 11, CapturedEvent.Unknown),
            Entry(1_500, 7, 11, 0), Exit(1_600, 7, 11, vcpu: CapturedEvent.Unknown), Entry(1_700, 7, 11, 0),
        ]));
        Assert.Equal([(0, 2UL, 600UL), (1, 1UL, 200UL)],
            result.Interval.Rows.Select(row => (row.Key.Vcpu, row.Count, row.TotalNs)).OrderBy(row => row.Vcpu));
    }

    private static IReadOnlyCollection<VmIdentity> Vms(Func<int, int, string?> nameOf, params CapturedEvent[] events) =>
        Captured.Import(new GivenEvents(events, nameOf)).Interval.Vms;

    private static CapturedEvent Exit(long ns, int pid, int tid, int vcpu = 0) =>
        MadeCapture.Exit(ns, tid, 12) with { Pid = pid, Vcpu = vcpu };

    private static CapturedEvent Entry(long ns, int pid, int tid, int vcpu) => MadeCapture.Entry(ns, tid, vcpu) with { Pid = pid };
}
