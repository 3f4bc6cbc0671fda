using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Analysis.Rules;

/// <summary>The part of the data that a rule is about.</summary>
internal sealed class RuleScope
{
    private readonly Rule _rule;
    private readonly RuleInput _input;
    private readonly IReadOnlyList<ExitCode> _codes;
    private readonly VmFilter _vms;

    internal RuleScope(Rule rule, RuleInput input)
    {
        _rule = rule;
        _input = input;
        _codes = rule.Reasons(input.Isa);
        _vms = new VmFilter(rule.Selection.Vms, [.. SeenVms().Select(KnownVm.Of), .. input.Machines.SelectMany(m => m.Vms)]);
        ExitLevel? level = rule.Selection.Level;
        Interval interval = input.Interval;
        Observed = interval with
        {
            Changes = [.. interval.Rows.Where(r => IsMeant(r.Key))],
            OpenAges = interval.OpenAges?.Where(o => IsMeant(o.Key)).ToArray(),
            TimeChanges = [.. interval.Times.Where(t => IsMeant(t.Key))],
        };
        Row[] rows = [.. Observed.Rows.Where(r => level is null || r.Key.Level == level)];
        OfLevel = rows;
        Rows = [.. rows.Where(r => IsTarget(r.Key))];
        Open = interval.OpenAges is { } ages
            ? [.. ages.Where(o => IsMeant(o.Key) && (level is null || o.Key.Level == level) && IsTarget(o.Key))]
            : null;
        Unread = rule.Target.Kind is RuleTargetKind.Any or RuleTargetKind.Part ? 0 : CountUnread(rows);
    }

    /// <summary>The interval with only the rule's vCPUs, with all reasons and both levels.</summary>
    internal Interval Observed { get; }

    /// <summary>The rows of the target.</summary>
    internal IReadOnlyList<Row> Rows { get; }

    /// <summary>The rows of the rule's vCPUs and level, with all reasons.</summary>
    internal IReadOnlyList<Row> OfLevel { get; }

    /// <summary>The exits of the target that are open at the end; null where their ages are not known.</summary>
    internal IReadOnlyList<OpenAge>? Open { get; }

    /// <summary>Exits that may or may not be the target's: their reason could not be read.</summary>
    internal ulong Unread { get; }

    /// <summary>What of the time is missing; null where nothing is known to be.</summary>
    internal string? Damage => _input.Damage;

    /// <summary>VMs that may be meant and are not kept apart; null where there are none, or all VMs and vCPUs are meant.</summary>
    internal string? Merged => _input.Interval.Accounting.MergedVms is > 0 and var merged
        && !(_rule.Selection.Vms.IsEmpty && _rule.Selection.Vcpus.IsEmpty)
            ? $"{Plural.Of(merged, "VM that ended is", "VMs that ended are")} in 'ended VMs'" : null;

    /// <summary>Whether it has times of exits that were counted earlier.</summary>
    internal bool IsContinued => _input.IsContinued;

    /// <summary>The level at which the rule's reason was not traced; null where it was, or is not meant.</summary>
    internal ExitLevel? Untraced => _rule.Target.Kind == RuleTargetKind.Reason && _rule.Selection.Level is null
        ? _input.Level switch { ExitLevel.L1 => ExitLevel.L2, ExitLevel.L2 => ExitLevel.L1, _ => null }
        : null;

    /// <summary>Why the rule's VM, vCPU or level was not observed; null where it was.</summary>
    internal string? WhyUnseen
    {
        get
        {
            if (_rule.Selection.Level is not null && Isas().FirstOrDefault(isa => !isa.HasLevels) is { } flat)
                return $"levels are not told apart on {flat.DisplayName}";
            if (_input.Interval.Seconds <= 0) return "nothing was observed: the time is empty";
            return _vms.Ambiguity?.Message ?? WhyNoVm() ?? WhyNoVcpu() ?? WhyNotTraced();
        }
    }

    // With a filter on reasons or levels, none seen may mean that none was traced.
    private string? WhyNotTraced() =>
        !_input.HasAllExits && Rows.Count == 0 && (Open is null or [])
        && (_rule.Target.Kind == RuleTargetKind.Reason || _rule.Selection.Level is not null)
            ? $"no {_rule.Target.Exits} was seen, but not all exits were traced (--reason, --exclude, --level)"
            : null;

    private string? WhyNoVm()
    {
        if (Observed.Rows.Count + Observed.Times.Count > 0 || Observed.OpenAges is [_, ..]) return null;
        if (_input.Machines.Any(m => m.Vms.Any(_vms.Matches))) return null;
        string[] names =
            [.. SeenVms().Select(v => v.Name).Concat(_input.Machines.Select(m => m.Name)).Distinct().Order(StringComparer.Ordinal)];
        if (_rule.Selection.Vms is not [var wanted] || SeenVms().Any(_vms.Matches)) return names.Length == 0 ? "no VM was seen" : null;
        return names.Length == 0
            ? $"no VM was seen, so there is no {wanted}"
            : $"no VM {wanted} in the data, which has: {WordList.Some(names)}";
    }

    private string? WhyNoVcpu()
    {
        if (_rule.Selection.Vcpus.IsEmpty) return null;
        int[] ids =
        [
            .. SeenKeys().Where(key => _vms.Matches(_input.Interval.VmOf(key))).Select(key => key.VcpuId).OfType<int>()
                .Concat(_input.Machines.Where(m => _vms.Matches(new KnownVm(m.Pid, m.Name, m.Labels))).SelectMany(m => m.VcpuIds))
                .Distinct().Order(),
        ];
        // Each of them must be there: a check of vCPUs that do not exist would pass.
        int[] missing = [.. _rule.Selection.Vcpus.Except(ids)];
        if (missing.Length == 0) return null;
        string text = $"no vCPU {IdRanges.Format(missing)} in {(_rule.Selection.Vms is [var vm] ? vm : "the data")}";
        return ids.Length == 0 ? text : $"{text}, which has: {IdRanges.Format(ids, ", ")}";
    }

    private bool IsMeant(GroupKey key) =>
        _vms.Matches(_input.Interval.VmOf(key))
        && (_rule.Selection.Vcpus.IsEmpty || (key.VcpuId is { } id && _rule.Selection.Vcpus.Contains(id)));

    private IEnumerable<IsaInfo> Isas() => _input.Interval.Rows.Select(r => r.Key.Code.Isa).Prepend(_input.Isa).Select(IsaInfo.Of);

    private IEnumerable<VmIdentity> SeenVms() =>
        SeenKeys().Select(key => key.Vm).Distinct().Select(_input.Interval.VmOf).OfType<VmIdentity>();

    private IEnumerable<GroupKey> SeenKeys() => _input.Interval.Rows.Select(r => r.Key).Concat(_input.Interval.Times.Select(t => t.Key))
        .Concat((_input.Interval.OpenAges ?? []).Select(o => o.Key));

    // An exit whose reason could not be read only counts as an exit.
    private bool IsTarget(GroupKey key) => _rule.Target.Kind switch
    {
        RuleTargetKind.Any => true,
        RuleTargetKind.Part => false,
        _ when key.Code.Isa == Isa.None => false,
        RuleTargetKind.Exit => !Idleness.IsIdle(key),
        RuleTargetKind.Idle => Idleness.IsIdle(key),
        _ => _codes.Any(c => c.Isa == key.Code.Isa && IsaInfo.Of(c.Isa).Matches(c.Code, key.Code.Code)),
    };

    // Those that are in no row may belong to any VM.
    private ulong CountUnread(IEnumerable<Row> rows)
    {
        ulong all = Sum(_input.Interval.Rows), total = _input.Interval.Accounting.UnreadReasons;
        return Sum(rows) + (total > all ? total - all : 0);
    }

    private static ulong Sum(IEnumerable<Row> rows) =>
        rows.Where(r => r.Key.Code.Isa == Isa.None).Aggregate(0UL, (sum, row) => sum + row.Count);
}
