namespace Kvmscope.Lab.Tests.Suite;

/// <summary>
/// The module parameters that kvmscope's texts name. A test compares the texts with this list, and a case of the lab compares the list with
/// each kernel, so that no text names a parameter that does not exist.
/// </summary>
internal static class ModuleParameters
{
    /// <summary>Each parameter, with the first of the kernels 5.10, 6.1, 6.12 and 7.2 that has it.</summary>
    internal static IReadOnlyList<(string Module, string Name, Version Since)> All { get; } =
    [
        ("kvm", "halt_poll_ns", new(5, 10)),
        ("kvm_amd", "avic", new(5, 10)),
        ("kvm_amd", "dump_invalid_vmcb", new(5, 10)),
        ("kvm_amd", "enable_mediated_pmu", new(7, 2)),
        ("kvm_amd", "npt", new(5, 10)),
        ("kvm_amd", "pause_filter_count", new(5, 10)),
        ("kvm_amd", "pause_filter_thresh", new(5, 10)),
        ("kvm_amd", "vgif", new(5, 10)),
        ("kvm_amd", "vls", new(5, 10)),
        ("kvm_amd", "vnmi", new(6, 12)),
        ("kvm_intel", "dump_invalid_vmcs", new(5, 10)),
        ("kvm_intel", "enable_apicv", new(5, 10)),
        ("kvm_intel", "enable_ipiv", new(6, 1)),
        ("kvm_intel", "enable_mediated_pmu", new(7, 2)),
        ("kvm_intel", "enable_shadow_vmcs", new(5, 10)),
        ("kvm_intel", "ept", new(5, 10)),
        ("kvm_intel", "ple_gap", new(5, 10)),
        ("kvm_intel", "ple_window", new(5, 10)),
    ];
}
