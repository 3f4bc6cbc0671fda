using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;

namespace Kvmscope.Host.Checks;

/// <summary>
/// Finds out what a host can do, and how to fix what it cannot do. Reads files and tries to load one program; changes nothing.
/// </summary>
public sealed class HostChecker
{
    private readonly HostFiles _files;
    private readonly IKernelProbe _probe;

    /// <summary>Makes a checker.</summary>
    /// <param name="root">The folder with /proc and /sys: "/" except for captured hosts.</param>
    /// <param name="probe">What answers for the kernel; null asks the running kernel.</param>
    public HostChecker(string root = "/", IKernelProbe? probe = null)
    {
        _files = new HostFiles(root);
        _probe = probe ?? new KernelProbe();
    }

    /// <summary>The ISA of a host's exits; None if no vendor module is in use, or an unknown one.</summary>
    public static Isa DetectIsa(string root = "/") => HostFacts.Read(new HostFiles(root)).Isa;

    /// <summary>How the programs would attach on a host.</summary>
    public static AttachPath DetectAttachPath(string root = "/") => HostFacts.Read(new HostFiles(root)).AttachPath;

    /// <summary>Whether /proc does not show this process those of other users.</summary>
    public bool HidesProcesses => ProcMount.Read(_files)?.HidesFrom(_probe.Effective, _files) == true;

    /// <summary>Runs all checks.</summary>
    /// <param name="tableBytes">How much memory the tables would take; 0 if that is not known.</param>
    /// <returns>One line per check, in the order to show them.</returns>
    public IReadOnlyList<HostCheck> Check(long tableBytes = 0) => [.. Findings(tableBytes).Select(finding => finding.Line)];

    /// <summary>Throws the first reason why this host cannot be traced; returns if there is none.</summary>
    /// <param name="tableBytes">How much memory the tables will take; 0 if that is not known.</param>
    /// <exception cref="KvmscopeException">Status 3 or 4, with the fix.</exception>
    public void ThrowIfUntraceable(long tableBytes = 0)
    {
        foreach (Finding finding in Findings(tableBytes))
            if (finding.Line.Verdict == CheckVerdict.Failed) throw finding.ToException();
    }

    /// <summary>How many bytes tables of automatic size may take.</summary>
    public long MostTableBytes() => MemoryCheck.MostBytes(_files);

    private IEnumerable<Finding> Findings(long tableBytes)
    {
        HostFacts facts = HostFacts.Read(_files);
        yield return KernelChecks.Kernel(facts, _probe.Machine);
        yield return KvmChecks.Kvm(facts, _files.Exists("dev/kvm"));
        yield return KvmChecks.Vendor(facts);
        yield return KernelChecks.Btf(facts);
        yield return KernelChecks.ModuleBtf(facts);
        yield return KernelChecks.Attach(facts);
        yield return KernelChecks.Tracepoints(facts, _files);
        yield return PrivilegeChecks.Capabilities(facts, _probe);
        yield return PrivilegeChecks.Lockdown(_files);
        yield return PrivilegeChecks.PidNamespace(_files);
        yield return PrivilegeChecks.Processes(_files, _probe);
        yield return KernelChecks.Jit(_files);
        yield return MemoryCheck.Memory(facts, _files, _probe.Effective, tableBytes);
        yield return KvmChecks.Nested(facts, _files);
        yield return KvmChecks.Interval(facts);
    }
}
