using System.Runtime.CompilerServices;
using Kvmscope.Guests.Kvm;

namespace Kvmscope.Host.Tests.Guests;

/// <summary>A request's number contains the size of its structure (asm-generic/ioctl.h, bits 29:16).</summary>
public sealed class KvmApiTests
{
    [Fact]
    public void Structures_have_the_size_in_their_request()
    {
        Assert.Equal(SizeOf(KvmApi.KVM_SET_REGS), Unsafe.SizeOf<KvmRegs>());
        Assert.Equal(SizeOf(KvmApi.KVM_GET_SREGS), Unsafe.SizeOf<KvmSregs>());
        Assert.Equal(SizeOf(KvmApi.KVM_SET_SREGS), Unsafe.SizeOf<KvmSregs>());
        Assert.Equal(SizeOf(KvmApi.KVM_SET_USER_MEMORY_REGION), Unsafe.SizeOf<KvmMemoryRegion>());
        Assert.Equal(sizeof(uint), SizeOf(KvmApi.KVM_GET_MP_STATE));
    }

    [Fact]
    public void An_msr_list_is_its_head_and_one_entry() =>
        Assert.Equal(SizeOf(KvmApi.KVM_GET_MSRS) + 16, Unsafe.SizeOf<KvmMsr>());

    [Fact]
    public void A_segment_has_24_bytes() => Assert.Equal(24, Unsafe.SizeOf<KvmSegment>());

    private static int SizeOf(nuint request) => (int)(request >> 16) & 0x3fff;
}
