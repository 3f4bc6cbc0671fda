using Kvmscope.Core.Model;

namespace Kvmscope.Core.Exits;

/// <summary>The parts of the wall clock, for <c>explain</c>.</summary>
public static class PartNames
{
    /// <summary>One part.</summary>
    /// <param name="Part">Which.</param>
    /// <param name="Name">As in machine formats and options.</param>
    /// <param name="Meaning">What it is.</param>
    /// <param name="Hint">What makes it large, and what to do about it.</param>
    public sealed record PartInfo(TimePart Part, string Name, string Meaning, string Hint);

    /// <summary>All parts, in the order of the table.</summary>
    public static IReadOnlyList<PartInfo> All { get; } =
    [
        new(TimePart.Guest, "guest", "The guest ran: from an entry to the next exit, without the time in which its thread was preempted " +
            "before KVM reported the exit.",
            "Large is good. What the guest does in that time can only be seen inside it."),
        new(TimePart.Kvm, "kvm", "KVM handled an exit on the CPU: the handling time less all other parts.",
            "Fewer exits, not faster ones, make it small: 'kvmscope time --by qualifier' shows which registers, ports and pages they " +
                "are for."),
        new(TimePart.Vmm, "vmm", "The vCPU's thread was in user space, from the return of KVM_RUN to the next, running or waiting for a " +
            "lock or a device of its own.",
            "Devices that the VMM emulates. Use virtio with vhost or ioeventfd, fewer emulated timers (kvm-clock, Hyper-V " +
                "enlightenments), iothreads. A paused VM is all VMM."),
        new(TimePart.Runq, "runq", "The thread could run and waited for a CPU: preempted, or woken and not yet scheduled.",
            "The host is overcommitted, the vCPU is pinned to a busy CPU, or a cgroup throttles it. 'kvmscope slower 1ms --part runq " +
                "--who' shows what ran instead."),
        new(TimePart.Halt, "halt", "The vCPU was halted and its thread slept: the guest had nothing to do.",
            "No cost by itself. Wake-ups cost: if halts are short and many, see poll, and cpuidle-haltpoll in the guest."),
        new(TimePart.Poll, "poll", "The vCPU was halted and KVM polled for its wake-up, using the CPU to avoid the latency of a wake-up.",
            "kvm.halt_poll_ns (module parameter) limits it; 0 turns it off where CPUs are shared."),
        new(TimePart.Sleep, "sleep", "The thread slept in the kernel while it handled an exit, neither halted nor in user space: it " +
            "waited for a page (swap, userfaultfd, a file) or for a lock.",
            "Guest memory that is swapped out or comes over the network after a migration; mlock or hugepages, less memory overcommit."),
        new(TimePart.Unattributed, "unattributed",
            "Time without a known part: before the first event, exits without an end, and exits that did not fit.",
            "Should be close to 0; the notes under the table say what was lost."),
    ];
}
