using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Interop;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>
/// What the programs read of the kernel, with content that the test writes: vCPUs, VMs and VMCBs in the memory of a BPF map, which is the
/// kernel's and which the test maps; and fields of the current thread that system calls set. The types are <see cref="KernelTypes"/>'s.
/// </summary>
internal sealed unsafe class FakeKernel : IDisposable
{
    private const int Bytes = 1 << 16, MapArray = 2, MapMmapable = 1 << 10, RawTracepoint = 17;
    private readonly int _map;
    private readonly MappedTable<ulong> _memory;
    private readonly string _types = Path.GetTempFileName();
    private int _used = 64;

    internal FakeKernel(KernelKind kind = KernelKind.Usual)
    {
        Kind = kind;
        File.WriteAllBytes(_types, KernelTypes.Of(kind));
        BpfCalls.bpf_map_create_opts options = new() { sz = (nuint)sizeof(BpfCalls.bpf_map_create_opts), map_flags = MapMmapable };
        fixed (byte* name = "fake_kernel\0"u8) _map = BpfCalls.bpf_map_create(MapArray, name, 4, Bytes, 1, (nint)(&options));
        if (_map < 0) throw new InvalidOperationException(Errno.Text(Marshal.GetLastPInvokeError()));
        _memory = new MappedTable<ulong>(_map, Bytes / 8);
        TellAddresses();
    }

    internal KernelKind Kind { get; }

    /// <summary>The file with the types.</summary>
    internal string TypesPath => _types;

    /// <summary>The mm_struct of this process.</summary>
    internal ulong OwnMemory => _memory[1];

    /// <summary>A new VM of this process: the address of its struct kvm.</summary>
    internal ulong NewVm()
    {
        ulong vm = Take(64);
        At<ulong>(vm, KernelTypes.Mm) = OwnMemory;
        return vm;
    }

    /// <summary>A new vCPU.</summary>
    internal FakeVcpu NewVcpu(int id, ulong? vm = null) => new(this, Take(KernelTypes.VcpuSize)) { Id = id, Vm = vm ?? NewVm() };

    /// <summary>A new struct vmcb.</summary>
    internal ulong NewVmcb(ulong info1, ulong info2 = 0)
    {
        ulong vmcb = Take(128);
        At<ulong>(vmcb, KernelTypes.VmcbInfo1) = info1;
        At<ulong>(vmcb, KernelTypes.VmcbInfo2) = info2;
        return vmcb;
    }

    /// <summary>A field of what is at this address.</summary>
    internal ref T At<T>(ulong address, int offset) where T : unmanaged
    {
        ulong at = address - _memory[0] + (ulong)offset;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(at, (ulong)(Bytes - sizeof(T)));
        return ref Unsafe.As<ulong, T>(ref Unsafe.AddByteOffset(ref _memory[0], (nuint)at));
    }

    private ulong Take(int bytes)
    {
        ulong at = _memory[0] + (ulong)_used;
        _used += bytes;
        return at;
    }

    // A program that writes where the map is in the kernel, and the thread's mm, into the map. Instructions are as in linux/bpf.h.
    private void TellAddresses()
    {
        ulong* program = stackalloc ulong[12]
        {
            Instruction(0x85, 0, 0, 0, 35), // r0 = bpf_get_current_task()
            Instruction(0xbf, 3, 0), // r3 = r0
            Instruction(0x07, 3, 0, 0, KernelTypes.TaskField("mm")), // r3 += offset
            Instruction(0x18, 7, 2, 0, _map), Instruction(0, 0, 0), // r7 = the map's only value
            Instruction(0x7b, 7, 7), // *(u64 *)r7 = r7
            Instruction(0xbf, 1, 7), // r1 = r7
            Instruction(0x07, 1, 0, 0, 8), // r1 += 8
            Instruction(0xb7, 2, 0, 0, 8), // r2 = 8
            Instruction(0x85, 0, 0, 0, 113), // bpf_probe_read_kernel(r1, r2, r3)
            Instruction(0xb7, 0, 0), // return 0
            Instruction(0x95, 0, 0),
        };
        int loaded;
        fixed (byte* name = "tell\0"u8, license = "GPL\0"u8)
            loaded = BpfCalls.bpf_prog_load(RawTracepoint, name, license, program, 12, 0);
        if (loaded < 0) throw new InvalidOperationException(Errno.Text(Marshal.GetLastPInvokeError()));
        KernelSide.Run(loaded, null, 0);
        BpfCalls.close(loaded);
    }

    private static ulong Instruction(byte code, int to, int from, short offset = 0, int value = 0) =>
        code | (ulong)(to | from << 4) << 8 | (ulong)(ushort)offset << 16 | (ulong)(uint)value << 32;

    public void Dispose()
    {
        _memory.Dispose();
        BpfCalls.close(_map);
        File.Delete(_types);
    }
}

/// <summary>A struct kvm_vcpu, with what vcpu_vmx and vcpu_svm have besides.</summary>
internal sealed class FakeVcpu(FakeKernel kernel, ulong address)
{
    internal const int Rax = 0, Rcx = 1, Rip = 16;

    /// <summary>How <see cref="KernelSide"/> names vCPUs.</summary>
    public static implicit operator ulong(FakeVcpu vcpu) => vcpu.Address / 8;

    internal ulong Address => address;

    internal int Id { set => Field<int>(KernelTypes.Id) = value; }

    internal ulong Vm { get => Field<ulong>(KernelTypes.Kvm); set => Field<ulong>(KernelTypes.Kvm) = value; }

    internal ulong Vmcb { set => Field<ulong>(KernelTypes.Vmcb) = value; }

    internal ulong PolledNs { set => Field<ulong>(KernelTypes.PollSuccess) = value; }

    internal bool IsHalted
    {
        set
        {
            if (kernel.Kind == KernelKind.Old) Field<int>(KernelTypes.MpState) = value ? 3 : 0;
            else Field<ulong>(KernelTypes.Blocking) = value ? 1u : 0;
        }
    }

    internal bool IsInL2
    {
        set
        {
            if (kernel.Kind == KernelKind.Old) Field<uint>(KernelTypes.Hflags) = value ? 1u << 5 : 0;
            else Field<ulong>(KernelTypes.GuestMode) = value ? 1u : 0;
        }
    }

    internal ulong this[int register] { set => Field<ulong>(KernelTypes.Regs + 8 * register) = value; }

    internal ref T Field<T>(int at) where T : unmanaged => ref kernel.At<T>(address, at);
}

/// <summary>Sets fields of the current thread that stand for others in <see cref="KernelTypes"/>, until it is disposed.</summary>
internal readonly unsafe ref struct FakeThread : IDisposable
{
    private const int SetDeathSignal = 1, SetTimerSlack = 29;
    private static readonly bool s_isX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private readonly nint _list, _length;

    /// <summary>Sets them.</summary>
    /// <param name="loaded">The vCPU that is loaded on the thread: its preempt notifier is registered.</param>
    /// <param name="isRunnable">Whether the thread is on a run queue.</param>
    /// <param name="runDelayNs">How long the thread has waited for a CPU so far; not 0.</param>
    internal static FakeThread With(FakeVcpu? loaded = null, bool isRunnable = true, ulong runDelayNs = 1)
    {
        nint list, length;
        Assert.Equal(0, Libc.syscall3(s_isX64 ? 274 : 100, 0, (nint)(&list), (nint)(&length)));
        if (loaded is not null) SetList((nint)loaded.Address + KernelTypes.Notifier, length);
        Libc.prctl_privileges(SetDeathSignal, isRunnable ? 1u : 0, 0, 0, 0);
        Libc.prctl_privileges(SetTimerSlack, (nuint)runDelayNs, 0, 0, 0);
        return new FakeThread(list, length);
    }

    private FakeThread(nint list, nint length) => (_list, _length) = (list, length);

    private static void SetList(nint list, nint length) => Assert.Equal(0, Libc.syscall3(s_isX64 ? 273 : 99, list, length, 0));

    public void Dispose()
    {
        SetList(_list, _length);
        Libc.prctl_privileges(SetDeathSignal, 0, 0, 0, 0);
        Libc.prctl_privileges(SetTimerSlack, 0, 0, 0, 0);
    }
}
