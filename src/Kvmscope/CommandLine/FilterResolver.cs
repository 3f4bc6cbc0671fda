using System.Collections.Immutable;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;

namespace Kvmscope.CommandLine;

/// <summary>Turns filters as typed into what to trace, with the VMs and the ISA of the host.</summary>
internal static class FilterResolver
{
    private const int MostNames = 8;

    /// <summary>Resolves the filters.</summary>
    /// <param name="request">The filters as typed.</param>
    /// <param name="host">Where they are looked up.</param>
    /// <param name="startsCommand">A command will be started, which may make the vCPUs that are not there yet.</param>
    /// <exception cref="KvmscopeException">A VM, vCPU or reason that there is not (status 2, naming those that there are).</exception>
    public static TraceOptions Resolve(FilterRequest request, IHost host, bool startsCommand)
    {
        IReadOnlyList<ulong> reasons = [.. request.Reasons.Select(r => Reason(r, host.Isa))];
        IReadOnlyList<ulong> excludes = [.. request.Excludes.Select(r => Reason(r, host.Isa))];
        if (reasons.Count > 0 && reasons.All(excludes.Contains))
            throw UsageError.Of("--exclude leaves none of the reasons of --reason", "Leave out one of the two.");
        IReadOnlyList<VirtualMachine> chosen = [];
        if (request.Vms.Count > 0 || (request.Vcpus.Count > 0 && !startsCommand))
        {
            IReadOnlyList<VirtualMachine> machines = host.Machines();
            chosen = [.. request.Vms.SelectMany(v => Find(v, machines)).Distinct()];
            CheckVcpus(request.Vcpus, request.Vms.Count > 0 ? chosen : machines);
        }
        return new TraceOptions
        {
            Pids = [.. chosen.Select(m => m.Pid)],
            VcpuIds = [.. request.Vcpus.Distinct()],
            Reasons = [.. reasons.Distinct()],
            ExcludedReasons = [.. excludes.Distinct()],
            Level = request.Level,
            MaxVcpus = request.MaxVcpus,
        };
    }

    /// <summary>
    /// Attaches; where the host's ISA is not known, reasons cannot be given to the kernel, so that a trace with them is refused even if the host would attach.
    /// </summary>
    /// <exception cref="KvmscopeException">The host cannot be traced (3) or it is not permitted (4).</exception>
    public static ITraceSession Attach(IHost host, TraceOptions options)
    {
        ITraceSession session = host.Trace(options);
        if (host.Isa != Isa.None || (options.Reasons.IsEmpty && options.ExcludedReasons.IsEmpty)) return session;
        session.Dispose();
        throw new KvmscopeException(ExitStatus.HostUnsupported,
            "exit reasons cannot be filtered: it is not known whether this host is VMX, SVM or arm64",
            "Trace all reasons, or see 'kvmscope check'.");
    }

    /// <summary>The code of a reason as typed, in the host's ISA; where that is not known in any.</summary>
    /// <exception cref="KvmscopeException">No such reason (status 2, with near names).</exception>
    public static ulong Reason(string text, Isa isa)
    {
        ReadOnlySpan<Isa> isas = isa == Isa.None ? [Isa.Vmx, Isa.Svm, Isa.Arm64] : [isa];
        foreach (Isa candidate in isas)
            if (ExitReasons.TryParse(text, candidate, out ulong code)) return code;
        IReadOnlyList<string> near = [.. isas.ToArray().SelectMany(i => ExitReasons.Suggest(text, i)).Distinct().Take(3)];
        string scope = isa switch { Isa.Vmx => " of VMX", Isa.Svm => " of SVM", Isa.Arm64 => " of arm64", _ => "" };
        throw UsageError.Of($"'{text}' is no exit reason{scope}",
            near.Count > 0 ? $"Did you mean {NearNames.Join(near)}?" : "Give a name such as HLT or CPUID, or a number.");
    }

    private static IEnumerable<VirtualMachine> Find(string text, IReadOnlyList<VirtualMachine> machines)
    {
        VirtualMachine[] found = [.. machines.Where(m => m.Name == text || m.Pid.ToString() == text)];
        if (found.Length > 0) return found;
        throw machines.Count == 0
            ? UsageError.Of($"no VM is running, so there is no '{text}'", "Start it first, or leave --vm out to trace VMs as they start.")
            : UsageError.Of($"no VM has the name or pid '{text}'", $"Running: {Some(machines.Select(m => $"{m.Name} ({m.Pid})"))}");
    }

    private static void CheckVcpus(IReadOnlyList<int> ids, IReadOnlyList<VirtualMachine> machines)
    {
        if (ids.Count == 0) return;
        if (machines.Count == 0)
            throw UsageError.Of("no VM is running, so there is no vCPU to choose", "Start the VM first, or leave --vcpu out.");
        ImmutableSortedSet<int> known = [.. machines.SelectMany(m => m.VcpuIds)];
        if (ids.Where(id => !known.Contains(id)).ToArray() is not [var missing, ..]) return;
        string where = machines is [var only] ? only.Name : "any of these VMs";
        throw UsageError.Of($"no vCPU {missing} in {where}", known.IsEmpty ? "It has no vCPU yet." : $"There are: {Ranges(known)}");
    }

    private static string Some(IEnumerable<string> names)
    {
        string[] all = [.. names];
        if (all.Length <= MostNames) return string.Join(", ", all);
        return $"{string.Join(", ", all.Take(MostNames))} and {all.Length - MostNames} more";
    }

    /// <summary>Ascending ids, runs of them drawn together: <c>0-3, 8</c>.</summary>
    public static string Ranges(IEnumerable<int> ascending)
    {
        var parts = new List<(int From, int To)>();
        foreach (int id in ascending)
        {
            if (parts.Count > 0 && parts[^1].To + 1 == id) parts[^1] = (parts[^1].From, id);
            else parts.Add((id, id));
        }
        return string.Join(", ", parts.Select(p => p.From == p.To ? $"{p.From}" : $"{p.From}-{p.To}"));
    }
}
