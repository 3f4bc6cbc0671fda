using System.Collections.Immutable;
using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Core.Output;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.CommandLine;

/// <summary>Resolves a selection with the VMs and the ISA of the host into what to trace.</summary>
internal static class FilterResolver
{
    /// <summary>Resolves the filters.</summary>
    /// <param name="selection">The filters as typed.</param>
    /// <param name="host">Where they are looked up.</param>
    /// <param name="startsCommand">Whether a command will be started: it may create vCPUs that do not exist yet.</param>
    /// <returns>
    /// The filter for the kernel, which knows processes and not VMs; and, if a selected process also has VMs that are not selected, the
    /// selected VMs.
    /// </returns>
    /// <exception cref="KvmscopeException">A VM, vCPU or reason does not exist (status 2; the hint names those that exist).</exception>
    public static (ExitFilter Filter, VmFilter? Within) Resolve(Selection selection, IHost host, bool startsCommand)
    {
        ExitFilter filter = selection.Resolve(host.Isa);
        if (selection.Vms.IsEmpty && (selection.Vcpus.IsEmpty || startsCommand)) return (filter, null);
        IReadOnlyList<VirtualMachine> machines = host.Machines();
        VmFilter vms = Find(selection, host, machines);
        VirtualMachine[] chosen = [.. machines.Where(m => m.Vms.Any(vms.Matches))];
        CheckVcpus(selection.Vcpus, chosen);
        if (selection.Vms.IsEmpty) return (filter, null);
        return (filter with { Pids = [.. chosen.Select(m => m.Pid)] }, chosen.All(m => m.Vms.All(vms.Matches)) ? null : vms);
    }

    private static VmFilter Find(Selection selection, IHost host, IReadOnlyList<VirtualMachine> machines)
    {
        VmFilter vms = VmFilter.Resolve(selection.Vms, [.. machines.SelectMany(m => m.Vms)]);
        if (vms.Unknown is not { } text) return vms;
        string hidden = string.Concat(Hidden.Of(host).Select(sentence => $" {sentence}."));
        throw machines.Count == 0
            ? UsageError.Of($"no VM is running, so there is no '{text}'",
                $"Start it first, or leave --vm out to trace VMs as they start.{hidden}")
            : UsageError.Of(VmFilter.NoSuch(text), $"Running: {WordList.Some([.. machines.Select(m => $"{m.Name} ({m.Pid})")])}"
                + (hidden.Length > 0 ? "." + hidden : ""));
    }

    private static void CheckVcpus(ImmutableArray<int> ids, IReadOnlyList<VirtualMachine> machines)
    {
        if (ids.IsEmpty) return;
        if (machines.Count == 0)
            throw UsageError.Of("no VM is running, so there is no vCPU to choose", "Start the VM first, or leave --vcpu out.");
        ImmutableSortedSet<int> known = [.. machines.SelectMany(m => m.VcpuIds)];
        if (ids.Where(id => !known.Contains(id)).ToArray() is not [var missing, ..]) return;
        string where = machines is [var only] ? ForeignText.Clean(only.Name) : "any of these VMs";
        throw UsageError.Of($"no vCPU {missing} in {where}",
            known.IsEmpty ? "It has no vCPU yet." : $"There are: {IdRanges.Format(known, ", ")}");
    }
}

/// <summary>What could not be looked at without the rights for it.</summary>
internal static class Hidden
{
    /// <summary>What <see cref="IHost.Machines"/> did not see the last time, and what to do: sentences without their ends.</summary>
    public static IEnumerable<string> Of(IHost host)
    {
        if (host.UnreadableProcesses is > 0 and var count) yield return Processes(count);
        if (host.HidesProcesses)
            yield return "other users' processes cannot be seen, because /proc is mounted with hidepid: run as root to see their VMs";
    }

    private static string Processes(int count) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "process" : "processes")} could not be looked into, because ")
        + (count == 1 ? "it belongs to another user" : "they belong to other users") + ": run as root to see their VMs";
}
