using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>
/// What can be done about a cause, by vendor: only what is certain for the figures that raise it. Module parameters exist in Linux 5.10 to
/// 7.2, or the text says from which of 5.10, 6.1, 6.12 and 7.2 on.
/// </summary>
internal static class AdviceMeans
{
    /// <summary>What an argument of a reason suggests.</summary>
    internal static IReadOnlyList<QualifierMeans> Qualifiers { get; } =
    [
        new("pm-timer", QualifierKind.Port, 0x608, 0x608, Isa.None,
            "the guest uses the ACPI PM timer as a clock; kvm-clock, the TSC or Hyper-V's reference TSC page does not exit"),
        new("pit", QualifierKind.Port, 0x40, 0x43, Isa.None,
            "the guest uses the PIT; a guest that uses its APIC's timer, or Hyper-V's timers, needs it only at boot"),
        new("serial", QualifierKind.Port, 0x3f8, 0x3ff, Isa.None,
            "the guest uses its first serial port, one exit per byte; a virtio console needs fewer, or let it log less"),
        new("deadline", QualifierKind.Msr, 0x6e0, 0x6e0, Isa.None,
            "the guest arms its timer; fewer timers, or a tick that stops when idle (nohz), make it rarer"),
        new("ipi-vmx", QualifierKind.Msr, 0x830, 0x830, Isa.Vmx,
            "the guest sends interrupts between its vCPUs; IPI virtualization (kvm_intel.enable_ipiv, Linux 6.1 and newer, on " +
            "CPUs that have it) sends them without an exit"),
        new("ipi-svm", QualifierKind.Msr, 0x830, 0x830, Isa.Svm,
            "the guest sends interrupts between its vCPUs; x2AVIC (kvm_amd.avic=1, Linux 6.1 and newer, on CPUs that have it) " +
            "sends them to vCPUs that run without an exit"),
    ];

    /// <summary>What makes rounds of nested guests cheaper, by the exits that L1 then would not have; the first that applies.</summary>
    internal static IReadOnlyList<NestedMeans> Nested { get; } =
    [
        new("shadow-vmcs", Isa.Vmx, [23, 25],
            "many were VMREAD or VMWRITE, which shadow VMCS avoids for most fields (kvm_intel.enable_shadow_vmcs, on CPUs that have it); " +
            "a Hyper-V L1 can use the enlightened VMCS"),
        new("virtual-vmload", Isa.Svm, [0x82, 0x83],
            "many were VMLOAD or VMSAVE, which virtual VMLOAD/VMSAVE avoids (kvm_amd.vls, on CPUs that have it)"),
        new("virtual-gif", Isa.Svm, [0x84, 0x85],
            "many were STGI or CLGI, which virtual GIF avoids (kvm_amd.vgif, on CPUs that have it)"),
    ];

    /// <summary>What is known about this argument; null where nothing is.</summary>
    internal static QualifierMeans? OfQualifier(ExitCode code, Qualifier qualifier)
    {
        QualifierKind kind = Exits.Qualifiers.KindOf(code);
        ulong number = qualifier.Raw & 0xffff_ffff;
        return Qualifiers.FirstOrDefault(m =>
            m.Kind == kind && number >= m.First && number <= m.Last && (m.Isa == Isa.None || m.Isa == code.Isa));
    }
}

/// <summary>What an argument suggests.</summary>
/// <param name="Name">Its name, for tests.</param>
/// <param name="Kind">What kind of argument it is.</param>
/// <param name="First">The first number.</param>
/// <param name="Last">The last number.</param>
/// <param name="Isa">Where it is true; <see cref="Isa.None"/> where on all.</param>
/// <param name="Text">What to say.</param>
internal sealed record QualifierMeans(string Name, QualifierKind Kind, ulong First, ulong Last, Isa Isa, string Text);

/// <summary>What makes rounds cheaper.</summary>
/// <param name="Name">Its name, for tests.</param>
/// <param name="Isa">The ISA.</param>
/// <param name="Reasons">L1's exits that it avoids.</param>
/// <param name="Text">What to say.</param>
internal sealed record NestedMeans(string Name, Isa Isa, IReadOnlyList<ulong> Reasons, string Text)
{
    // One such exit in every second round: KVM itself makes it rarely where the means is in use.
    private const double PerRound = 0.5;

    internal bool Applies(AdviceFigures figures, ulong rounds) =>
        figures.Reasons.Where(r => r.Code.Isa == Isa && Reasons.Contains(r.Code.Code)).Select(r => r.At(ExitLevel.L1).Count)
            .Aggregate(0UL, (sum, count) => sum + count) >= PerRound * rounds;
}
