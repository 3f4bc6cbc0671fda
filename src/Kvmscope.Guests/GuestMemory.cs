using System.Runtime.InteropServices;
using Kvmscope.Core;
using Kvmscope.Guests.Kvm;

namespace Kvmscope.Guests;

/// <summary>A guest's memory: one block a vCPU, of which only the pages that are used take memory of the host.</summary>
internal sealed unsafe class GuestMemory : IDisposable
{
    private nint _address;

    internal GuestMemory(int blocks)
    {
        Size = (nuint)blocks * GuestLayout.BlockSize;
        _address = Libc.mmap(0, Size, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (_address == Libc.MAP_FAILED)
            throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: no memory: {Marshal.GetLastPInvokeErrorMessage()}");

        // A huge page put in later would take the guest's mappings away once more. Not having the feature is just as well.
        _ = Libc.AdviseMemory(_address, Size, Libc.MADV_NOHUGEPAGE);
    }

    /// <summary>Where it is in this process.</summary>
    internal nint Address => _address;

    /// <summary>Bytes.</summary>
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
