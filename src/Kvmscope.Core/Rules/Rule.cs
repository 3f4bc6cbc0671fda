using System.Globalization;
using System.Text;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Rules;

/// <summary>One rule of <c>assert</c>, such as <c>max(exit, vm=web-1)&lt;50us</c>.</summary>
public sealed class Rule
{
    private readonly RuleSource _source;

    internal Rule(
        string text, RuleSource source, RuleMetric metric, RuleTarget target, RuleFilters filters, RuleComparison comparison, RuleValue value)
    {
        Text = text;
        _source = source;
        Metric = metric;
        Target = target;
        Filters = filters;
        Comparison = comparison;
        Value = value;
    }

    /// <summary>The rule as typed, without blanks around it.</summary>
    public string Text { get; }

    /// <summary>What has to be traced for it.</summary>
    public RuleNeeds Needs => Metric switch
    {
        // What is said of times names a vCPU, and one exit of each vCPU may not have ended.
        RuleMetric.Count or RuleMetric.Rate => new RuleNeeds(false, false, Coarsest),
        RuleMetric.Share => new RuleNeeds(true, true, Coarsest),
        _ => new RuleNeeds(true, false, Grouping.Vcpu),
    };

    /// <summary>Whether it is about one vCPU.</summary>
    public bool NamesVcpu => Filters.Vcpu is not null;

    /// <summary>Whether it is about one VM.</summary>
    public bool NamesVm => Filters.Vm is not null;

    internal RuleMetric Metric { get; }

    internal RuleTarget Target { get; }

    internal RuleFilters Filters { get; }

    internal RuleComparison Comparison { get; }

    internal RuleValue Value { get; }

    internal RuleQuantity Quantity => RuleMetrics.Of(Metric).Quantity;

    private Grouping Coarsest => Filters.Vcpu is null ? Grouping.Vm : Grouping.Vcpu;

    /// <summary>Reads a rule.</summary>
    /// <exception cref="KvmscopeException">It is no rule (status 2); the message points at the column.</exception>
    public static Rule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return RuleParser.Parse(new RuleSource(text), text.Length);
    }

    /// <summary>Looks up the rule's exit reason, so that an unknown one is said before anything is traced.</summary>
    /// <param name="isa">The ISA of the exits; where it is not known, any will do.</param>
    /// <exception cref="KvmscopeException">There is no such reason (status 2, with near names).</exception>
    public void Check(Isa isa) => Reasons(isa);

    /// <summary>The codes that the target names; empty where it names no reason.</summary>
    internal IReadOnlyList<ExitCode> Reasons(Isa isa)
    {
        if (Target.Kind != RuleTargetKind.Reason) return [];
        IReadOnlyList<IsaInfo> isas = IsaInfo.Candidates(isa);
        List<ExitCode> codes = [];
        foreach (IsaInfo candidate in isas)
            if (ExitReasons.TryParse(Target.Text, candidate.Isa, out ulong code)) codes.Add(new ExitCode(candidate.Isa, code));
        if (codes.Count > 0) return codes;
        string[] near = [.. isas.SelectMany(i => ExitReasons.Suggest(Target.Text, i.Isa)).Distinct().Take(3)];
        string scope = isa == Isa.None ? "" : $" of {IsaInfo.Of(isa).DisplayName}";
        throw _source.Error(Target.Column, $"'{Target.Text}' is no exit reason{scope}", "expected exit, any, idle or an exit reason",
            near.Length > 0 ? $"Did you mean {RuleText.Choice(near)}?" : "Give a name such as HLT or CPUID, or a number.");
    }

    /// <summary>The rule in the one way in which all rules can be written; reads as the same rule again.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(RuleMetrics.Of(Metric).Name).Append('(').Append(Quoted(Target.Text));
        if (Filters.Vm is { } vm) text.Append(", vm=").Append(Quoted(vm));
        if (Filters.Vcpu is { } vcpu) text.Append(CultureInfo.InvariantCulture, $", vcpu={vcpu}");
        if (Filters.Level is { } level) text.Append(level == ExitLevel.L2 ? ", level=l2" : ", level=l1");
        return text.Append(") ").Append(RuleComparisons.Text(Comparison)).Append(' ').Append(Value.Text).ToString();
    }

    private static string Quoted(string text) => RuleCursor.IsWord(text)
        ? text
        : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
