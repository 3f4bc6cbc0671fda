using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Sources;

/// <summary>The host as the commands see it; the real one is in Kvmscope.Host, tests have their own.</summary>
public interface IHost
{
    /// <summary>The ISA of this host's exits, or None where no vendor module is loaded or its vendor is not known.</summary>
    Isa Isa { get; }

    /// <summary>Which host this is.</summary>
    HostIdentity Identity();

    /// <summary>The processes that hold VMs, by pid.</summary>
    IReadOnlyList<VirtualMachine> Machines();

    /// <summary>
    /// How many processes the last <see cref="Machines"/> could not look into, because they belong to other users: their VMs are missing.
    /// </summary>
    int UnreadableProcesses { get; }

    /// <summary>
    /// Whether processes of other users cannot even be seen (<c>hidepid</c> of /proc): their VMs are missing, and not counted.
    /// </summary>
    bool HidesProcesses { get; }

    /// <summary>What this host can do, in the order to show it.</summary>
    IReadOnlyList<HostCheck> Check();

    /// <summary>Loads the program and attaches it.</summary>
    /// <exception cref="KvmscopeException">The host cannot be traced (status 3) or it is not permitted (status 4).</exception>
    ITraceSession Trace(TraceOptions options);

    /// <summary>
    /// Drops the privileges that are not needed once a trace is attached, its output is open and its command was started. This cannot be
    /// undone.
    /// </summary>
    /// <param name="keepFiles">Whether the calling thread will still make files.</param>
    /// <param name="keepSignals">Whether it will still signal a command that was started.</param>
    /// <returns>What could not be dropped, in words; null where all of it was.</returns>
    string? DropPrivileges(bool keepFiles, bool keepSignals);
}

/// <summary>Which host this is, for recordings that are read elsewhere. What cannot be read is empty.</summary>
/// <param name="Name">The host's name.</param>
/// <param name="Kernel">The kernel's release.</param>
/// <param name="Cpu">The CPU's model.</param>
/// <param name="Cpus">How many CPUs it has.</param>
/// <param name="BootId">The kernel's random id of this boot.</param>
public sealed record HostIdentity(string Name, string Kernel, string Cpu, int Cpus, string BootId);
