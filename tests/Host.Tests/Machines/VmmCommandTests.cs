using System.Text;
using CsCheck;
using Kvmscope.Core.Model;
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
    [InlineData("qemu-system-x86_64|-name|web|-append|x|name|other", "qemu", "web")]
    [InlineData("qemu-system-x86_64|-name|debug-threads=on", "qemu", "qemu-system-x86_64-7")]
    [InlineData("qemu-system-x86_64|-name", "qemu", "qemu-system-x86_64-7")]
    [InlineData("qemu-system-x86_64|-name|", "qemu", "qemu-system-x86_64-7")]
    [InlineData("qemu-system-x86_64|-nam|x|-names|y", "qemu", "qemu-system-x86_64-7")]
    [InlineData("qemu-system-x86_64|-m|1G", "qemu", "qemu-system-x86_64-7")]
    // Firecracker, by itself and as the jailer starts it
    [InlineData("/usr/bin/firecracker|--api-sock|/tmp/f.sock|--id|vm-7", "firecracker", "vm-7")]
    [InlineData("firecracker-v1.7.0-x86_64|--id=vm-7", "firecracker", "vm-7")]
    [InlineData("/firecracker|--id|551e7604|--start-time-us|12|--config-file|c.json", "firecracker", "551e7604")]
    [InlineData("jailer|--id|j1|--exec-file|/usr/bin/firecracker|--|--id|other", "firecracker", "j1")]
    [InlineData("firecracker|--no-api|--|--id|x", "firecracker", "firecracker-7")]
    // Cloud Hypervisor has no name: its socket, its folder, its UUID
    [InlineData("cloud-hypervisor|--api-socket|/run/vms/web1.sock|--kernel|k", "cloud-hypervisor", "web1")]
    [InlineData("cloud-hypervisor|--api-socket=path=/run/vms/web1.sock", "cloud-hypervisor", "web1")]
    [InlineData("/opt/kata/bin/cloud-hypervisor|--api-socket|/run/vc/vm/4f3a/clh-api.sock", "cloud-hypervisor", "4f3a")]
    [InlineData("cloud-hypervisor|--api-socket|fd=3|--platform|num_pci_segments=2,uuid=11-22", "cloud-hypervisor", "11-22")]
    [InlineData("cloud-hypervisor|--api-socket|/tmp/cloud-hypervisor.sock|--platform|uuid=11-22", "cloud-hypervisor", "11-22")]
    [InlineData("cloud-hypervisor|--api-socket|/tmp/api.sock|--kernel|k", "cloud-hypervisor", "cloud-hypervisor-7")]
    [InlineData("cloud-hypervisor-static|--kernel|k", "cloud-hypervisor", "cloud-hypervisor-static-7")]
    // crosvm
    [InlineData("crosvm|run|--name|a|-s|/run/b.sock", "crosvm", "a")]
    [InlineData("crosvm|--log-level=debug|run|-s|/run/b.sock|k", "crosvm", "b")]
    [InlineData("crosvm|run|--socket=/run/vm/termina/crosvm_control.sock", "crosvm", "termina")]
    [InlineData("crosvm|run|k", "crosvm", "crosvm-7")]
    // kvmtool
    [InlineData("lkvm|run|--name|k1|-k|bzImage", "kvmtool", "k1")]
    [InlineData("lkvm-static|run|-n|k2", "kvmtool", "k2")]
    [InlineData("vm|run|--name=k3", "kvmtool", "k3")]
    [InlineData("vm|list|--name=k3", "vm", "vm-7")]
    // all others
    [InlineData("/usr/bin/myvmm|--name|no", "myvmm", "myvmm-7")]
    [InlineData("", "unknown", "unknown-7")]
    public void Names_the_vm(string arguments, string vmm, string name)
    {
        VmmCommand command = Parse(arguments);
        Assert.Equal((vmm, name), (command.Vmm, command.Name));
    }

    [Fact]
    public void Names_the_vm_on_the_command_lines_that_people_run()
    {
        string[] table = File.ReadAllLines(Path.Join(AppContext.BaseDirectory, "Machines", "command-lines.tsv"));
        List<string> wrong = [];
        foreach (string[] row in table.Where(line => line.Length > 0 && line[0] != '#').Skip(1).Select(line => line.Split('\t')))
        {
            // The kernel calls a process by its file until that renames itself.
            string file = Path.GetFileName(row[1].Length > 0 ? row[1] : row[0].Split('|')[0]);
            VmmCommand command = Parse(row[0], file[..Math.Min(15, file.Length)]);
            string name = row[3].Replace("$PID", "7", StringComparison.Ordinal);
            if ((command.Vmm, command.Name) != (row[2], name)) wrong.Add($"{row[0]}: {command}");
        }
        Assert.Equal("", string.Join('\n', wrong));
        Assert.True(table.Length > 60);
    }

    [Fact]
    public void Each_vmm_of_the_table_of_rules_has_a_command_line_and_a_line_in_the_docs()
    {
        string table = File.ReadAllText(Path.Join(AppContext.BaseDirectory, "Machines", "command-lines.tsv"));
        using var docs = new StreamReader(typeof(VmmCommandTests).Assembly.GetManifestResourceStream("list.md")!);
        string page = docs.ReadToEnd();
        Assert.All(VmmRules.All.Vmms, vmm => Assert.Contains($"\t{vmm}\t", table, StringComparison.Ordinal));
        Assert.All(VmmRules.All.Vmms, vmm => Assert.Contains($"| `{vmm}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Vms_that_nothing_names_have_a_name_each() =>
        Assert.NotEqual(Parse("qemu-system-x86_64|-m|1G", pid: 8).Name, Parse("qemu-system-x86_64|-m|1G", pid: 9).Name);

    [Fact]
    public void A_process_that_renamed_itself_is_known_by_what_the_kernel_calls_it() =>
        Assert.Equal(new VmmCommand("qemu", "web", new VmLabels { Vmm = "qemu" }), Parse("my web server|-name|web", "qemu-system-x86"));

    [Fact]
    public void A_process_without_arguments_is_called_as_the_kernel_calls_it() =>
        Assert.Equal(new VmmCommand("tinyvmm", "tinyvmm-7", new VmLabels { Vmm = "tinyvmm" }), Parse("", "tinyvmm"));

    [Fact]
    public void The_kernels_name_of_a_program_that_is_cut_is_no_other_program() =>
        Assert.Equal("containerd-shim-runc-v2", Parse("/usr/bin/containerd-shim-runc-v2|-id|x", "containerd-shim").Vmm);

    [Fact]
    public void A_config_file_names_the_vm_and_its_own_name_does_where_it_says_nothing()
    {
        const string arguments = "/usr/bin/qemu-system-x86_64|-readconfig|/etc/vm/web.cfg";
        const string config = "# qemu\n[machine]\n  guest = \"no\"\n"
            + "[ name ]\n[name]\n\tdebug-threads = \"on\"\r\n  guest = \"shop 1\"\r\n[drive]\n guest = \"no\"\n";
        Assert.Equal("shop 1", Parse(arguments, config: config).Name);
        Assert.Equal("web", Parse(arguments, config: "[machine]\n  type = \"q35\"\n").Name);
        Assert.Equal("given", Parse(arguments + "|-name|given", config: config).Name);
    }

    private const string Uuid = "77046f18-e107-48e7-939c-57eba163c478";

    [Theory]
    [InlineData("/usr/bin/qemu-system-x86_64|-name|a|-uuid|77046F18-e107-48e7-939c-57eba163c478", Uuid, null)]
    [InlineData("/usr/bin/kvm|-id|103|-smbios|type=1,uuid=" + Uuid + "|-name|a", Uuid, "103")]
    [InlineData("/usr/bin/kvm|-id|103|-smbios|type=1,uuid=0380|-name|a", null, "103")]
    [InlineData("cloud-hypervisor|--api-socket|a.sock|--platform|num_pci_segments=2,uuid=" + Uuid, Uuid, null)]
    [InlineData("VBoxHeadless|--comment|a|--startvm|1d190423-6b50-4f11-973a-a7416c0e1ba6", "1d190423-6b50-4f11-973a-a7416c0e1ba6", null)]
    [InlineData("qemu-system-x86_64|-name|a", null, null)]
    public void Tells_the_uuid_and_proxmoxs_number(string arguments, string? uuid, string? vmid)
    {
        VmmCommand command = Parse(arguments);
        Assert.Equal(new VmLabels { Vmm = command.Vmm, Uuid = uuid, Vmid = vmid }, command.Labels);
        Assert.Equal("a", command.Name);
    }

    // kubevirt/kubevirt, issue 6195, without most devices.
    private const string KubeVirt = "/usr/libexec/qemu-kvm|-name|guest=default_ubuntu,debug-threads=on|-S"
        + "|-object|secret,id=masterKey0,format=raw,file=/var/lib/libvirt/qemu/domain-1-default_ubuntu/master-key.aes"
        + "|-machine|pc-q35-rhel8.4.0,accel=kvm|-uuid|ab783dca-899e-5895-bf27-c32281f15f9a"
        + "|-smbios|type=1,manufacturer=KubeVirt,product=None,uuid=ab783dca-899e-5895-bf27-c32281f15f9a,family=KubeVirt";

    private const string PodUid = "2f0c8a1e-5a55-4c39-9f0e-0c8f2d1b7a10";
    private const string SystemdGroup = "0::/kubepods.slice/kubepods-burstable.slice/"
        + "kubepods-burstable-pod2f0c8a1e_5a55_4c39_9f0e_0c8f2d1b7a10.slice/cri-containerd-9a.scope\n";

    [Theory]
    // KubeVirt, by what it tells the guest or by its folders; the cgroups of both drivers
    [InlineData(KubeVirt, SystemdGroup, "default", PodUid)]
    [InlineData(KubeVirt, "9:cpu:/\n4:memory:/kubepods/besteffort/pod" + PodUid + "/77\n", "default", PodUid)]
    [InlineData(KubeVirt, "0::/\n", "default", null)]
    [InlineData("qemu-kvm|-name|guest=ns1_a|-blockdev|{\"filename\":\"/var/run/kubevirt/container-disks/disk_0.img\"}", "", "ns1", null)]
    // libvirt's guests are called as their owners like, also in a pod (OpenStack on Kubernetes)
    [InlineData("qemu-kvm|-name|guest=my_vm", "0::/machine.slice/machine-qemu.scope\n", null, null)]
    [InlineData("qemu-kvm|-name|guest=my_vm", SystemdGroup, null, PodUid)]
    [InlineData("qemu-kvm|-name|guest=My_vm|-smbios|type=1,manufacturer=KubeVirt", "", null, null)]
    [InlineData("qemu-kvm|-name|guest=-a_vm|-smbios|type=1,manufacturer=KubeVirt", "", null, null)]
    [InlineData("qemu-kvm|-name|guest=_vm|-smbios|type=1,manufacturer=KubeVirt", "", null, null)]
    // kvmscope in a pod: paths from its own cgroup, by either driver, and of a pod of its own class or of another
    [InlineData(KubeVirt, "0::/../../kubepods-burstable-pod2f0c8a1e_5a55_4c39_9f0e_0c8f2d1b7a10.slice/cri-containerd-9a.scope\n",
        "default", PodUid)]
    [InlineData(KubeVirt, "0::/../../pod" + PodUid + "/9a\n", "default", PodUid)]
    [InlineData(KubeVirt, "0::/../../../besteffort/pod" + PodUid + "/9a\n", "default", PodUid)]
    [InlineData(KubeVirt, "0::/pod" + PodUid + "/9a\n", "default", null)]
    [InlineData(KubeVirt, "0::/../../../../system.slice/containerd.service\n", "default", null)]
    // Kata: the sandbox, and the pod where its cgroup is in it
    [InlineData("qemu|-name|sandbox-e5|-qmp|unix:/run/vc/vm/e5/qmp.sock,server", "0::/x\n", null, "e5")]
    [InlineData("qemu|-name|sandbox-e5|-qmp|unix:/run/vc/vm/e5/qmp.sock,server", "0::/kubepods/pod" + PodUid + "/kata_e5\n", null, PodUid)]
    // its cgroup for what is not the pod's; the runtime in Rust, and the race in which QEMU stays with containerd
    [InlineData("qemu|-name|sandbox-e5|-qmp|unix:/run/vc/vm/e5/qmp.sock,server=on,wait=off", "0::/kata_overhead/e5\n", null, "e5")]
    [InlineData("qemu|-chardev|socket,id=charconsole0,server=on,wait=off,path=/run/kata/ea/root/console.sock",
        "0::/system.slice/containerd.service\n", null, "ea")]
    [InlineData("qemu|-chardev|socket,id=c,path=/run/kata/ea/root/console.sock", SystemdGroup, null, PodUid)]
    [InlineData("qemu|-fsdev|local,id=x,path=/run/kata-containers/shared/sandboxes/ea", "", null, null)]
    [InlineData("cloud-hypervisor|--api-socket|/run/kata/eb/ch-api.sock", "", null, "eb")]
    [InlineData("firecracker|--api-sock|/run/kata/ec/run/fc.sock", "", null, "ec")]
    [InlineData("firecracker|--api-sock|/run/kata/firecracker/ed/root/run/fc.sock", "", null, "ed")]
    [InlineData("cloud-hypervisor|--api-socket|/run/vc/vm/e6/clh.sock", "", null, "e6")]
    [InlineData("firecracker|--api-sock|/run/vc/firecracker/e7/root/run/firecracker.socket", "", null, "e7")]
    [InlineData("containerd-shim-kata-v2|-namespace|k8s.io|-id|e8", "", null, "e8")]
    [InlineData("runsc-sandbox|boot|e9", "0::/kubepods-podx.slice/pod12/kubepods-pod.slice\n", null, null)]
    public void Tells_the_namespace_and_the_pod(string arguments, string cgroup, string? space, string? pod) =>
        Assert.Equal((space, pod), (Parse(arguments, cgroup: cgroup).Labels.Namespace, Parse(arguments, cgroup: cgroup).Labels.Pod));

    [Fact]
    public void A_process_that_is_gone_is_called_as_the_kernel_called_it()
    {
        Assert.Equal(new VmmCommand("firecracker", "firecracker-207", new VmLabels { Vmm = "firecracker" }),
            VmmCommand.OfComm("firecracker\0\0\0\0\0"u8, 207));
        Assert.Equal("qemu-system-x86-207", VmmCommand.OfComm("qemu-system-x86\0"u8, 207).Name);
        Assert.Equal("pid-207", VmmCommand.OfComm([], 207).Name);
    }

    [Fact]
    public void A_name_is_whole_and_the_outputs_make_it_safe()
    {
        Assert.Equal("\u001b]0;owned\u0007\u001b[2J", Parse("qemu|-name|\u001b]0;owned\u0007\u001b[2J").Name);
        string longName = string.Join('-', Enumerable.Repeat("part", 100));
        Assert.Equal(longName, Parse($"qemu|-name|{longName}").Name);
    }

    [Fact]
    public void Any_bytes_give_a_name() => Gen.Select(Bytes, Bytes, Bytes).Sample((cmdline, comm, other) =>
    {
        VmmCommand command = VmmCommand.Parse(new VmmProcess(7, cmdline, comm, other), _ => other);
        Assert.True(IsBounded(command.Name), command.Name);
        Assert.True(IsBounded(command.Vmm), command.Vmm);
    });

    private static readonly Gen<byte[]> Bytes = Gen.OneOf(
        Gen.Byte.Array[0, 200],
        Words.Of("qemu", "\0", "-name", "--name", "guest=", ",", ",,", "=", "firecracker", "--id", "--id=", "cloud-hypervisor",
                "--api-socket",
                "path=", "/", ".sock", "--platform", "uuid=", "crosvm", "-s", "vm", "run", "--", "\u001b", "\u202e", "\U0001f600", "x",
                "-readconfig", "[name]", "\n", "guest", "kubepods", "pod", "krunvm", "start", "-", "@", "microvm@", "runsc", "solo5-hvt")
            .Array[0, 20].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts))));

    // With the pid of a VM that nothing names.
    private static bool IsBounded(string name) =>
        name.Length is > 0 and <= DisplayName.MaxLength + 2 && name.Trim() == name;

    private static VmmCommand Parse(string arguments, string comm = "", string cgroup = "", string? config = null, int pid = 7) =>
        VmmCommand.Parse(
            new VmmProcess(pid, Encoding.UTF8.GetBytes(arguments.Length == 0 ? "" : arguments.Replace('|', '\0') + '\0'),
                Encoding.UTF8.GetBytes(comm), Encoding.UTF8.GetBytes(cgroup)),
            _ => config is null ? null : Encoding.UTF8.GetBytes(config));
}
