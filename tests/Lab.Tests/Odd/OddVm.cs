using Kvmscope.Core;
using Kvmscope.Guests;
using Kvmscope.Guests.Kvm;

namespace Kvmscope.Lab.Tests.Odd;

/// <summary>A VM whose vCPUs run a few bytes of real-mode code. The caller is the VMM.</summary>
internal sealed class OddVm : IDisposable
{
    internal const ushort Port = 0x10;

    private const ulong CodeAt = 0x1000;

    /// <summary>Guest-physical memory in bytes; higher addresses are MMIO.</summary>
    private const int MemorySize = 0x10000;

    private readonly KvmDevice _device = KvmDevice.Open();
    private readonly KvmVm _vm;
    private readonly nint _memory;

    internal unsafe OddVm(ReadOnlySpan<byte> code, int vcpus = 1, bool irqchip = false)
    {
        _memory = Libc.mmap(0, MemorySize, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (_memory == -1) throw new KvmscopeException(ExitStatus.Failed, "odd guest: no memory");
        code.CopyTo(new Span<byte>((byte*)_memory + CodeAt, MemorySize - (int)CodeAt));
        _vm = _device.CreateVm();
        _vm.SetTssAddress(GuestLayout.TssAddress);
        if (irqchip) _vm.CreateIrqchip();
        _vm.SetMemory(_memory, MemorySize);
        Vcpus = [.. Enumerable.Range(0, vcpus).Select(CreateVcpu)];
    }

    internal IReadOnlyList<KvmVcpu> Vcpus { get; }

    /// <summary>Runs to the next access to the port.</summary>
    internal static void RunToPort(KvmVcpu vcpu)
    {
        while (vcpu.Run() != 0)
        {
        }

        if (vcpu.Area.ExitReason != KvmExitReason.Io || vcpu.Area.IoPort != Port) throw Unexpected(vcpu);
    }

    internal static KvmscopeException Unexpected(KvmVcpu vcpu) =>
        new(ExitStatus.Failed, $"odd guest: KVM_RUN returned {vcpu.Area.ExitReason}");

    public void Dispose()
    {
        foreach (KvmVcpu vcpu in Vcpus) vcpu.Dispose();
        _vm.Dispose();
        _ = Libc.munmap(_memory, MemorySize);
        _device.Dispose();
    }

    private KvmVcpu CreateVcpu(int id)
    {
        KvmVcpu vcpu = _vm.CreateVcpu(id);
        byte[] cpuid = new byte[8 + (KvmApi.CpuidEntries * 40)];
        _device.GetSupportedCpuid(cpuid);
        vcpu.SetCpuid(cpuid);
        KvmSregs registers = vcpu.GetSpecialRegisters();
        registers.Cs.Base = 0;
        registers.Cs.Selector = 0;
        registers.Ds.Base = OddCode.DataBase;
        registers.Ds.Selector = (ushort)(OddCode.DataBase >> 4);
        registers.Idt.Limit = 0; // every interrupt or exception is a triple fault
        vcpu.SetSpecialRegisters(registers);
        vcpu.SetRegisters(new KvmRegs { Rip = CodeAt, Rflags = 2 });
        return vcpu;
    }
}
