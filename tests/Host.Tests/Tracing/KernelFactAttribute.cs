using System.Runtime.InteropServices;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>A test that loads BPF programs; where that cannot be it is skipped, with the reason, but not for root under CI.</summary>
internal sealed class KernelFactAttribute : FactAttribute
{
    private static readonly string? s_whyNot = WhyNot();

    public KernelFactAttribute()
    {
        bool mustRun = Environment.IsPrivilegedProcess && Environment.GetEnvironmentVariable("CI") == "true";
        if (!mustRun) Skip = s_whyNot;
    }

    private static unsafe string? WhyNot()
    {
        if (!Environment.IsPrivilegedProcess) return "needs root";
        string? kvm = new[] { "/sys/kernel/btf/kvm", "/sys/kernel/btf/vmlinux" }.FirstOrDefault(file => File.Exists(file) && File.ReadAllBytes(file).AsSpan().IndexOf("btf_trace_kvm_exit"u8) >= 0);
        if (kvm is null) return "needs a kernel that has KVM and its BTF";
        int map;
        fixed (byte* name = "probe\0"u8) map = BpfCalls.bpf_map_create(2, name, 4, 4, 1, 0);
        if (map < 0) return "needs bpf(): " + Errno.Text(Marshal.GetLastPInvokeError());
        BpfCalls.close(map);
        return null;
    }
}
