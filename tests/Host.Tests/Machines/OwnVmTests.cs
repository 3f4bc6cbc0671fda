using System.Runtime.InteropServices;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Machines;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Tests.Machines;

/// <summary>What the running kernel calls the files of a real VM.</summary>
public sealed partial class OwnVmTests
{
    // linux/kvm.h: _IO(KVMIO, 0x01) and _IO(KVMIO, 0x41)
    private const nuint KVM_CREATE_VM = 0xae01;
    private const nuint KVM_CREATE_VCPU = 0xae41;

    [KvmFact]
    public void A_vm_of_this_process_is_found()
    {
        using SafeFileHandle kvm = File.OpenHandle("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
        using var vm = new SafeFileHandle(ioctl(kvm, KVM_CREATE_VM, 0), ownsHandle: true);
        var scanner = new MachineScanner();
        Assert.False(scanner.HasVcpuFds(Environment.ProcessId));
        using var vcpu = new SafeFileHandle(ioctl(vm, KVM_CREATE_VCPU, 3), ownsHandle: true);
        Assert.True(scanner.HasVcpuFds(Environment.ProcessId));
        VirtualMachine machine = Assert.Single(scanner.Scan(), machine => machine.Pid == Environment.ProcessId);
        Assert.Equal(1, machine.VmCount);
        Assert.Equal([3], machine.VcpuIds.ToArray());
        Assert.Equal($"dotnet-{Environment.ProcessId}", machine.Name);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, nint argument);
}
