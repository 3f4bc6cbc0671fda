using System.Text;
using CsCheck;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tests.Machines;

public sealed class VmmCommandTests
{
    [Theory]
    // QEMU by hand, by libvirt, by Proxmox, by Kata, on RHEL, wrapped
    [InlineData("qemu-system-x86_64|-m|2G|-name|web", "qemu", "web")]
    [InlineData("/usr/bin/qemu-system-x86_64|--name|web", "qemu", "web")]
    [InlineData("/usr/bin/qemu-system-x86_64|-name|guest=db 1,debug-threads=on|-S", "qemu", "db 1")]
    [InlineData("/usr/bin/kvm|-id|100|-name|web,debug-threads=on|-no-shutdown", "qemu", "web")]
    [InlineData("/usr/bin/kvm|-id|100|-no-shutdown", "qemu", "100")]
    [InlineData("/opt/kata/bin/qemu-system-x86_64|-name|sandbox-0f,debug-threads=on", "qemu", "sandbox-0f")]
    [InlineData("/usr/libexec/qemu-kvm|-name|process=qemu:a,guest=b", "qemu", "b")]
    [InlineData("/nix/store/x/bin/.qemu-system-x86_64-wrapped|-name|n", "qemu", "n")]
    [InlineData("qemu-system-x86_64|-name|a,,b=c,debug-threads=on", "qemu", "a,b=c")]
    [InlineData("qemu-system-x86_64|-name|guest=a,,,,b", "qemu", "a,,b")]
    [InlineData("qemu-system-x86_64|-name|guest=one|-name|debug-threads=on|-name|guest=two", "qemu", "two")]
    [InlineData("qemu-system-x86_64|-name|debug-threads=on", "qemu", "qemu-system-x86_64")]
    [InlineData("qemu-system-x86_64|-name", "qemu", "qemu-system-x86_64")]
    [InlineData("qemu-system-x86_64|-name|", "qemu", "qemu-system-x86_64")]
    [InlineData("qemu-system-x86_64|-nam|x|-names|y", "qemu", "qemu-system-x86_64")]
    [InlineData("qemu-system-x86_64|-m|1G", "qemu", "qemu-system-x86_64")]
    // Firecracker, by itself and as the jailer starts it
    [InlineData("/usr/bin/firecracker|--api-sock|/tmp/f.sock|--id|vm-7", "firecracker", "vm-7")]
    [InlineData("firecracker-v1.7.0-x86_64|--id=vm-7", "firecracker", "vm-7")]
    [InlineData("/firecracker|--id|551e7604|--start-time-us|12|--config-file|c.json", "firecracker", "551e7604")]
    [InlineData("jailer|--id|j1|--exec-file|/usr/bin/firecracker|--|--id|other", "firecracker", "j1")]
    [InlineData("firecracker|--no-api|--|--id|x", "firecracker", "firecracker")]
    // Cloud Hypervisor has no name: its socket, its folder, its UUID
    [InlineData("cloud-hypervisor|--api-socket|/run/vms/web1.sock|--kernel|k", "cloud-hypervisor", "web1")]
    [InlineData("cloud-hypervisor|--api-socket=path=/run/vms/web1.sock", "cloud-hypervisor", "web1")]
    [InlineData("/opt/kata/bin/cloud-hypervisor|--api-socket|/run/vc/vm/4f3a/clh-api.sock", "cloud-hypervisor", "4f3a")]
    [InlineData("cloud-hypervisor|--api-socket|fd=3|--platform|num_pci_segments=2,uuid=11-22", "cloud-hypervisor", "11-22")]
    [InlineData("cloud-hypervisor|--api-socket|/tmp/cloud-hypervisor.sock|--platform|uuid=11-22", "cloud-hypervisor", "11-22")]
    [InlineData("cloud-hypervisor|--api-socket|/tmp/api.sock|--kernel|k", "cloud-hypervisor", "cloud-hypervisor")]
    [InlineData("cloud-hypervisor-static|--kernel|k", "cloud-hypervisor", "cloud-hypervisor-static")]
    // crosvm
    [InlineData("crosvm|run|--name|a|-s|/run/b.sock", "crosvm", "a")]
    [InlineData("crosvm|--log-level=debug|run|-s|/run/b.sock|k", "crosvm", "b")]
    [InlineData("crosvm|run|--socket=/run/vm/termina/crosvm_control.sock", "crosvm", "termina")]
    [InlineData("crosvm|run|k", "crosvm", "crosvm")]
    // kvmtool
    [InlineData("lkvm|run|--name|k1|-k|bzImage", "kvmtool", "k1")]
    [InlineData("lkvm-static|run|-n|k2", "kvmtool", "k2")]
    [InlineData("vm|run|--name=k3", "kvmtool", "k3")]
    [InlineData("vm|list|--name=k3", "vm", "vm")]
    // all others
    [InlineData("/usr/bin/myvmm|--name|no", "myvmm", "myvmm")]
    [InlineData("", "unknown", "unknown")]
    public void Names_the_vm(string arguments, string vmm, string name) =>
        Assert.Equal(new VmmCommand(vmm, name), Parse(arguments, ""));

    [Fact]
    public void A_process_that_renamed_itself_is_known_by_its_executable() =>
        Assert.Equal(new VmmCommand("qemu", "web"), Parse("my web server|-name|web", "/usr/bin/qemu-system-x86_64 (deleted)"));

    [Fact]
    public void A_process_without_arguments_is_called_by_its_executable() =>
        Assert.Equal(new VmmCommand("tinyvmm", "tinyvmm"), Parse("", "/opt/tinyvmm"));

    [Fact]
    public void A_name_cannot_reach_the_terminal() =>
        Assert.Equal("?]0;owned??[2J", Parse("qemu|-name|\u001b]0;owned\u0007\u001b[2J", "").Name);

    [Fact]
    public void Any_bytes_give_a_name_that_is_safe_to_show() => Gen.Select(Bytes, Bytes).Sample((cmdline, executable) =>
    {
        VmmCommand command = VmmCommand.Parse(cmdline, executable);
        Assert.True(IsSafe(command.Name), command.Name);
        Assert.True(IsSafe(command.Vmm), command.Vmm);
    });

    private static readonly Gen<byte[]> Bytes = Gen.OneOf(
        Gen.Byte.Array[0, 200],
        Words.Of("qemu", "\0", "-name", "--name", "guest=", ",", ",,", "=", "firecracker", "--id", "--id=", "cloud-hypervisor", "--api-socket",
                "path=", "/", ".sock", "--platform", "uuid=", "crosvm", "-s", "vm", "run", "--", "\u001b", "\u202e", "\U0001f600", "x")
            .Array[0, 20].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts))));

    internal static bool IsSafe(string name) =>
        name.Length is > 0 and <= DisplayName.MaxLength && !name.Any(c => char.IsControl(c) || c is '\u202e' or '\u2028') && name.Trim() == name;

    private static VmmCommand Parse(string arguments, string executable) => VmmCommand.Parse(
        Encoding.UTF8.GetBytes(arguments.Length == 0 ? "" : arguments.Replace('|', '\0') + '\0'), Encoding.UTF8.GetBytes(executable));
}
