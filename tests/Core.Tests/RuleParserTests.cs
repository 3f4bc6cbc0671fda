using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Tests;

/// <summary>The rule language: what is accepted, what is refused, and where the error points.</summary>
public sealed class RuleParserTests
{
    private static readonly string[] s_valid =
    [
        "max(exit)<50us", "rate(EPT_VIOLATION)<100/s", "share(runq)<5%", "count(any)==0",
        "p99.9(HLT, vm=web-1, vcpu=0, level=l2) >= 1.5 ms",
        "total(idle){vm=\"my \\\"vm\\\", 2\", vcpu=3} != 0ns", "avg(0x30)<=3s", "p50(VMX#71)>1ns",
        "share(\"INVALID_STATE (failed entry)\")<0.05",
        "rate(any){level=l1}<6000/min", "rate(any)<1/h", "count(EXCP_UD) = 7",
    ];

    // Any text, and texts that are almost correct.
    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.String,
        Gen.String[Gen.Char["maxcountp9.(){},<>=!\"\\# \t%/5us0µ-"], 0, 30],
        Gen.Select(Gen.OneOf(s_valid), Gen.Int[0, 60], Gen.Int[0, 3], Gen.Char).Select(Mutate));

    private static readonly Gen<string> s_name =
        Gen.OneOf(Gen.String[Gen.Char["abz09_-. ,\"\\(){}#='µ"], 1, 12], Gen.OneOf("web-1", "4711", "HLT", "a#2"))
        .Where(n => n.Trim().Length > 0);

    private static readonly Gen<string> s_rule = Gen.Select(
        Gen.OneOf("count", "rate", "share", "avg", "max", "total", "p50", "p90", "p99", "p999", "P99.9"),
        Gen.OneOf(Gen.OneOf("exit", "any", "idle"), s_name.Select(n => Quote(n.Trim()))),
        s_name.Select(Quote).Null(), Gen.Int[0, 4095].Nullable(), Gen.OneOf("l1", "l2", "1", "L2").Null(),
        Gen.OneOf("<", "<=", ">", ">=", "==", "!=", "="), Gen.Int[0, 99_999], Gen.OneOf("", " ", "\t", "  ")).Select(Write);

    [Theory]
    [InlineData("max(exit)<50us", "max(exit) < 50us", RuleTargetKind.Exit, null, null, null)]
    [InlineData(" MAX ( Exit ) <\t50 µs ", "max(Exit) < 50µs", RuleTargetKind.Exit, null, null, null)]
    [InlineData("max(exit)<50\u03bcs", "max(exit) < 50\u03bcs", RuleTargetKind.Exit, null, null, null)]
    [InlineData("p99.9(any)=1ms", "p999(any) == 1ms", RuleTargetKind.Any, null, null, null)]
    [InlineData("count(idle,vm=web-1)!=1", "count(idle, vm=web-1) != 1", RuleTargetKind.Idle, "web-1", null, null)]
    [InlineData("count(any){vm=4711,level=l2}==0", "count(any, vm=4711, level=l2) == 0", RuleTargetKind.Any, "4711", null, ExitLevel.L2)]
    [InlineData("count(any, vcpu = 3){ vm == \"my vm, 2\" , level = L1 } >= 7", "count(any, vm=\"my vm, 2\", vcpu=3, level=l1) >= 7",
        RuleTargetKind.Any, "my vm, 2", 3, ExitLevel.L1)]
    [InlineData("rate(EPT_VIOLATION)<100", "rate(EPT_VIOLATION) < 100", RuleTargetKind.Reason, null, null, null)]
    [InlineData("rate(48) < 100 / min", "rate(48) < 100/min", RuleTargetKind.Reason, null, null, null)]
    [InlineData("count(VMX#71)<1", "count(VMX#71) < 1", RuleTargetKind.Reason, null, null, null)]
    [InlineData("count(2/0x16)<1", "count(2/0x16) < 1", RuleTargetKind.Reason, null, null, null)]
    [InlineData("count(SVM_EXIT_EXCP_BASE+UD_VECTOR)<1", "count(SVM_EXIT_EXCP_BASE+UD_VECTOR) < 1", RuleTargetKind.Reason, null, null,
        null)]
    [InlineData("count(\"UD excp\", vm=web#2)<1", "count(\"UD excp\", vm=web#2) < 1", RuleTargetKind.Reason, "web#2", null, null)]
    [InlineData("share(RunQ)<=5%", "share(RunQ) <= 5%", RuleTargetKind.Part, null, null, null)]
    [InlineData("share(exit)<0.05", "share(exit) < 0.05", RuleTargetKind.Exit, null, null, null)]
    [InlineData("avg(exit, vm=\"a\\\"b\\\\c\\d\")<1s", "avg(exit, vm=\"a\\\"b\\\\c\\\\d\") < 1s", RuleTargetKind.Exit, "a\"b\\c\\d", null,
        null)]
    public void Rules_are_read(string text, string shown, object kind, string? vm, int? vcpu, ExitLevel? level)
    {
        Rule rule = Rule.Parse(text);
        Assert.Equal(text.Trim(), rule.Text);
        Assert.Equal(shown, rule.ToString());
        Assert.Equal((RuleTargetKind)kind, rule.Target.Kind);
        Assert.Equal((vm, vcpu, level), FiltersOf(rule));
    }

    [Theory]
    [InlineData("", 1, "the end is not a metric")]
    [InlineData("   ", 4, "the end is not a metric")]
    [InlineData("mx(exit)<5us", 1, "expected count, rate, share")]
    [InlineData("max exit)<5us", 5, "expected ( after max")]
    [InlineData("max()<5us", 5, "expected exit, any, idle or an exit reason")]
    [InlineData("max(\" \")<5us", 5, "expected exit, any, idle or an exit reason")]
    [InlineData("max(exit<5us", 9, "a comma and a filter, or )")]
    [InlineData("max(exit)<", 11, "a time in ns, us, ms or s")]
    [InlineData("max(exit)5us", 10, "expected <, <=, >, >=, == or !=")]
    [InlineData("max(exit)=>5us", 11, "'>' is not a number")]
    [InlineData("max(exit)<-5us", 11, "'-5us' is not a number")]
    [InlineData("max(exit)<50", 13, "max needs a unit")]
    [InlineData("max(exit)<50/s", 13, "'/s' is not a unit of max")]
    [InlineData("max(exit)<50 %", 14, "a time in ns, us, ms or s")]
    [InlineData("max(exit)<5.us", 12, "'.us' is not a unit")]
    [InlineData("rate(exit)<5us", 13, "with /s, /min or /h")]
    [InlineData("rate(exit)<5/d", 13, "'/d' is not a unit of rate")]
    [InlineData("share(exit)<5", 13, "5 is more than 100 %")]
    [InlineData("share(exit)<101%", 13, "up to 100%")]
    [InlineData("share(exit)<5us", 14, "'us' is not a unit of share")]
    [InlineData("count(exit)<1.5", 13, "a whole number of exits")]
    [InlineData("count(exit)<5%", 14, "a whole number of exits")]
    [InlineData("count(exit)<1234567890123456", 13, "too many digits")]
    [InlineData("max(exit)<0.1234567891us", 11, "too many digits")]
    [InlineData("max(exit)<5us max", 15, "does not belong")]
    [InlineData("max(exit, name=x)<5us", 11, "expected vm=, vcpu= or level=")]
    [InlineData("max(exit, vm)<5us", 13, "= after vm")]
    [InlineData("max(exit, vm=)<5us", 14, "in quotes if it has spaces")]
    [InlineData("max(exit, vm=\"\")<5us", 14, "in quotes if it has spaces")]
    [InlineData("max(exit, vm=\"x)<5us", 14, "a quote is not closed")]
    [InlineData("max(exit, vm=a, vm=b)<5us", 17, "vm is given twice")]
    [InlineData("max(exit, vcpu=1){vcpu=1}<5us", 19, "vcpu is given twice")]
    [InlineData("max(exit, level=l1, level=l1)<5us", 21, "level is given twice")]
    [InlineData("max(exit, vcpu=-1)<5us", 16, "expected a number from 0")]
    [InlineData("max(exit, vcpu=99999999999)<5us", 16, "expected a number from 0")]
    [InlineData("max(exit, level=l3)<5us", 17, "expected l1 or l2")]
    [InlineData("max(exit){}<5us", 11, "'}' is not a filter")]
    [InlineData("max(exit){vm=a<5us", 15, "a comma and a filter, or }")]
    [InlineData("max(runq)<5us", 5, "parts only have share")]
    [InlineData("share(runq, level=l2)<5%", 13, "has no level")]
    public void Errors_point_at_the_column(string text, int column, string says)
    {
        var error = Assert.Throws<KvmscopeException>(() => Rule.Parse(text));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.Contains(says, error.Shown(), StringComparison.Ordinal);
        Assert.NotNull(error.Hint);
        string[] lines = error.Shown().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal("  " + text, lines[1]);
        Assert.Equal(column + 1, lines[2].IndexOf('^', StringComparison.Ordinal));
        Assert.EndsWith($"(column {column})", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_reads_well()
    {
        var error = Assert.Throws<KvmscopeException>(() => Rule.Parse("max(exit)\t<50/s"));
        Assert.Equal(
            "'/s' is not a unit of max (column 14)\n  max(exit) <50/s\n               ^ expected a time in ns, us, ms or s", error.Shown());
        Assert.Equal("For example: max(exit)<50us", error.Hint);
    }

    [Fact]
    public void Any_text_is_a_rule_or_an_error_that_points_into_it() => s_text.Sample(text =>
    {
        try
        {
            return Rule.Parse(text).Text == text.Trim();
        }
        catch (KvmscopeException error)
        {
            string[] lines = error.Shown().Split('\n');
            int column = lines[2].IndexOf('^', StringComparison.Ordinal) - 1;
            return error.Status == ExitStatus.Usage && lines.Length == 3 && lines[1].Length == text.Length + 2 && column >= 1
                && column <= text.Length + 1;
        }
    }, iter: 20_000);

    [Fact]
    public void A_rule_that_is_printed_reads_as_itself() => s_rule.Sample(text =>
    {
        Rule rule = Rule.Parse(text), again = Rule.Parse(rule.ToString());
        return again.ToString() == rule.ToString() && again.Metric == rule.Metric && FiltersOf(again) == FiltersOf(rule)
            && again.Comparison == rule.Comparison
            && again.Value == rule.Value && again.Target with { Column = 0 } == rule.Target with { Column = 0 };
    }, iter: 5_000);

    private static (string?, int?, ExitLevel?) FiltersOf(Rule rule) =>
        (rule.Selection.Vms.SingleOrDefault(), rule.Selection.Vcpus.Select(id => (int?)id).SingleOrDefault(), rule.Selection.Level);

    [Theory]
    [InlineData("EPT_VIOLATON", Isa.Vmx, "is not an exit reason of VMX", "EPT_VIOLATION")]
    [InlineData("NPF", Isa.Vmx, "is not an exit reason of VMX", "EPT_VIOLATION")]
    [InlineData("SVM_EXIT_HLT", Isa.Vmx, "is not an exit reason of VMX", "HLT")]
    [InlineData("EPT_VIOLATON", Isa.None, "is not an exit reason ", "EPT_VIOLATION")]
    [InlineData("no such thing at all", Isa.Svm, "is not an exit reason of SVM", "a number")]
    public void An_unknown_reason_is_said_once_the_ISA_is_known(string name, Isa isa, string says, string hint)
    {
        Rule rule = Rule.Parse($"max( \"{name}\" )<50us");
        var error = Assert.Throws<KvmscopeException>(() => rule.Check(isa));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.Contains($"'{name}' {says}", error.Shown(), StringComparison.Ordinal);
        Assert.Equal(6 + 1, error.Shown().Split('\n')[2].IndexOf('^', StringComparison.Ordinal));
        Assert.Contains(hint, error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EXIT_REASON_HLT", Isa.Vmx, 12UL)]
    [InlineData("hlt", Isa.Svm, 0x78UL)]
    [InlineData("0x78", Isa.Svm, 0x78UL)]
    [InlineData("io", Isa.Vmx, 30UL)]
    [InlineData("VMX#71", Isa.Vmx, 71UL)]
    public void Reasons_have_all_their_names(string name, Isa isa, ulong code)
    {
        Assert.Equal([new ExitCode(isa, code)], Rule.Parse($"count({name})==0").Reasons(isa));
    }

    [Fact]
    public void Without_an_ISA_all_are_tried() =>
        Assert.Equal([new ExitCode(Isa.Vmx, 12), new ExitCode(Isa.Svm, 0x78)], Rule.Parse("count(HLT)==0").Reasons(Isa.None));

    [Theory]
    [InlineData("count(any)==0", false, false, Grouping.Vm)]
    [InlineData("rate(HLT, vcpu=1)<1", false, false, Grouping.Vcpu)]
    [InlineData("max(exit)<1s", true, false, Grouping.Vcpu)]
    [InlineData("p99(exit)<1s", true, false, Grouping.Vcpu)]
    [InlineData("share(runq)<1%", true, true, Grouping.Vm)]
    [InlineData("share(HLT, vcpu=0)<1%", true, true, Grouping.Vcpu)]
    public void Needs_are_known_before_the_trace(string text, bool time, bool split, Grouping grouping) =>
        Assert.Equal(new RuleNeeds(time, split, grouping), Rule.Parse(text).Needs);

    [Fact]
    public void Needs_add_up() => Assert.Equal(new RuleNeeds(true, true, Grouping.Vcpu),
        RuleNeeds.Of([Rule.Parse("count(any)==0"), Rule.Parse("share(runq)<5%"), Rule.Parse("count(any, vcpu=1)==0")]));

    private static string Mutate(string rule, int at, int how, char with)
    {
        at = Math.Min(at, rule.Length - 1);
        return how switch
        {
            0 => rule.Remove(at, 1),
            1 => rule.Insert(at, with.ToString()),
            2 => rule[..at] + with + rule[(at + 1)..],
            _ => rule[..at] + rule[at..].ToUpperInvariant() + rule[..(at / 2)],
        };
    }

    private static string Write(
        string metric, string target, string? vm, int? vcpu, string? level, string comparison, int number, string blank)
    {
        string[] filters = [.. new[] { vm is null ? "" : $"vm{blank}={blank}{vm}", vcpu is null ? "" : $"vcpu={vcpu}",
            level is null ? "" : $"level={level}" }.Where(f => f.Length > 0)];
        string value = metric switch
        {
            "count" => $"{number}",
            "rate" => $"{number}.25{blank}/min",
            "share" => $"{number % 101}{blank}%",
            _ => $"{number}.125{blank}us",
        };
        string first = filters.Length > 0 ? $",{blank}{filters[0]}" : "";
        string rest = filters.Length > 1 ? $"{blank}{{{string.Join($"{blank},", filters[1..])}}}" : "";
        return $"{blank}{metric}({target}{blank}{first}){rest}{comparison}{blank}{value}{blank}";
    }

    private static string Quote(string name) => $"\"{name.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";

    [Theory]
    [InlineData("max(exit, vcpu=0-3)<50us", "max(exit, vcpu=0-3) < 50us")]
    [InlineData("max(exit, vcpu=\"8,0-3\")<50us", "max(exit, vcpu=\"0-3,8\") < 50us")]
    [InlineData("max(exit, vcpu=0){vm=web*}<50us", "max(exit, vm=web*, vcpu=0) < 50us")]
    [InlineData("rate(MSR*, vm=w[eo]b-?)<50", "rate(MSR*, vm=w[eo]b-?) < 50")]
    public void Ranges_and_patterns_are_read_and_shown(string text, string shown)
    {
        Assert.Equal(shown, Rule.Parse(text).ToString());
        Assert.Equal(shown, Rule.Parse(shown).ToString());
    }
}
