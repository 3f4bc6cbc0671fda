using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Tracing;

namespace Kvmscope.Core.Rules;

/// <summary>What of the data a rule is about.</summary>
internal sealed class RuleScope
{
    private const int MostNames = 8;

    // Seconds: from a nanosecond to what no clock counts.
    private const double Shortest = 1e-9, Longest = 1e15;

    private readonly Rule _rule;
    private readonly RuleInput _input;
    private readonly IReadOnlyList<ExitCode> _codes;

    internal RuleScope(Rule rule, RuleInput input)
    {
        _rule = rule;
        _input = input;
        _codes = rule.Reasons(input.Isa);
        RuleFilters filters = rule.Filters;
        Answer answer = input.Answer;
        Observed = answer with
        {
            Rows = [.. answer.Rows.Where(r => filters.Let(r.Vm, r.Vcpu))],
            Times = [.. answer.Times.Where(t => filters.Let(t.Vm, t.Vcpu))],
        };
        SnapshotRow[] rows = [.. Observed.Rows.Where(r => filters.Level is null || r.Level == filters.Level)];
        Rows = [.. rows.Where(IsTarget)];
        Unread = rule.Target.Kind is RuleTargetKind.Any or RuleTargetKind.Part ? 0 : CountUnread(rows);
    }

    /// <summary>The answer with the rule's vCPUs alone, of all reasons and both levels.</summary>
    internal Answer Observed { get; }

    /// <summary>The rows of the target.</summary>
    internal IReadOnlyList<SnapshotRow> Rows { get; }

    /// <summary>Exits that may be the target's and may not: their reason could not be read.</summary>
    internal ulong Unread { get; }

    /// <summary>Whether times of exits that were counted before are in it.</summary>
    internal bool IsContinued => _input.IsContinued;

    /// <summary>The level of which exits of the rule's reason were not traced; null where they were, or are not meant.</summary>
    internal ExitLevel? Untraced => _rule.Target.Kind == RuleTargetKind.Reason && _rule.Filters.Level is null
        ? _input.Level switch { ExitLevel.L1 => ExitLevel.L2, ExitLevel.L2 => ExitLevel.L1, _ => null }
        : null;

    /// <summary>Why the rule's VM, vCPU or level was not observed; null where it was.</summary>
    internal string? WhyUnseen
    {
        get
        {
            if (_rule.Filters.Level is not null && Isas().FirstOrDefault(isa => !isa.TellsLevels) is { } flat)
                return $"levels are not told apart on {flat.DisplayName}";
            if (!(_input.Answer.Seconds is >= Shortest and <= Longest)) return "nothing was observed: the time is empty";
            return WhyNoVm() ?? WhyNoVcpu() ?? WhyNotTraced();
        }
    }

    // With a filter on reasons or levels, none seen may mean that none was looked for.
    private string? WhyNotTraced() =>
        !_input.HasAllExits && Rows.Count == 0 && (_rule.Target.Kind == RuleTargetKind.Reason || _rule.Filters.Level is not null)
            ? $"no {_rule.Target.Exits} was seen, but not all exits were traced (--reason, --exclude, --level)"
            : null;

    private string? WhyNoVm()
    {
        if (Observed.Rows.Count + Observed.Times.Count > 0 || _input.Machines.Any(IsMeant)) return null;
        string[] names = [.. Vms().Select(v => v.Name).Concat(_input.Machines.Select(m => m.Name)).Distinct().Order(StringComparer.Ordinal)];
        if (_rule.Filters.Vm is not { } wanted || Knows(wanted)) return names.Length == 0 ? "no VM was seen" : null;
        return names.Length == 0 ? $"no VM was seen, so there is no {wanted}" : $"no VM {wanted} in the data; there {(names.Length == 1 ? "is" : "are")}: {Some(names)}";
    }

    private string? WhyNoVcpu()
    {
        if (_rule.Filters.Vcpu is not { } wanted) return null;
        RuleFilters vmOnly = _rule.Filters with { Vcpu = null };
        int[] ids =
        [
            .. _input.Answer.Rows.Where(r => vmOnly.Let(r.Vm, null)).Select(r => r.Vcpu).OfType<int>()
                .Concat(_input.Answer.Times.Where(t => vmOnly.Let(t.Vm, null)).Select(t => t.Vcpu).OfType<int>())
                .Concat(_input.Machines.Where(IsMeant).SelectMany(m => m.VcpuIds)).Distinct().Order(),
        ];
        if (ids.Contains(wanted)) return null;
        string text = string.Create(CultureInfo.InvariantCulture, $"no vCPU {wanted} in {_rule.Filters.Vm ?? "the data"}");
        return ids.Length == 0 ? text : $"{text}; there {(ids.Length == 1 ? "is" : "are")}: {Some([.. ids.Select(i => i.ToString(CultureInfo.InvariantCulture))])}";
    }

    private bool Knows(string wanted) =>
        Vms().Any(v => _rule.Filters.IsNamed(v.Name, v.Pid)) || _input.Machines.Any(m => IsMeant(m) || IsFurther(m, wanted));

    private bool IsMeant(VirtualMachine machine) => _rule.Filters.Vm is null || _rule.Filters.IsNamed(machine.Name, machine.Pid);

    // The VMs of a process after its first are NAME#2 and so on.
    private static bool IsFurther(VirtualMachine machine, string wanted) =>
        wanted.StartsWith(machine.Name + "#", StringComparison.Ordinal)
        && int.TryParse(wanted.AsSpan(machine.Name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int nth)
        && nth >= 2 && nth <= machine.VmCount;

    private IEnumerable<IsaInfo> Isas() => _input.Answer.Rows.Select(r => r.Code.Isa).Prepend(_input.Isa).Select(IsaInfo.Of);

    private IEnumerable<VmIdentity> Vms() =>
        _input.Answer.Rows.Select(r => r.Vm).Concat(_input.Answer.Times.Select(t => t.Vm)).OfType<VmIdentity>();

    private static string Some(IReadOnlyList<string> names) => names.Count <= MostNames
        ? string.Join(", ", names)
        : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", names.Take(MostNames))} and {names.Count - MostNames} more");

    // Of an exit whose reason could not be read it is only certain that it is one.
    private bool IsTarget(SnapshotRow row) => _rule.Target.Kind switch
    {
        RuleTargetKind.Any => true,
        RuleTargetKind.Part => false,
        _ when row.Code.Isa == Isa.None => false,
        RuleTargetKind.Exit => !ExitReasons.IsIdle(row.Code),
        RuleTargetKind.Idle => ExitReasons.IsIdle(row.Code),
        _ => _codes.Any(c => c.Isa == row.Code.Isa && IsaInfo.Of(c.Isa).Means(c.Code, row.Code.Code)),
    };

    // Those that are in no row may be anybody's.
    private ulong CountUnread(IEnumerable<SnapshotRow> rows)
    {
        ulong all = Sum(_input.Answer.Rows), total = _input.Answer.Trust.UnreadReasons;
        return Sum(rows) + (total > all ? total - all : 0);
    }

    private static ulong Sum(IEnumerable<SnapshotRow> rows) =>
        rows.Where(r => r.Code.Isa == Isa.None).Aggregate(0UL, (sum, row) => sum + row.Count);
}
