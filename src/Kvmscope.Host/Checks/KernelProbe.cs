using System.Runtime.InteropServices;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Checks;

/// <summary>What only the kernel itself can answer, not a file. Tests answer instead of it.</summary>
public interface IKernelProbe
{
    /// <summary>The machine as <c>uname -m</c> prints it: x86_64, aarch64, ….</summary>
    string Machine { get; }

    /// <summary>What the calling thread may do.</summary>
    CapabilitySet Effective { get; }

    /// <summary>Tries to load the smallest tracing program, and unloads it at once.</summary>
    /// <returns>0 if that works, otherwise the errno: EPERM if it is not permitted, ENOSYS if the kernel does not have bpf().</returns>
    int TryLoadProgram();
}

/// <summary>Asks the running kernel.</summary>
internal sealed class KernelProbe : IKernelProbe
{
    private const int BPF_PROG_LOAD = 5;
    private const uint BPF_PROG_TYPE_RAW_TRACEPOINT = 17;
    private const int NoSuchCall = 38;

    /// <inheritdoc/>
    public string Machine => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "x86_64",
        Architecture.Arm64 => "aarch64",
        Architecture.RiscV64 => "riscv64",
        Architecture other => other.ToString().ToLowerInvariant(),
    };

    /// <inheritdoc/>
    public CapabilitySet Effective => CapabilitySet.Effective;

    // Numbers of __NR_bpf in asm/unistd.h; arm64, riscv and loongarch share the generic table.
    private static nint BpfCall => RuntimeInformation.OSArchitecture == Architecture.X64 ? 321 : 280;

    /// <inheritdoc/>
    public unsafe int TryLoadProgram()
    {
        LiftMemlock();
        // r0 = 0; exit
        ulong* program = stackalloc ulong[] { 0xb7, 0x95 };
        fixed (byte* license = "GPL"u8)
        {
            var attributes = new LoadAttributes
            {
                prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
                insn_cnt = 2,
                insns = (ulong)program,
                license = (ulong)license,
            };
            nint fd = Interop.Libc.syscall_bpf(BpfCall, BPF_PROG_LOAD, &attributes, sizeof(LoadAttributes));
            if (fd < 0) return Marshal.GetLastPInvokeError() is var error and not 0 ? error : NoSuchCall;
            _ = Interop.Libc.close_raw((int)fd);
            return 0;
        }
    }

    // Kernels up to 5.10 count maps and programs as locked memory of the user, together with those of other tracers. libbpf
    // raises the limit too, but only when it loads. If raising it is not permitted, the load fails and says so.
    private static unsafe void LiftMemlock()
    {
        var unlimited = new Interop.Libc.rlimit { rlim_cur = ulong.MaxValue, rlim_max = ulong.MaxValue };
        _ = Interop.Libc.setrlimit(Interop.Libc.RLIMIT_MEMLOCK, &unlimited);
    }

    /// <summary>The head of union bpf_attr for BPF_PROG_LOAD (linux/bpf.h); the kernel takes the missing rest as zero.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LoadAttributes
    {
        internal uint prog_type;
        internal uint insn_cnt;
        internal ulong insns;
        internal ulong license;
        internal uint log_level;
        internal uint log_size;
        internal ulong log_buf;
        internal uint kern_version;
        internal uint prog_flags;
    }
}
