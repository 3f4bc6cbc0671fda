using System.Runtime.InteropServices;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Guests.Kvm;

namespace Kvmscope.Guests;

/// <summary>What this host's KVM offers a built-in guest.</summary>
/// <param name="Isa">The ISA of its exits, None for a KVM that is neither kvm_intel nor kvm_amd.</param>
/// <param name="WhyNot">Why no guest can run, as one line, or null.</param>
/// <param name="WhyNotNested">Why no nested guest can run, as one line, or null.</param>
/// <param name="ShadowVmcs">VMX: whether KVM shadows the VMCS of an L1, so that most of its VMREAD and VMWRITE do not exit.</param>
/// <param name="NestedPaging">
/// Whether guest memory is mapped by NPT or EPT. With shadow page tables, MMIO exits are page faults.
/// </param>
public sealed record GuestSupport(Isa Isa, string? WhyNot, string? WhyNotNested, bool ShadowVmcs, bool NestedPaging)
{
    private const string Modules = "/sys/module/";

    /// <summary>Checks the host: opens /dev/kvm once, and reads /sys/module.</summary>
    public static GuestSupport OfThisHost()
    {
        if (RuntimeInformation.ProcessArchitecture == Architecture.Arm64)
            return new GuestSupport(Isa.Arm64, WhyNotOpen(), "there is no nested guest on arm64", ShadowVmcs: false, NestedPaging: true);
        Isa isa = Directory.Exists(Modules + "kvm_intel") ? Isa.Vmx : Directory.Exists(Modules + "kvm_amd") ? Isa.Svm : Isa.None;
        string? whyNot = WhyNotOpen()
            ?? (isa == Isa.None
                ? "this KVM is neither kvm_intel nor kvm_amd: it does not offer VMX or SVM to a guest, and has no kvm_exit"
                : null);
        return new GuestSupport(
            isa,
            whyNot,
            whyNot ?? WhyNotNestedOn(isa),
            ShadowVmcs: isa == Isa.Vmx && IsOn("kvm_intel", "enable_shadow_vmcs"),
            NestedPaging: isa == Isa.Vmx ? IsOn("kvm_intel", "ept") : isa == Isa.Svm && IsOn("kvm_amd", "npt"));
    }

    private static string? WhyNotOpen()
    {
        try
        {
            KvmDevice.Open().Dispose();
            return null;
        }
        catch (KvmscopeException e)
        {
            return e.Message;
        }
    }

    private static string? WhyNotNestedOn(Isa isa)
    {
        string module = isa == Isa.Vmx ? "kvm_intel" : "kvm_amd";
        return IsOn(module, "nested")
            ? null
            : $"nested virtualization is off ({Modules}{module}/parameters/nested); load {module} with nested=1";
    }

    private static bool IsOn(string module, string parameter)
    {
        string path = $"{Modules}{module}/parameters/{parameter}";
        return File.Exists(path) && File.ReadAllText(path).Trim() is "Y" or "1";
    }
}
