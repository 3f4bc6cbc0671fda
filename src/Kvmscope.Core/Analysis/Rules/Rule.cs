using System.Text;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Analysis.Rules;

/// <summary>One rule of <c>assert</c>, such as <c>max(exit, vm=web-1)&lt;50us</c>.</summary>
public sealed class Rule
{
    private readonly RuleSource _source;

    internal Rule(
        string text, RuleSource source, RuleMetric metric, RuleTarget target, Selection selection, RuleComparison comparison,
        RuleValue value)
    {
        Text = text;
        _source = source;
        Metric = metric;
        Target = target;
        Selection = selection;
        Comparison = comparison;
        Value = value;
    }

    /// <summary>The rule as typed, without blanks around it.</summary>
    public string Text { get; }

    /// <summary>What has to be traced for it.</summary>
    public RuleNeeds Needs => Metric switch
    {
        // Results about times name a vCPU, and each vCPU may have one open exit.
        RuleMetric.Count or RuleMetric.Rate => new RuleNeeds(false, false, Coarsest),
        RuleMetric.Share => new RuleNeeds(true, true, Coarsest),
        _ => new RuleNeeds(true, false, Grouping.Vcpu),
    };

    /// <summary>Whether it is about some vCPUs.</summary>
    public bool NamesVcpu => !Selection.Vcpus.IsEmpty;

    /// <summary>Whether it is about some VMs.</summary>
    public bool NamesVm => !Selection.Vms.IsEmpty;

    internal RuleMetric Metric { get; }

    internal RuleTarget Target { get; }

    internal Selection Selection { get; }

    internal RuleComparison Comparison { get; }

    internal RuleValue Value { get; }

    internal RuleQuantity Quantity => RuleMetrics.Of(Metric).Quantity;

    private Grouping Coarsest => NamesVcpu ? Grouping.Vcpu : Grouping.Vm;

    /// <summary>Reads a rule.</summary>
    /// <exception cref="KvmscopeException">It is not a rule (status 2); the message points at the column.</exception>
    public static Rule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return RuleParser.Parse(new RuleSource(text), text.Length);
    }

    /// <summary>Looks up the rule's exit reason, so that an unknown one is reported before anything is traced.</summary>
    /// <param name="isa">The ISA of the exits; where it is not known, all count.</param>
    /// <exception cref="KvmscopeException">There is no such reason (status 2, with near names).</exception>
    public void Check(Isa isa) => Reasons(isa);

    /// <summary>Looks up the rule's VM; one that is not there may still come, which is not an error.</summary>
    /// <param name="known">The VMs that there are.</param>
    /// <exception cref="KvmscopeException">A number is the name of one VM and the pid of another (status 2).</exception>
    public void Check(IReadOnlyCollection<KnownVm> known) => VmFilter.Resolve(Selection.Vms, known);

    /// <summary>The codes that the target names; empty where it names no reason.</summary>
    internal IReadOnlyList<ExitCode> Reasons(Isa isa)
    {
        if (Target.Kind != RuleTargetKind.Reason) return [];
        if (ReasonSelector.Find(Target.Text, isa) is { Count: > 0 } codes) return codes;
        (string problem, string hint) = ReasonSelector.Unknown(Target.Text, isa);
        throw _source.Error(Target.Column, problem, "expected exit, any, idle or an exit reason", hint);
    }

    /// <summary>The rule in its canonical form; it reads as the same rule again.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(RuleMetrics.Of(Metric).Name).Append('(').Append(Quoted(Target.Text));
        foreach (string vm in Selection.Vms) text.Append(", vm=").Append(Quoted(vm));
        if (NamesVcpu) text.Append(", vcpu=").Append(Quoted(IdRanges.Format(Selection.Vcpus)));
        if (Selection.Level is { } level) text.Append(level == ExitLevel.L2 ? ", level=l2" : ", level=l1");
        return text.Append(") ").Append(RuleComparisons.Text(Comparison)).Append(' ').Append(Value.Text).ToString();
    }

    private static string Quoted(string text) => RuleCursor.IsWord(text)
        ? text
        : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

/// <summary>A rule's target.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Text">As typed, without quotes; a reason is looked up when the ISA is known.</param>
/// <param name="Part">The part, where it is one.</param>
/// <param name="Column">Its column, for errors.</param>
internal sealed record RuleTarget(RuleTargetKind Kind, string Text, TimePart Part, int Column)
{
    /// <summary>The name of its exits in a sentence.</summary>
    internal string Exits => Kind switch
    {
        RuleTargetKind.Exit or RuleTargetKind.Any => "exit",
        RuleTargetKind.Idle => "idle exit",
        _ => $"exit of {Text}",
    };
}

/// <summary>What the metric is taken of.</summary>
internal enum RuleTargetKind
{
    /// <summary>All exits except idle ones, whose time is waiting and not overhead.</summary>
    Exit,

    /// <summary>All exits.</summary>
    Any,

    /// <summary>Idle exits.</summary>
    Idle,

    /// <summary>The exits of one reason.</summary>
    Reason,

    /// <summary>A part of the wall clock.</summary>
    Part,
}

/// <summary>What has to be traced so that rules can be measured.</summary>
/// <param name="Time">Handling times.</param>
/// <param name="Split">The split of the wall clock.</param>
/// <param name="Grouping">How fine the grouping must be, at least.</param>
public sealed record RuleNeeds(bool Time, bool Split, Grouping Grouping)
{
    /// <summary>What all of these rules need together.</summary>
    public static RuleNeeds Of(IEnumerable<Rule> rules)
    {
        var all = new RuleNeeds(false, false, Grouping.Vm);
        foreach (Rule rule in rules)
        {
            RuleNeeds needs = rule.Needs;
            all = new RuleNeeds(
                all.Time || needs.Time, all.Split || needs.Split, needs.Grouping > all.Grouping ? needs.Grouping : all.Grouping);
        }
        return all;
    }
}
