using System.Collections.Immutable;
using Kvmscope.Core.Captures;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Interchange;

/// <summary>What a capture holds: how many of which events, and what it therefore lacks.</summary>
public sealed class CaptureContents
{
    private static readonly int s_kinds = Enum.GetValues<CapturedKind>().Length;

    private readonly long[] _counts = new long[s_kinds];

    /// <summary>The first and the last time, in ns of its clock.</summary>
    public (long From, long To) Ns { get; private set; } = (long.MaxValue, long.MinValue);

    /// <summary>The ISA of its exits; None where it has none that is known.</summary>
    public Isa Isa { get; private set; }

    /// <summary>Whether it says the process of each thread.</summary>
    public bool HasProcesses { get; private set; }

    /// <summary>Whether it says the time of day.</summary>
    public bool HasTimeOfDay { get; internal set; }

    /// <summary>Events that its tracer lost, as far as it says how many.</summary>
    public ulong Lost { get; private set; }

    /// <summary>How many events of a kind it has.</summary>
    public long this[CapturedKind kind] => _counts[(int)kind];

    /// <summary>Whether reflected exits can be followed.</summary>
    public bool HasRounds => this[CapturedKind.NestedInject] > 0 && this[CapturedKind.NestedEnter] > 0;

    /// <summary>Counts an event.</summary>
    public void Add(in CapturedEvent e)
    {
        _counts[(int)e.Kind]++;
        if (e.Kind == CapturedKind.Lost)
        {
            Lost += Math.Max(1, e.Value);
            return;
        }
        if (e.Kind is not (CapturedKind.Exit or CapturedKind.Entry)) return;
        Ns = (Math.Min(Ns.From, e.Ns), Math.Max(Ns.To, e.Ns));
        if (e.Pid >= 0) HasProcesses = true;
        if (e.Code.Isa != Isa.None) Isa = e.Code.Isa;
    }

    /// <summary>What it lacks, and what follows from it.</summary>
    public ImmutableArray<MissingSource> Missing()
    {
        List<string> missing = [];
        if (this[CapturedKind.Entry] == 0) missing.Add("the capture has no kvm_entry: no exit is timed");
        if (Isa == Isa.Arm64)
        {
            missing.Add("kvm_exit of arm64 does not say which register or function: exits have no qualifier, except MMIO");
        }
        else if (Isa == Isa.Riscv64)
        {
            missing.Add("kvm_exit of riscv64 does not say which SBI function, or what is MMIO: such exits have no qualifier");
        }
        else
        {
            if (this[CapturedKind.NestedExit] == 0)
                missing.Add("the capture has no kvm_nested_vmexit: exits of L2, if there were any, are shown as L1");
            else if (!HasRounds)
                missing.Add("the capture has no kvm_nested_vmexit_inject or kvm_nested_vmenter: rounds of reflected exits are not known");
            string[] details = [.. Details().Where(d => this[d.Kind] == 0).Select(d => d.Name)];
            if (details.Length > 0) missing.Add($"the capture has no {string.Join(", ", details)}: such exits may lack their qualifier");
        }
        if (!HasProcesses) missing.Add("the capture does not tell processes: each thread is shown as a VM of its own");
        if (!HasTimeOfDay)
            missing.Add("the capture does not tell the time of day: times are those of its own clock, which begins in 1970 here");
        return [.. missing.Select(text => new MissingSource(null, text)), .. MissingOfSplit()];
    }

    private IEnumerable<MissingSource> MissingOfSplit()
    {
        if (this[CapturedKind.Switch] == 0) yield break;
        yield return new MissingSource(TimePart.Poll, "a capture does not tell halt polling: it is under kvm");
        yield return new MissingSource(null, "a capture does not tell wake-ups: waits for a CPU after them are under halt, vmm or sleep");
        if (this[CapturedKind.UserspaceExit] == 0)
            yield return new MissingSource(TimePart.Vmm, "the capture has no kvm_userspace_exit: time in the VMM is under kvm or sleep");
    }

    // Of KVM_ISA_SVM, kvm_exit itself tells the port.
    private static IEnumerable<(CapturedKind Kind, string Name)> Details() =>
        [(CapturedKind.Msr, "kvm_msr"), (CapturedKind.Cpuid, "kvm_cpuid"), (CapturedKind.Hypercall, "kvm_hypercall"),
            (CapturedKind.Mmio, "kvm_mmio")];
}
