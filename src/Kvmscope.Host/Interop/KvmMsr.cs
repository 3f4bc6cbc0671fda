using System.Runtime.InteropServices;

namespace Kvmscope.Host;

/// <summary>struct kvm_msrs with one entry: a call that asks for more than one MSR stops at the first that fails, and does not say why.</summary>
[StructLayout(LayoutKind.Sequential)]
struct KvmMsr
{
    internal uint Count, Padding;
    internal uint Index, Reserved;
    internal ulong Data;
}
