using System.Runtime.InteropServices;

namespace Kvmscope.Host;

/// <summary>struct kvm_segment.</summary>
[StructLayout(LayoutKind.Sequential)]
struct KvmSegment
{
    internal ulong Base;
    internal uint Limit;
    internal ushort Selector;
    internal byte Type, Present, Dpl, Db, S, L, G, Avl, Unusable;
    byte padding;
}
