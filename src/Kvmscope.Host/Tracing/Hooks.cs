using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using BpfPrograms = Kvmscope.Host.Bpf.BpfObject.Programs;

namespace Kvmscope.Host.Tracing;

/// <summary>A program that only some answers need, in addition to those for exit and entry; and what an answer lacks without it.</summary>
/// <param name="Choices">Sets of programs that do the same, the best first; all programs of a set are attached, or none.</param>
/// <param name="Missing">What is missing if none can be attached.</param>
internal sealed record Hook(string[][] Choices, MissingSource[] Missing)
{
    /// <summary>All programs of all choices.</summary>
    internal IEnumerable<string> Programs => Choices.SelectMany(c => c);

    /// <summary>What the options need, in the order of attaching.</summary>
    /// <param name="options">What to trace.</param>
    /// <param name="fentry">Whether fentry programs are loaded; otherwise kprobes.</param>
    /// <param name="raw">Whether KVM's modules have no BTF, so that qualifiers come from KVM's events.</param>
    /// <param name="isa">The host's ISA.</param>
    /// <param name="preempts">Whether the kernel may preempt programs at events with preemption on.</param>
    internal static IReadOnlyList<Hook> For(TraceOptions options, bool fentry, bool raw, Isa isa, bool preempts)
    {
        List<Hook> hooks = [];
        if (options.WantSplit) AddSplit(hooks, fentry);
        if (options.FollowsRuns) AddReturns(hooks, fentry, preempts, hasSchedIn: options.WantSplit);
        if (options.KnowsQualifiers) AddQualifiers(hooks, raw, isa);
        if (options.PageShift is not null) AddPages(hooks, raw, isa);
        if (options.KnowsRips && isa == Isa.Vmx)
            hooks.Add(With(BpfPrograms.ExitRecord, "the record of kvm_exit cannot be read here: instructions are not known"));
        if (options.WantWho)
            hooks.Add(With(BpfPrograms.TaskSwitch, "sched_switch cannot be traced here: the task that ran instead is not known"));
        return hooks;
    }

    private static void AddSplit(List<Hook> hooks, bool fentry)
    {
        // In this order, and all of them: without the first two, a vCPU that kvm_sched_out() puts would look like one in user space.
        string[] switches = fentry
            ? [BpfPrograms.SchedOutFentry, BpfPrograms.SchedInFentry, BpfPrograms.LoadFentry, BpfPrograms.PutFentry]
            : [BpfPrograms.SchedOutKprobe, BpfPrograms.SchedInKprobe, BpfPrograms.LoadKprobe, BpfPrograms.PutKprobe];
        hooks.Add(new([switches],
        [
            Without(TimePart.Runq, "run queue", "kvm_sched_in"), Without(TimePart.Halt, "halt", "kvm_sched_in"),
            Without(TimePart.Sleep, "sleep", "kvm_sched_in"), Without(TimePart.Vmm, "VMM", "kvm_arch_vcpu_put"),
        ]));
        hooks.Add(new([[BpfPrograms.VcpuWakeup]], [Without(TimePart.Poll, "poll", "kvm_vcpu_wakeup")]));
    }

    // Where the page is not in what KVM has saved of the exit, its events say it.
    private static void AddPages(List<Hook> hooks, bool raw, Isa isa)
    {
        if (isa == Isa.Arm64 || (isa == Isa.Svm && !raw)) return;
        const string missing = "kvm_page_fault cannot be traced here: pages are not known";
        AddOnce(hooks, With(raw ? BpfPrograms.PageFault : BpfPrograms.PageFaultVcpu, missing));
        AddOnce(hooks, With(BpfPrograms.Mmio, "kvm_mmio cannot be traced here: MMIO pages are not known"));
        AddOnce(hooks, new([[BpfPrograms.FastMmio]], []));
    }

    private static void AddOnce(List<Hook> hooks, Hook hook)
    {
        if (!hooks.Any(h => h.Programs.SequenceEqual(hook.Programs))) hooks.Add(hook);
    }

    // The return first, so that each call that is seen has its return.
    private static void AddReturns(List<Hook> hooks, bool fentry, bool preempts, bool hasSchedIn)
    {
        const string missing =
            "KVM_RUN cannot be traced here (kvm_userspace_exit, kvm_arch_vcpu_ioctl_run): returns to the VMM are not known";
        string[] cheap = [BpfPrograms.UserspaceExit, fentry ? BpfPrograms.RunFentry : BpfPrograms.RunKprobe];
        string[][] choices = preempts ? [[BpfPrograms.UserspaceExitPerf, BpfPrograms.RunKprobe], cheap] : [cheap];
        hooks.Add(new(choices, [new(null, missing)]));
        if (hasSchedIn) return;
        hooks.Add(new([[fentry ? BpfPrograms.SchedInFentry : BpfPrograms.SchedInKprobe]], []));
    }

    private static void AddQualifiers(List<Hook> hooks, bool raw, Isa isa)
    {
        hooks.Add(With(BpfPrograms.Mmio, "kvm_mmio cannot be traced here: MMIO pages are not known"));
        hooks.Add(new([[BpfPrograms.FastMmio]], []));
        if (!raw || isa == Isa.Arm64) return;
        hooks.Add(With(BpfPrograms.Pio, "kvm_pio cannot be traced here: ports are not known"));
        hooks.Add(With(BpfPrograms.PageFault, "kvm_page_fault cannot be traced here: memory accesses are not known"));
        if (isa == Isa.Svm)
            hooks.Add(With(BpfPrograms.Msr, "kvm_msr cannot be traced here: MSR reads and writes are not told apart"));
        else
            hooks.Add(new([], [new(null, "KVM's modules have no BTF here: vectors and CR, DR and APIC accesses are not known")]));
    }

    private static Hook With(string program, string missing) => new([[program]], [new(null, missing)]);

    private static MissingSource Without(TimePart part, string name, string source) =>
        new(part, $"{name}: {source} cannot be traced here, so its time is in another column");
}
