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
    private readonly OpenFiles.Comparison _compare;

    /// <summary>Makes a scanner; it may be used again, from one thread at a time.</summary>
    public MachineScanner()
        : this("/proc", OpenFiles.Kcmp)
    {
    }

    /// <summary>Makes a scanner of a captured procfs.</summary>
    /// <param name="procRoot">Where it is.</param>
    /// <param name="compare">Tells descriptors apart; null where that is not known of its processes.</param>
    internal MachineScanner(string procRoot, OpenFiles.Comparison? compare = null)
    {
        _proc = new ProcRoot(procRoot);
        _commands = new VmmCommandReader(_proc);
        _compare = compare ?? ((_, _, _) => null);
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
        var files = new KvmFiles();
        if (!Walk(pid, files, firstVcpuOnly: false)) return null;
        VmmCommand command = _commands.Read(pid);
        int vms = files.CountVms(pid, _compare);
        return new VirtualMachine(pid, command.Name, command.Vmm, vms, files.VcpuIds(pid, vms, _compare)) { Labels = command.Labels };
    }

    /// <summary>Whether the process holds a vCPU. Null where that cannot be known: it is gone, or another user's.</summary>
    public bool? HasVcpuFds(int pid)
    {
        var files = new KvmFiles();
        int unreadable = Unreadable;
        Walk(pid, files, firstVcpuOnly: true);
        bool refused = Unreadable != unreadable || !files.IsRead;
        Unreadable = unreadable;
        return refused ? null : files.HasVcpu;
    }

    /// <summary>Walks the open files; false where none is a VM or a vCPU.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="found">Takes them.</param>
    /// <param name="firstVcpuOnly">Whether to stop at the first vCPU.</param>
    private bool Walk(int pid, KvmFiles found, bool firstVcpuOnly)
    {
        using SafeFileHandle fds = _proc.OpenFds(pid, out int error);
        if (error is Errno.EACCES or Errno.EPERM && MayHoldFiles(pid)) Unreadable++;
        if (error != 0) return false;
        bool refused = false, any = false;
        Span<byte> link = stackalloc byte[KvmLink.MaxLength];
        var files = new DirectoryReader(fds, _files);
        // A kernel thread has no files, and costs no more than this.
        while (files.MoveNext())
        {
            if (!Utf8Parser.TryParse(files.Current, out int descriptor, out int used) || used != files.Current.Length) continue;
            ReadOnlySpan<byte> target = ProcRoot.ReadLink(fds, files.Current, link);
            any |= !target.IsEmpty;
            refused |= target.IsEmpty;
            KvmLinkKind kind = KvmLink.Parse(target, out int id);
            if (kind != KvmLinkKind.None) found.Add(kind, id, descriptor);
            if (firstVcpuOnly && found.HasVcpu) break;
        }
        // The folder can be listed with CAP_DAC_READ_SEARCH, its links be read only with CAP_SYS_PTRACE: not one means refused.
        found.IsRead = any || !refused;
        if (!found.IsRead) Unreadable++;
        return found.HasAny;
    }

    // Threads of the kernel and zombies hold no files, so no VM of theirs is missing; what they are is readable for everybody.
    private bool MayHoldFiles(int pid)
    {
        Span<byte> text = stackalloc byte[StatBytes];
        int length = _proc.Read(pid, "stat"u8, text);
        return length < 0 || !ProcessStat.TryParse(text[..length], out ProcessStat stat) || !(stat.IsKernelThread || stat.HasEnded);
    }

    /// <summary>What a process has open of KVM.</summary>
    private sealed class KvmFiles
    {
        // Most processes have none.
        private List<int>? _vms;
        private List<(int Id, int Descriptor)>? _vcpus;
        private int _unnamed;

        /// <summary>Whether the files could be read.</summary>
        internal bool IsRead { get; set; }

        internal bool HasVcpu => _vcpus is not null;

        internal bool HasAny => _vcpus is not null || _vms is not null;

        internal void Add(KvmLinkKind kind, int id, int descriptor)
        {
            if (kind == KvmLinkKind.Vm) (_vms ??= []).Add(descriptor);
            // Ids that the kernel does not tell are numbered in the order of their files, in which they were made.
            else (_vcpus ??= []).Add((id >= 0 ? id : _unnamed++, descriptor));
        }

        // A vCPU keeps its VM alive, so a VMM may have closed the VM's own file.
        internal int CountVms(int pid, OpenFiles.Comparison compare) => _vms switch
        {
            null => 1,
            [_] => 1,
            _ => OpenFiles.CountDistinct(pid, _vms, compare) ?? _vms.Count,
        };

        /// <summary>
        /// The ids, ascending; an id that several VMs have as often. Where files cannot be compared, at most once per VM.
        /// </summary>
        internal ImmutableArray<int> VcpuIds(int pid, int vms, OpenFiles.Comparison compare)
        {
            if (_vcpus is null) return [];
            var ids = ImmutableArray.CreateBuilder<int>();
            foreach (IGrouping<int, int> same in _vcpus.GroupBy(v => v.Id, v => v.Descriptor).OrderBy(g => g.Key))
            {
                int[] descriptors = [.. same];
                int count = descriptors.Length == 1
                    ? 1
                    : OpenFiles.CountDistinct(pid, descriptors, compare) ?? Math.Min(descriptors.Length, vms);
                for (int i = 0; i < count; i++) ids.Add(same.Key);
            }
            return ids.ToImmutable();
        }
    }
}
