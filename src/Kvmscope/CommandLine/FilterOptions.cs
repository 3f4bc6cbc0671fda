using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.CommandLine;

/// <summary>The options that select exits: the same for every tracing command, applied in the kernel.</summary>
internal sealed class FilterOptions
{
    /// <summary>What stands for a VM in --help.</summary>
    internal const string VmValue = "NAME|PID";

    /// <summary>What stands for exit reasons in --help.</summary>
    internal const string ReasonValue = "R[,R]";

    private readonly Option<string[]> _vms =
        OptionFactory.Values("--vm", VmValue,
            "Only this VM: name, 'web*' for several, pid, UUID or VMID (see 'kvmscope list'); repeat for more.");
    private readonly Option<bool> _all = OptionFactory.Switch("--all", "All VMs, as without --vm.");
    private readonly Option<string[]> _vcpus =
        OptionFactory.Values("--vcpu", "N[-M][,N]", "Only these vCPUs, by the ids that their VMM gave them: 0, 0-3, 0-3,8.");
    private readonly Option<string[]> _reasons =
        OptionFactory.Values("--reason", ReasonValue, "Only these exit reasons, by name or number; 'MSR*' for several.");
    private readonly Option<string[]> _excludes =
        OptionFactory.Values("--exclude", ReasonValue, "All exit reasons except these, given as for --reason.");
    private readonly Option<string> _level =
        OptionFactory.Value("--level", "l1|l2", "Only guests of this host (l1), or only their nested guests (l2).");
    private readonly Option<string> _maxVcpus =
        OptionFactory.Value("--max-vcpus", "N", "How many vCPUs can be traced at once (default: sized from the host).");

    private const string VcpuHint = "Give numbers or ranges: --vcpu 0, --vcpu 0,2 or --vcpu 0-3";

    private const string ReasonHint = "Give names, numbers or patterns: HLT, CPUID,MSR_READ, 12, 'MSR*'";

    private readonly bool _isLive;

    /// <summary>Makes the options.</summary>
    /// <param name="isLive">Whether they filter a trace (true) or a recording.</param>
    public FilterOptions(bool isLive = true) => _isLive = isLive;

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group =>
        new("Filters", _isLive
            ? [_vms, _all, _vcpus, _reasons, _excludes, _level, _maxVcpus] : [_vms, _vcpus, _reasons, _excludes, _level]);

    /// <summary>The selection, as far as it can be checked without the host.</summary>
    /// <exception cref="Core.KvmscopeException">A value makes no sense (status 2).</exception>
    public Selection Read(ParseResult result)
    {
        IReadOnlyList<string> vms = result.Texts(_vms);
        if (vms.Count > 0 && result.Has(_all)) throw UsageError.Of("--all and --vm both say which VMs", "Give one of them.");
        return new Selection
        {
            Vms = [.. vms],
            Vcpus = [.. NonEmpty(result, _vcpus, "vCPU", VcpuHint).SelectMany(ParseVcpus).Distinct()],
            Reasons = [.. NonEmpty(result, _reasons, "exit reason", ReasonHint)],
            ExcludedReasons = [.. NonEmpty(result, _excludes, "exit reason", ReasonHint)],
            Level = result.Text(_level) is { } level ? ParseLevel(level) : null,
        };
    }

    /// <summary>The selection, with reasons from an argument.</summary>
    /// <exception cref="Core.KvmscopeException">
    /// A value is wrong, the argument names no reason, or --reason is given too (status 2).
    /// </exception>
    public Selection Read(ParseResult result, string? reasons)
    {
        Selection selection = Read(result);
        if (reasons is null) return selection;
        if (!selection.Reasons.IsEmpty) throw UsageError.Of("REASON and --reason say the same thing", "Give one of them.");
        return OptionFactory.SplitList(reasons) is { Length: > 0 } named
            ? selection with { Reasons = [.. named] }
            : throw UsageError.Of("REASON names no exit reason", "Give a name or a number: HLT, 12");
    }

    /// <summary>How many vCPUs can be traced at once; null to size it from the host.</summary>
    /// <exception cref="Core.KvmscopeException">It is not a possible number (status 2).</exception>
    public int? MaxVcpus(ParseResult result) => result.Text(_maxVcpus) is { } max ? ParseMaxVcpus(max) : null;

    // An empty list would not filter anything, and that cannot be what the user wants.
    private static IReadOnlyList<string> NonEmpty(ParseResult result, Option<string[]> option, string what, string hint)
    {
        IReadOnlyList<string> items = result.Items(option);
        return items.Count > 0 || result.Texts(option).Count == 0
            ? items
            : throw UsageError.Of($"{option.Name} names no {what}", hint);
    }

    private static IEnumerable<int> ParseVcpus(string text)
    {
        if (IdRanges.TryParse(text, out ImmutableArray<int> ids)) return ids;
        throw UsageError.Of($"--vcpu '{text}' is not a vCPU id{(text.Contains('-') ? " or a range of them" : "")}", VcpuHint);
    }

    private static ExitLevel ParseLevel(string text) => text.ToLowerInvariant() switch
    {
        "l1" or "1" => ExitLevel.L1,
        "l2" or "2" => ExitLevel.L2,
        _ => throw UsageError.NotOneOf("--level", text, ["l1", "l2"]),
    };

    private static int ParseMaxVcpus(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int max) && max is > 0 and <= TraceOptions.MostVcpus
            ? max
            : throw UsageError.Of($"--max-vcpus '{text}' is not a number of vCPUs", $"Give a number from 1 to {TraceOptions.MostVcpus}.");
}
