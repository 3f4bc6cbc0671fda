using System.Runtime.InteropServices;
using Kvmscope.Host.Interop;
using Kvmscope.Host.Tests.Tracing;

namespace Kvmscope.Host.Tests;

/// <summary>
/// A test that needs something of the machine. If that is missing, the test is skipped with the reason. If CI is set, it runs
/// nevertheless and fails, because nobody would notice a skip there; except where the machine has no KVM device, which no installation
/// would change.
/// </summary>
internal abstract class NeedsFactAttribute : FactAttribute
{
    protected NeedsFactAttribute(string? whyNot, bool isOfTheMachine = false)
    {
        if (isOfTheMachine || string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"))) Skip = whyNot;
    }

    protected static string? WhyNotRoot => Environment.IsPrivilegedProcess ? null : "needs root";

    protected static string? WhyNotTool(string? tool)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        return tool is null || folders.Any(folder => File.Exists(Path.Join(folder, tool))) ? null : $"needs {tool}";
    }
}

/// <summary>A test that needs root and this program.</summary>
internal sealed class PrivilegedFactAttribute(string? tool = null) : NeedsFactAttribute(WhyNotRoot ?? WhyNotTool(tool));

/// <summary>A test of a process without privileges: root needs setpriv to start one.</summary>
internal sealed class UnprivilegedFactAttribute() : NeedsFactAttribute(WhyNotRoot is null ? WhyNotTool("setpriv") : null);

/// <summary>A test that creates a VM.</summary>
internal sealed class KvmFactAttribute() : NeedsFactAttribute(WhyNot(), NoDevice)
{
    internal static bool NoDevice => !File.Exists("/dev/kvm");

    internal static string? WhyNot()
    {
        try { File.OpenHandle("/dev/kvm", FileMode.Open, FileAccess.ReadWrite).Dispose(); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return "needs /dev/kvm: " + e.Message; }
        return null;
    }
}

/// <summary>A test that loads BPF programs.</summary>
internal sealed class KernelFactAttribute() : NeedsFactAttribute(s_whyNot)
{
    internal static string? Missing => s_whyNot;

    private static readonly string? s_whyNot = WhyNot();

    private static unsafe string? WhyNot()
    {
        if (WhyNotRoot is { } why) return why;
        string[] files = ["/sys/kernel/btf/kvm", "/sys/kernel/btf/vmlinux"];
        if (!files.Any(file => File.Exists(file) && File.ReadAllBytes(file).AsSpan().IndexOf("btf_trace_kvm_exit"u8) >= 0))
            return "needs a kernel that has KVM and its BTF";
        int map;
        fixed (byte* name = "probe\0"u8) map = BpfCalls.bpf_map_create(2, name, 4, 4, 1, 0);
        if (map < 0) return "needs bpf(): " + Errno.Text(Marshal.GetLastPInvokeError());
        BpfCalls.close(map);
        return null;
    }
}

/// <summary>A test that loads BPF programs and creates a VM.</summary>
internal sealed class KernelKvmFactAttribute() : NeedsFactAttribute(
    KernelFactAttribute.Missing ?? KvmFactAttribute.WhyNot(), KernelFactAttribute.Missing is null && KvmFactAttribute.NoDevice);
