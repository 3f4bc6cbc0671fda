using System.Runtime.InteropServices;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Machines;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Tests.Machines;

public sealed partial class MachineScannerTests
{
    private const string Vm = "anon_inode:kvm-vm";

    [Fact]
    public void Finds_processes_with_kvm_files_by_pid()
    {
        using var proc = new TempTree();
        proc.Process(300, ["qemu-system-x86_64", "-name", "guest=web,debug-threads=on"],
                ["/dev/null", "/dev/kvm", Vm, "anon_inode:kvm-vcpu:2", "anon_inode:kvm-vcpu:0", "anon_inode:kvm-vcpu-stats:0",
                "anon_inode:[eventfd]"])
            .Process(20, ["/firecracker", "--id", "fc1"], [Vm, "anon_inode:kvm-vcpu:0"])
            .Process(5, ["bash"], ["/dev/pts/0", "/dev/kvm", "socket:[123]"])
            .Process(2, [], [])
            .File("cpuinfo", "flags : svm\n").Folder("self/fd").Folder("0/fd").Folder("12x/fd").Link("self/fd/0", Vm);
        IReadOnlyList<VirtualMachine> machines = new MachineScanner(proc.Root).Scan();
        Assert.Equal([20, 300], machines.Select(machine => machine.Pid));
        Assert.Equal(("fc1", "firecracker", 1), (machines[0].Name, machines[0].Vmm, machines[0].VmCount));
        Assert.Equal(("web", "qemu", 1), (machines[1].Name, machines[1].Vmm, machines[1].VmCount));
        Assert.Equal([0, 2], machines[1].VcpuIds.ToArray());
    }

    [Fact]
    public void Two_vms_in_one_process_are_counted()
    {
        using var proc = new TempTree();
        proc.Process(9, ["test"], [Vm, "anon_inode:kvm-vcpu:0", Vm, "anon_inode:kvm-vcpu:0"]);
        VirtualMachine machine = Assert.Single(new MachineScanner(proc.Root).Scan());
        Assert.Equal(2, machine.VmCount);
        Assert.Equal([0, 0], machine.VcpuIds.ToArray());
    }

    [Fact]
    public void Descriptors_of_one_vcpu_are_one_vcpu()
    {
        using var proc = new TempTree();
        // Two VMs, each with the vCPUs 0 and 1; the first one's vCPU 0 and the second VM many times.
        string[] vcpus = ["anon_inode:kvm-vcpu:0", "anon_inode:kvm-vcpu:1"];
        string[] copies = [.. Enumerable.Repeat(vcpus[0], 5_000)];
        proc.Process(9, ["test"], [Vm, .. vcpus, Vm, .. vcpus, .. copies, Vm, Vm, Vm]);
        // Which file is behind a descriptor: those from 6 on are copies.
        static int FileOf(int descriptor) => descriptor < 6 ? descriptor : descriptor < 5_006 ? 1 : 3;
        int comparisons = 0;
        VirtualMachine machine = Assert.Single(new MachineScanner(proc.Root, (pid, a, b) =>
        {
            Assert.Equal(9, pid);
            comparisons++;
            return FileOf(a).CompareTo(FileOf(b));
        }).Scan());
        Assert.Equal(2, machine.VmCount);
        Assert.Equal([0, 0, 1, 1], machine.VcpuIds.ToArray());
        Assert.InRange(comparisons, 1, 20_000);
    }

    [Fact]
    public void Where_descriptors_cannot_be_compared_a_vm_has_an_id_once()
    {
        using var proc = new TempTree();
        proc.Process(9, ["test"], [Vm, .. Enumerable.Repeat("anon_inode:kvm-vcpu:0", 60), "anon_inode:kvm-vcpu:7"]);
        Assert.Equal([0, 7], Assert.Single(new MachineScanner(proc.Root).Scan()).VcpuIds.ToArray());
    }

    [Fact]
    public void The_kernel_tells_descriptors_of_one_file_from_those_of_another()
    {
        string path = Path.GetTempFileName();
        try
        {
            SafeFileHandle[] files = [.. Enumerable.Range(0, 20).Select(_ => File.OpenHandle(path))];
            int[] own = [.. files.Select(f => (int)f.DangerousGetHandle())];
            int[] copies = [.. own.SelectMany(f => Enumerable.Range(0, 10).Select(_ => dup(f)))];
            int[] all = [.. copies, .. own];
            Random.Shared.Shuffle(all);
            Assert.Equal(20, OpenFiles.CountDistinct(Environment.ProcessId, all, OpenFiles.Kcmp));
            foreach (int copy in copies) new SafeFileHandle(copy, ownsHandle: true).Dispose();
            Assert.Null(OpenFiles.CountDistinct(Environment.ProcessId, [own[0], int.MaxValue], OpenFiles.Kcmp));
            foreach (SafeFileHandle file in files) file.Dispose();
        }
        finally
        {
            File.Delete(path);
        }
    }

    [LibraryImport("libc")]
    private static partial int dup(int descriptor);

    [Fact]
    public void Vcpus_without_ids_are_numbered_and_a_closed_vm_file_counts()
    {
        using var proc = new TempTree();
        proc.Process(9, ["old"], ["anon_inode:kvm-vcpu", "anon_inode:kvm-vcpu", "anon_inode:kvm-vcpu"]);
        VirtualMachine machine = Assert.Single(new MachineScanner(proc.Root).Scan());
        Assert.Equal(1, machine.VmCount);
        Assert.Equal([0, 1, 2], machine.VcpuIds.ToArray());
    }

    [Fact]
    public void More_processes_and_files_than_a_buffer_holds_are_all_seen()
    {
        using var proc = new TempTree();
        for (int pid = 1000; pid < 1700; pid++) proc.Folder($"{pid}/fd");
        string[] vcpus = [.. Enumerable.Range(0, 700).Select(id => $"anon_inode:kvm-vcpu:{id}")];
        proc.Process(1699, ["qemu", "-name", "big"], [Vm, .. vcpus]);
        VirtualMachine machine = Assert.Single(new MachineScanner(proc.Root).Scan());
        Assert.Equal(Enumerable.Range(0, 700), machine.VcpuIds.ToArray());
    }

    [Fact]
    public void A_process_that_vanishes_half_read_is_skipped_or_unnamed()
    {
        using var proc = new TempTree();
        proc.Folder("8").Folder("9/fd").Link("9/fd/3", Vm);
        VirtualMachine machine = Assert.Single(new MachineScanner(proc.Root).Scan());
        Assert.Equal((9, "unknown-9"), (machine.Pid, machine.Name));
        Assert.Null(new MachineScanner(proc.Root).Inspect(8));
        Assert.Empty(new MachineScanner(proc.Root + "/none").Scan());
    }

    [Fact]
    public void Tells_whether_a_process_holds_vcpus()
    {
        using var proc = new TempTree();
        proc.Process(1, ["a"], [Vm, "anon_inode:kvm-vcpu:0"]).Process(2, ["b"], [Vm, "/dev/null"]);
        var scanner = new MachineScanner(proc.Root);
        Assert.True(scanner.HasVcpuFds(1));
        Assert.False(scanner.HasVcpuFds(2));
        Assert.Null(scanner.HasVcpuFds(3));
    }

    [Fact]
    public void A_process_that_may_not_be_read_is_noted()
    {
        using var proc = new TempTree();
        proc.Process(1, ["a"], [Vm]).Process(2, ["b"], [Vm]);
        // Root ignores modes, so what stands for it is a file that is no link: reading it as one gives no text either.
        Directory.Delete(Path.Join(proc.Root, "2/fd"), recursive: true);
        proc.File("2/fd/0", "");
        var scanner = new MachineScanner(proc.Root);
        Assert.Single(scanner.Scan());
        Assert.Equal(1, scanner.Unreadable);
        Assert.Null(scanner.HasVcpuFds(2));
        Assert.Equal(1, scanner.Unreadable);
    }

    [Fact]
    public void One_link_that_cannot_be_read_hides_no_vm()
    {
        // A descriptor that was closed meanwhile, for instance; before and after the others.
        using var proc = new TempTree();
        proc.Process(2, ["b"], [Vm, "anon_inode:kvm-vcpu:0"]).File("2/fd/7", "").File("2/fd/00", "");
        proc.Process(3, ["c"], ["/dev/null"]).File("3/fd/7", "");
        var scanner = new MachineScanner(proc.Root);
        Assert.Equal(2, Assert.Single(scanner.Scan()).Pid);
        Assert.Equal(0, scanner.Unreadable);
        Assert.Equal((true, false), (scanner.HasVcpuFds(2), scanner.HasVcpuFds(3)));
    }

    [Fact]
    public void This_hosts_own_proc_can_be_scanned() => Assert.NotNull(new MachineScanner().Scan());
}
