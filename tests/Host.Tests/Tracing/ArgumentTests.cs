using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Tracing;

using Programs = Kvmscope.Host.Bpf.BpfObject.Programs;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>The argument of an exit: from the saved registers, the VMCB, what kvm_intel has read of the VMCS, and KVM's events.</summary>
[Collection(KernelGroup.Name)]
public sealed class ArgumentTests
{
    private const ulong First = 1ul << 32, Second = 2ul << 32, UnknownWay = 3ul << 32;

    private static KernelSide Side(FakeKernel kernel, Isa isa)
    {
        TraceOptions options = new() { WantQualifiers = true };
        HostView host = new(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, isa);
        return new KernelSide(options, TableSizes.For(8, 2, 1, options), host, kernel);
    }

    private static Qualifier One(KernelSide side, FakeVcpu vcpu, uint code, uint isa, Action? meanwhile = null)
    {
        side.Exit(vcpu, code, isa);
        meanwhile?.Invoke();
        side.Entry(vcpu);
        return Assert.Single(side.ReadInterval().Rows).Key.Qualifier;
    }

    [KernelFact]
    public void Cpuid_has_its_leaf_and_where_it_matters_the_subleaf()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        using KernelSide vmx = Side(kernel, Isa.Vmx), svm = Side(kernel, Isa.Svm);
        // No more than have cells; those beyond 63 would be others if their number were cut to 6 bits.
        ulong[] low = [.. Enumerable.Range(0, 0x28).Select(n => (ulong)n), 64 + 4, 64 + 0xd];
        foreach (ulong leaf in (ulong[])[.. low, .. low.Select(leaf => 0x80000000 | leaf), 0x8000005d, 0x40000000])
        {
            vcpu[FakeVcpu.Rax] = 0x7777_0000_0000_0000 | leaf; // only EAX counts
            vcpu[FakeVcpu.Rcx] = 3;
            ulong expected = leaf | (HasSubleaf(leaf) ? 3ul << 32 : 0);
            Assert.Equal(Qualifier.Of(expected), One(vmx, vcpu, 10, KernelSide.Vmx));
            Assert.Equal(Qualifier.Of(expected), One(svm, vcpu, 0x72, KernelSide.Svm));
        }
    }

    // Intel's SDM, volume 2A, CPUID; AMD's APM, volume 3, appendix E. Leaves 1f, 20, 23, 24 and 80000026 are newer than most CPUs.
    private static bool HasSubleaf(ulong leaf) => leaf is 4 or 7 or 0xb or 0xd or 0xf or 0x10 or 0x12 or 0x14 or 0x17 or 0x18 or 0x1b
        or 0x1d or 0x1e or 0x1f or 0x20 or 0x23 or 0x24 or 0x8000001d or 0x80000020 or 0x80000026;

    [KernelFact]
    public void An_msr_is_ecx_and_of_SVM_its_way_is_in_the_VMCB()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        vcpu[FakeVcpu.Rcx] = 0x5555_0000_c000_0080;
        using KernelSide vmx = Side(kernel, Isa.Vmx), svm = Side(kernel, Isa.Svm);
        Assert.Equal(Qualifier.Of(0xc0000080), One(vmx, vcpu, 31, KernelSide.Vmx));
        Assert.Equal(Qualifier.Of(0xc0000080), One(vmx, vcpu, 32, KernelSide.Vmx));
        vcpu.Vmcb = kernel.NewVmcb(0);
        Assert.Equal(Qualifier.Of(0xc0000080 | First), One(svm, vcpu, 0x7c, KernelSide.Svm));
        vcpu.Vmcb = kernel.NewVmcb(1);
        Assert.Equal(Qualifier.Of(0xc0000080 | Second), One(svm, vcpu, 0x7c, KernelSide.Svm));
        // Without the VMCB it is what kvm_msr says, if it does.
        vcpu.Vmcb = 0;
        Assert.Equal(Qualifier.Of(0xc0000080 | UnknownWay), One(svm, vcpu, 0x7c, KernelSide.Svm));
        Assert.Equal(Qualifier.Of(0x10 | Second), One(svm, vcpu, 0x7c, KernelSide.Svm, () => On(svm, vcpu, Programs.Msr, 1, 0x10)));
        Assert.Equal(Qualifier.Of(0x10 | First), One(svm, vcpu, 0x7c, KernelSide.Svm, () => On(svm, vcpu, Programs.Msr, 0, 0x10)));
    }

    private static void On(KernelSide side, FakeVcpu vcpu, string program, params ulong[] arguments)
    {
        using (FakeThread.With(loaded: vcpu)) side.Run(program, arguments);
    }

    [KernelFact]
    public void A_hypercall_is_Linux_s_or_Hyper_V_s()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        vcpu[FakeVcpu.Rax] = 0xffff_0000_0000_0005;
        vcpu[FakeVcpu.Rcx] = 0x0001_005c;
        using KernelSide side = Side(kernel, Isa.Vmx);
        Assert.Equal(Qualifier.Of(5), One(side, vcpu, 18, KernelSide.Vmx));
        kernel.At<ulong>(vcpu.Vm, KernelTypes.Hypercall) = 0x1000_0001;
        Assert.Equal(Qualifier.Of(1ul << 32 | 0x5c), One(side, vcpu, 18, KernelSide.Vmx));
        // L2's hypercalls are of L1's interface, which is not known.
        vcpu.IsInL2 = true;
        Assert.Equal(Qualifier.Of(5), One(side, vcpu, 18, KernelSide.Vmx));
    }

    [KernelFact]
    public void What_the_VMCB_says()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40);
        using KernelSide side = Side(kernel, Isa.Svm);
        foreach ((uint code, ulong info1, ulong info2, ulong expected) in new (uint, ulong, ulong, ulong)[]
        {
            (0x7b, 0x03f8_0001, 0, 0x3f8 | First), // IOIO: IN
            (0x7b, 0xcfc0_0010, 0, 0xcfc0 | Second),
            (0x400, 1 << 3 | 2, 0xfee0_0123, 0xfee0_0100), // NPF of a page without memory: MMIO
            (0x400, 2, 0x1000, 2), // a write
            (0x400, 16 | 1, 0x1000, 4 | 8), // a fetch, present
            (0x400, 0, 0x1000, 1),
            (0x402, 1ul << 32 | 0x300, 0, 0x300 | Second), // AVIC_UNACCELERATED_ACCESS
            (0x402, 0x320, 0, 0x320 | First),
        })
        {
            vcpu.Vmcb = kernel.NewVmcb(info1, info2);
            Assert.Equal(Qualifier.Of(expected), One(side, vcpu, code, KernelSide.Svm));
        }
    }

    // Intel's SDM, volume 3, 28.2.1 (exit qualification) and 25.9.2 (interruption information).
    [KernelFact]
    public void What_kvm_intel_has_read_of_the_VMCS_by_the_entry()
    {
        foreach (KernelKind kind in Enum.GetValues<KernelKind>())
        {
            using FakeKernel kernel = new(kind);
            FakeVcpu vcpu = kernel.NewVcpu(40);
            using KernelSide side = Side(kernel, Isa.Vmx);
            foreach ((uint code, ulong qualification, uint interruption, ulong expected) in new (uint, ulong, uint, ulong)[]
            {
                (30, 0x03f8_0008, 0, 0x3f8 | First), // IN
                (30, 0xcfc0_0001, 0, 0xcfc0 | Second),
                (48, 2 | 7 << 3, 0, 2 | 8), // EPT_VIOLATION: a write to a page that is there
                (48, 4, 0, 4),
                (48, 1, 0, 1),
                (1, 0, 0x8000_0033, 0x33), // EXTERNAL_INTERRUPT
                (0, 0, 0x8000_0b0e, 0x30e), // EXCEPTION_NMI
                (28, 0xffff_ffff_ffff_f213, 0, 0x13), // CR_ACCESS
                (29, 0xffe7 | 0x10, 0, 0x17), // DR_ACCESS: bits 2:0 and 4
                (44, 0x0020, 0, 0x20 | First), // APIC_ACCESS: a linear read
                (44, 0x1300, 0, 0x300 | Second),
                (44, 0x3300, 0, 0x300), // during event delivery: no way
                (56, 0x1308, 0, 0x300 | Second), // APIC_WRITE
                (45, 0x1ef, 0, 0xef), // EOI_INDUCED
                (84, 0x1_c000_0080, 0, 0xc000_0080), // MSR_READ_IMM
            })
            {
                // At the exit, what is there is of an older one.
                Set(vcpu, 0x0bad_0bad, 0x0bad);
                Assert.Equal(Qualifier.Of(expected), One(side, vcpu, code, KernelSide.Vmx, () => Set(vcpu, qualification, interruption)));
            }
        }
    }

    private static void Set(FakeVcpu vcpu, ulong qualification, uint interruption)
    {
        vcpu.Field<ulong>(KernelTypes.Qualification) = qualification;
        vcpu.Field<uint>(KernelTypes.Interruption) = interruption;
    }

    [KernelFact]
    public void What_the_events_of_KVM_say_while_the_exit_is_open()
    {
        using FakeKernel kernel = new();
        FakeVcpu vcpu = kernel.NewVcpu(40), other = kernel.NewVcpu(41);
        vcpu.Vmcb = kernel.NewVmcb(2, 0x1000);
        using KernelSide vmx = Side(kernel, Isa.Vmx), svm = Side(kernel, Isa.Svm);
        Qualifier port = Qualifier.Of(0x3f8 | First), write = Qualifier.Of(2), mmio = Qualifier.Of(0xfee0_0100);
        Set(vcpu, 0x03f8_0008, 0);
        Assert.Equal(Qualifier.Of(0x60 | Second), One(vmx, vcpu, 30, KernelSide.Vmx, () => On(vmx, vcpu, Programs.Pio, 1, 0x60)));
        Assert.Equal(Qualifier.Of(0x60 | First), One(vmx, vcpu, 30, KernelSide.Vmx, () => On(vmx, vcpu, Programs.Pio, 0, 0x60)));
        // Of another vCPU, of another kind, or of no vCPU.
        Assert.Equal(port, One(vmx, vcpu, 30, KernelSide.Vmx, () => On(vmx, other, Programs.Pio, 1, 0x60)));
        Assert.Equal(port, One(vmx, vcpu, 30, KernelSide.Vmx, () => On(vmx, vcpu, Programs.Msr, 1, 0x60)));
        Assert.Equal(port, One(vmx, vcpu, 30, KernelSide.Vmx, () => vmx.Run(Programs.Pio, 1, 0x60)));

        Assert.Equal(write, One(svm, vcpu, 0x400, KernelSide.Svm));
        Assert.Equal(mmio, One(svm, vcpu, 0x400, KernelSide.Svm, () => On(svm, vcpu, Programs.Mmio, 2, 4, 0xfee0_0123)));
        Assert.Equal(mmio, One(svm, vcpu, 0x400, KernelSide.Svm, () => On(svm, vcpu, Programs.FastMmio, 0xfee0_0123)));
        // What is known is not changed by what emulation touches later.
        vcpu.Vmcb = kernel.NewVmcb(8, 0xfee0_0000);
        Assert.Equal(mmio, One(svm, vcpu, 0x400, KernelSide.Svm, () => On(svm, vcpu, Programs.Mmio, 2, 4, 0x9_0000)));
        Set(vcpu, 1, 0);
        Assert.Equal(
            Qualifier.Of(4 | 8), One(vmx, vcpu, 48, KernelSide.Vmx, () =>
            {
                On(vmx, vcpu, Programs.PageFault, 0x5000, 4 | 1 << 3);
                Set(vcpu, 4 | 1 << 3, 0);
            }));
    }
}
