using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Bpf;

namespace Kvmscope.Host.Tracing;

/// <summary>A program beside the pair that only some answers need, and what an answer lacks without it.</summary>
/// <param name="Choices">Programs that do the same, the best first; each choice is attached whole.</param>
/// <param name="Missing">What follows where none can be attached.</param>
internal sealed record Hook(string[][] Choices, MissingSource[] Missing)
{
    /// <summary>All programs of all choices.</summary>
    internal IEnumerable<string> Programs => Choices.SelectMany(c => c);

    /// <summary>What the options need, in the order of attaching.</summary>
    /// <param name="options">What to trace.</param>
    /// <param name="fentry">fentry programs are loaded; else kprobes.</param>
    /// <param name="raw">KVM's modules have no BTF: qualifiers come from its events.</param>
    /// <param name="isa">The host's.</param>
    internal static IReadOnlyList<Hook> For(TraceOptions options, bool fentry, bool raw, Isa isa)
    {
        List<Hook> hooks = [];
        if (options.WantSplit) AddSplit(hooks, fentry);
        if (options.WantQualifiers) AddQualifiers(hooks, raw, isa);
        if (options.WantWho)
            hooks.Add(new([[BpfObject.Programs.TaskSwitch]], [new(null, "sched_switch cannot be traced here: who ran instead is not known")]));
        return hooks;
    }

    private static void AddSplit(List<Hook> hooks, bool fentry)
    {
        // In this order, and whole: a vCPU that is put by kvm_sched_out() would be taken for one in user space without the first two.
        string[] switches = fentry
            ? [BpfObject.Programs.SchedOutFentry, BpfObject.Programs.SchedInFentry, BpfObject.Programs.LoadFentry, BpfObject.Programs.PutFentry]
            : [BpfObject.Programs.SchedOutKprobe, BpfObject.Programs.SchedInKprobe, BpfObject.Programs.LoadKprobe, BpfObject.Programs.PutKprobe];
        hooks.Add(new([switches],
        [
            Without(TimePart.Runq, "run queue", "kvm_sched_in"), Without(TimePart.Halt, "halt", "kvm_sched_in"),
            Without(TimePart.Sleep, "sleep", "kvm_sched_in"), Without(TimePart.Vmm, "VMM", "kvm_arch_vcpu_put"),
        ]));
        hooks.Add(new([[BpfObject.Programs.VcpuWakeup]], [Without(TimePart.Poll, "poll", "kvm_vcpu_wakeup")]));
    }

    private static void AddQualifiers(List<Hook> hooks, bool raw, Isa isa)
    {
        hooks.Add(new([[BpfObject.Programs.Mmio]], [new(null, "kvm_mmio cannot be traced here: pages of MMIO are not known")]));
        hooks.Add(new([[BpfObject.Programs.FastMmio]], []));
        if (!raw || isa == Isa.Arm64) return;
        hooks.Add(new([[BpfObject.Programs.Pio]], [new(null, "kvm_pio cannot be traced here: ports are not known")]));
        hooks.Add(new([[BpfObject.Programs.PageFault]], [new(null, "kvm_page_fault cannot be traced here: accesses to memory are not known")]));
        if (isa == Isa.Svm)
            hooks.Add(new([[BpfObject.Programs.Msr]], [new(null, "kvm_msr cannot be traced here: reads and writes of MSRs are not told apart")]));
        else
            hooks.Add(new([], [new(null, "KVM's modules have no BTF here: vectors and CR, DR and APIC accesses are not known")]));
    }

    private static MissingSource Without(TimePart part, string name, string source) =>
        new(part, $"{name}: {source} cannot be traced here, so its time is in another column");
}
