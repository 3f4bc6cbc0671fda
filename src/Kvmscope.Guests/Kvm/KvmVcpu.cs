using System.Runtime.InteropServices;
using Kvmscope.Core;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Guests.Kvm;

/// <summary>A vCPU: a KVM file descriptor, and the memory in which KVM_RUN gives its answers.</summary>
internal sealed unsafe class KvmVcpu : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly nuint _areaSize;
    private KvmRunArea* _area;

    internal KvmVcpu(SafeFileHandle handle, nuint areaSize)
    {
        _handle = handle;
        _areaSize = areaSize;
        const int Protection = Libc.PROT_READ | Libc.PROT_WRITE;
        nint address = Libc.mmap(0, areaSize, Protection, Libc.MAP_SHARED, (int)handle.DangerousGetHandle(), 0);
        if (address == Libc.MAP_FAILED)
        {
            handle.Dispose();
            throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: mapping a vCPU: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        _area = (KvmRunArea*)address;
    }

    internal SafeFileHandle Handle => _handle;

    /// <summary>What KVM_RUN wrote.</summary>
    internal ref KvmRunArea Area => ref *_area;

    /// <summary>The bytes of a port access, to be read (OUT) or filled (IN).</summary>
    internal Span<byte> IoData => new((byte*)_area + _area->IoDataOffset, checked((int)(_area->IoSize * _area->IoCount)));

    /// <summary>KVM_RUN.</summary>
    /// <returns>0, or the errno of a call that was interrupted (EINTR, EAGAIN) and must be repeated.</returns>
    internal int Run()
    {
        if (Libc.Ioctl(_handle, KvmApi.KVM_RUN, 0) >= 0) return 0;
        int errno = Marshal.GetLastPInvokeError();
        if (errno is Libc.EINTR or Libc.EAGAIN) return errno;
        throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: KVM_RUN: {Marshal.GetPInvokeErrorMessage(errno)}");
    }

    internal void SetCpuid(byte[] cpuid2)
    {
        fixed (byte* argument = cpuid2) Control(KvmApi.KVM_SET_CPUID2, argument, "KVM_SET_CPUID2");
    }

    internal void SetRegisters(KvmRegs registers) => Control(KvmApi.KVM_SET_REGS, &registers, "KVM_SET_REGS");

    internal KvmSregs GetSpecialRegisters()
    {
        KvmSregs registers;
        Control(KvmApi.KVM_GET_SREGS, &registers, "KVM_GET_SREGS");
        return registers;
    }

    internal void SetSpecialRegisters(KvmSregs registers) => Control(KvmApi.KVM_SET_SREGS, &registers, "KVM_SET_SREGS");

    /// <summary>An MSR's value.</summary>
    /// <exception cref="KvmscopeException">This guest does not have that MSR.</exception>
    internal ulong GetMsr(uint index)
    {
        var msr = new KvmMsr { Count = 1, Index = index };
        if (Control(KvmApi.KVM_GET_MSRS, &msr, "KVM_GET_MSRS") == 1) return msr.Data;
        throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: KVM does not permit reading MSR 0x{index:x}");
    }

    /// <summary>Sets an MSR.</summary>
    /// <exception cref="KvmscopeException">KVM does not accept the value.</exception>
    internal void SetMsr(uint index, ulong value)
    {
        var msr = new KvmMsr { Count = 1, Index = index, Data = value };
        if (Control(KvmApi.KVM_SET_MSRS, &msr, "KVM_SET_MSRS") == 1) return;
        throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: KVM does not accept 0x{value:x} for MSR 0x{index:x}");
    }

    internal uint GetMpState()
    {
        uint state;
        Control(KvmApi.KVM_GET_MP_STATE, &state, "KVM_GET_MP_STATE");
        return state;
    }

    internal void SetMpState(uint state) => Control(KvmApi.KVM_SET_MP_STATE, &state, "KVM_SET_MP_STATE");

    /// <summary>
    /// Sets which signals are blocked during KVM_RUN. A signal that is blocked only outside of KVM_RUN interrupts it (EINTR), and stays
    /// pending.
    /// </summary>
    internal void SetSignalMask(ulong mask)
    {
        // struct kvm_signal_mask is a length and a set without padding between them.
        byte* argument = stackalloc byte[sizeof(uint) + sizeof(ulong)];
        *(uint*)argument = sizeof(ulong);
        Buffer.MemoryCopy(&mask, argument + sizeof(uint), sizeof(ulong), sizeof(ulong));
        Control(KvmApi.KVM_SET_SIGNAL_MASK, argument, "KVM_SET_SIGNAL_MASK");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_area == null) return;
        _ = Libc.munmap((nint)_area, _areaSize);
        _area = null;
        _handle.Dispose();
    }

    private int Control(nuint request, void* argument, string name) => KvmDevice.Control(_handle, request, (nint)argument, name);
}
