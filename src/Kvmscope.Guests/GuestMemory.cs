using System.Runtime.InteropServices;
using Kvmscope.Core;
using Kvmscope.Guests.Kvm;

namespace Kvmscope.Guests;

/// <summary>A guest's memory: one block per vCPU. Only pages that are used take memory of the host.</summary>
internal sealed unsafe class GuestMemory : IDisposable
{
    private nint _address;

    internal GuestMemory(int blocks)
    {
        Size = (nuint)blocks * GuestLayout.BlockSize;
        _address = Libc.mmap(0, Size, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (_address == Libc.MAP_FAILED)
            throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: no memory: {Marshal.GetLastPInvokeErrorMessage()}");

        // If the host put in a huge page later, the guest's mappings would be removed once more. A host without huge pages is fine.
        _ = Libc.AdviseMemory(_address, Size, Libc.MADV_NOHUGEPAGE);
    }

    /// <summary>Its address in this process.</summary>
    internal nint Address => _address;

    /// <summary>Its size in bytes.</summary>
    internal nuint Size { get; }

    /// <summary>The used part of a vCPU's block.</summary>
    internal Span<byte> Block(int vcpu)
    {
        ObjectDisposedException.ThrowIf(_address == 0, this);
        return new Span<byte>((byte*)_address + (nint)PhysicalBase(vcpu), GuestLayout.End);
    }

    /// <summary>The guest-physical address of a vCPU's block.</summary>
    internal static ulong PhysicalBase(int vcpu) => (ulong)vcpu * GuestLayout.BlockSize;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_address != 0) _ = Libc.munmap(_address, Size);
        _address = 0;
    }
}
