using System.Runtime.InteropServices;

namespace Kvmscope.Host;

/// <summary>struct kvm_regs.</summary>
[StructLayout(LayoutKind.Sequential)]
struct KvmRegs
{
    internal ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, Rsp, Rbp, R8, R9, R10, R11, R12, R13, R14, R15, Rip, Rflags;
}
