using System.Runtime.InteropServices;
using Kvmscope.Core;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Guests.Kvm;

/// <summary>/dev/kvm, open.</summary>
internal sealed unsafe class KvmDevice : IDisposable
{
    internal const string Path = "/dev/kvm";

    private readonly SafeFileHandle _handle;

    private KvmDevice(SafeFileHandle handle)
    {
        _handle = handle;
        RunAreaSize = (nuint)Control(handle, KvmApi.KVM_GET_VCPU_MMAP_SIZE, 0, "KVM_GET_VCPU_MMAP_SIZE");
    }

    /// <summary>The size of a vCPU's mapping.</summary>
    internal nuint RunAreaSize { get; }

    /// <summary>Opens the device.</summary>
    /// <exception cref="KvmscopeException">It does not exist or has another version (status 3), or is not permitted (status 4).</exception>
    internal static KvmDevice Open()
    {
        int fd = Libc.OpenDevice(Path, Libc.O_RDWR | Libc.O_CLOEXEC);
        if (fd < 0) throw OpenFailed(Marshal.GetLastPInvokeError());
        var handle = new SafeFileHandle(fd, ownsHandle: true);
        int version = Libc.Ioctl(handle, KvmApi.KVM_GET_API_VERSION, 0);
        if (version == KvmApi.ApiVersion) return new KvmDevice(handle);
        handle.Dispose();
        throw new KvmscopeException(ExitStatus.HostUnsupported, $"{Path} has API version {version}, not {KvmApi.ApiVersion}");
    }

    /// <summary>Creates a VM.</summary>
    internal KvmVm CreateVm() =>
        new(this, new SafeFileHandle(Control(_handle, KvmApi.KVM_CREATE_VM, 0, "KVM_CREATE_VM"), ownsHandle: true));

    /// <summary>Fills a struct kvm_cpuid2 with everything that KVM can offer a guest.</summary>
    internal void GetSupportedCpuid(byte[] cpuid2)
    {
        MemoryMarshal.Write(cpuid2, KvmApi.CpuidEntries);
        fixed (byte* argument = cpuid2) Control(_handle, KvmApi.KVM_GET_SUPPORTED_CPUID, (nint)argument, "KVM_GET_SUPPORTED_CPUID");
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    /// <summary>An ioctl that must succeed: an error becomes an exception here.</summary>
    internal static int Control(SafeFileHandle handle, nuint request, nint argument, string name)
    {
        int result = Libc.Ioctl(handle, request, argument);
        if (result >= 0) return result;
        throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: {name}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static KvmscopeException OpenFailed(int errno) => errno switch
    {
        Libc.ENOENT => new(
            ExitStatus.HostUnsupported, $"{Path} does not exist: no KVM on this host", "load kvm_intel or kvm_amd (modprobe)"),
        Libc.EACCES or Libc.EPERM => new(
            ExitStatus.NotPermitted, $"no permission to open {Path}", "run as root or as a member of the group that owns it (often kvm)"),
        _ => new(ExitStatus.HostUnsupported, $"{Path} cannot be opened: {Marshal.GetPInvokeErrorMessage(errno)}"),
    };
}
