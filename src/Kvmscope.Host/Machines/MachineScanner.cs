using System.Buffers.Text;
using System.Collections.Immutable;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Interop;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Machines;

/// <summary>
/// Finds the processes that hold VMs by what they have open (anon_inode:kvm-vm, anon_inode:kvm-vcpu), whatever the VMM and
/// however its threads are called. Pids are those of the procfs it is given.
/// </summary>
public sealed class MachineScanner
{
    private const int DirectoryBuffer = 16 * 1024, StatBytes = 1024;

    private readonly ProcRoot _proc;
    private readonly byte[] _processes = new byte[DirectoryBuffer];
    private readonly byte[] _files = new byte[DirectoryBuffer];
    private readonly VmmCommandReader _commands;

    /// <summary>Makes a scanner; it may be used again, from one thread at a time.</summary>
    /// <param name="procRoot">Where procfs is mounted.</param>
    public MachineScanner(string procRoot = "/proc")
    {
        _proc = new ProcRoot(procRoot);
        _commands = new VmmCommandReader(_proc);
    }

    /// <summary>How many processes the last <see cref="Scan"/> could not look into: other users', whose VMs are missing.</summary>
    public int Unreadable { get; private set; }

    /// <summary>Looks through all processes.</summary>
    /// <returns>Those that hold a VM or a vCPU, by pid.</returns>
    public IReadOnlyList<VirtualMachine> Scan()
    {
        Unreadable = 0;
        var found = new List<VirtualMachine>();
        using SafeFileHandle root = _proc.Open(out int error);
        if (error != 0) return found;
        var processes = new DirectoryReader(root, _processes);
        while (processes.MoveNext())
        {
            ReadOnlySpan<byte> name = processes.Current;
            if (!Utf8Parser.TryParse(name, out int pid, out int used) || used != name.Length || pid <= 0) continue;
            if (Inspect(pid) is { } machine) found.Add(machine);
        }
        found.Sort(static (a, b) => a.Pid.CompareTo(b.Pid));
        return found;
    }

    /// <summary>Looks at one process; null where it holds no VM, is gone, or may not be looked into.</summary>
    public VirtualMachine? Inspect(int pid)
    {
        var ids = new VcpuIdList();
        if (!Walk(pid, ref ids, firstVcpuOnly: false, out int vms)) return null;
        VmmCommand command = _commands.Read(pid);
        // A vCPU keeps its VM alive, so a VMM may have closed the VM's own file.
        return new VirtualMachine(pid, command.Name, command.Vmm, Math.Max(vms, 1), ids.Sorted()) { Labels = command.Labels };
    }

    /// <summary>Whether the process holds a vCPU. Null where that cannot be known: it is gone, or another user's.</summary>
    public bool? HasVcpuFds(int pid)
    {
        var ids = new VcpuIdList();
        int unreadable = Unreadable;
        Walk(pid, ref ids, firstVcpuOnly: true, out int vms);
        bool refused = Unreadable != unreadable || vms < 0;
        Unreadable = unreadable;
        return refused ? null : ids.Count > 0;
    }

    /// <summary>Walks the open files; false where none is a VM or a vCPU.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="ids">Takes the ids of vCPUs.</param>
    /// <param name="firstVcpuOnly">Whether to stop at the first vCPU.</param>
    /// <param name="vms">How many VMs there are; -1 where the files could not be read.</param>
    private bool Walk(int pid, ref VcpuIdList ids, bool firstVcpuOnly, out int vms)
    {
        vms = -1;
        using SafeFileHandle fds = _proc.OpenFds(pid, out int error);
        if (error is Errno.EACCES or Errno.EPERM && MayHoldFiles(pid)) Unreadable++;
        if (error != 0) return false;
        vms = 0;
        bool refused = false, any = false;
        Span<byte> link = stackalloc byte[KvmLink.MaxLength];
        var files = new DirectoryReader(fds, _files);
        // A kernel thread has no files, and costs no more than this.
        while (files.MoveNext())
        {
            if (files.Current[0] == '.') continue;
            ReadOnlySpan<byte> target = ProcRoot.ReadLink(fds, files.Current, link);
            any |= !target.IsEmpty;
            refused |= target.IsEmpty;
            KvmLinkKind kind = KvmLink.Parse(target, out int id);
            if (kind == KvmLinkKind.Vm) vms++;
            else if (kind == KvmLinkKind.Vcpu) ids.Add(id);
            if (firstVcpuOnly && ids.Count > 0) break;
        }
        // The folder can be listed with CAP_DAC_READ_SEARCH, its links be read only with CAP_SYS_PTRACE: not one means refused.
        if (refused && !any)
        {
            Unreadable++;
            vms = -1;
        }
        return vms > 0 || ids.Count > 0;
    }

    // Threads of the kernel and zombies hold no files, so no VM of theirs is missing; what they are is readable for everybody.
    private bool MayHoldFiles(int pid)
    {
        Span<byte> text = stackalloc byte[StatBytes];
        int length = _proc.Read(pid, "stat"u8, text);
        return length < 0 || !ProcessStat.TryParse(text[..length], out ProcessStat stat) || !(stat.IsKernelThread || stat.HasEnded);
    }

    /// <summary>
    /// vCPU ids as they come; those that the kernel does not tell are numbered in the order of their files, in which they were made.
    /// </summary>
    private ref struct VcpuIdList
    {
        private List<int>? _ids;
        private int _unnamed;

        internal readonly int Count => _ids?.Count ?? 0;

        internal void Add(int id) => (_ids ??= []).Add(id >= 0 ? id : _unnamed++);

        internal readonly ImmutableArray<int> Sorted()
        {
            _ids?.Sort();
            return _ids is null ? [] : [.. _ids];
        }
    }
}
