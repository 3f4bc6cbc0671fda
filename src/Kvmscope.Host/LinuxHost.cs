using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Checks;
using Kvmscope.Host.Machines;
using Kvmscope.Host.Privileges;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host;

/// <summary>This machine.</summary>
public sealed class LinuxHost : IHost
{
    // Who has the descriptor of a map may use it, whatever kernel.unprivileged_bpf_disabled says (kernel/bpf/syscall.c).
    private static readonly Version s_descriptorsAreEnough = new(5, 19);

    private readonly MachineScanner _scanner = new();
    private readonly MachineNames _names = new();
    private Isa? _isa;

    /// <inheritdoc/>
    public Isa Isa => _isa ??= HostChecker.DetectIsa();

    /// <inheritdoc/>
    public HostIdentity Identity() => HostIdentityReader.Read(new HostFiles("/"), Environment.ProcessorCount);

    /// <inheritdoc/>
    public IReadOnlyList<VirtualMachine> Machines() => _scanner.Scan();

    /// <inheritdoc/>
    public int UnreadableProcesses => _scanner.Unreadable;

    /// <inheritdoc/>
    public bool HidesProcesses => new HostChecker().HidesProcesses;

    /// <inheritdoc/>
    public IReadOnlyList<HostCheck> Check() => new HostChecker().Check(SizesFor(null, Machines()).Bytes);

    /// <inheritdoc/>
    public ITraceSession Trace(TraceOptions options)
    {
        IReadOnlyList<VirtualMachine> machines = Machines();
        TableSizes sizes = SizesFor(options.MaxVcpus, machines, options);
        new HostChecker().ThrowIfUntraceable(sizes.Bytes);
        return TraceSession.Start(options, sizes, new HostView(_names.Learn, IsAlive, pid => _scanner.HasVcpuFds(pid) ?? true, Isa)
        {
            Machines = machines,
            Forget = _names.Forget,
        });
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Kept, on this thread and those that it starts: BPF where kernels refuse bpf() on open descriptors without it, because the free
    /// lists of the tables are filled through bpf(). With <paramref name="keepSignals"/> also KILL, and with
    /// <paramref name="keepFiles"/> DAC_OVERRIDE, CHOWN and FOWNER: root's folders no longer belong to this process, and the files that
    /// it creates there must belong to root.
    /// </remarks>
    public string? DropPrivileges(bool keepFiles, bool keepSignals)
    {
        List<Capability> kept = Environment.OSVersion.Version < s_descriptorsAreEnough ? [Capability.Bpf] : [];
        if (keepSignals) kept.Add(Capability.Kill);
        if (keepFiles) kept.AddRange([Capability.DacOverride, Capability.Chown, Capability.Fowner]);
        return CapabilityDropper.DropAllBut(CollectionsMarshal.AsSpan(kept)).Problem();
    }

    private static TableSizes SizesFor(
        int? maxVcpus, IReadOnlyList<VirtualMachine> machines, TraceOptions? options = null) => TableSizes.For(
        maxVcpus, Interop.Libbpf.libbpf_num_possible_cpus(), maxVcpus is null ? machines.Sum(m => m.VcpuIds.Length) : 0, options,
        maxVcpus is null ? new HostChecker().MostTableBytes() : long.MaxValue);

    // The process that was identified, not another one that has its number now.
    private bool IsAlive(int pid) =>
        _names.TryIdentify(pid, out ProcessIdentity identity) ? identity.IsAlive() : ProcessIdentity.TryRead(pid, out _);
}
