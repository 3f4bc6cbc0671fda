using System.Text.RegularExpressions;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Core.Tests;

/// <summary>
/// Each line of advice, with figures that raise it and figures next to them that do not. A line that is added without such a test fails
/// here.
/// </summary>
public sealed partial class AdviceLinesTests
{
    private const ulong Wall = 10_000_000_000;

    private static readonly ReportRequest s_request = new() { Kind = ReportKind.Time, Command = "time", Explain = true };

    private sealed record Figures(Interval Raise, Interval Not);

    // The figures of each line, just over and just under its threshold.
    private static readonly Dictionary<string, Func<Figures>> s_figures = new()
    {
        ["runq"] = () => Walls(TimePart.Runq, Wall / 20),
        ["poll"] = () => Walls(TimePart.Poll, Wall / 20),
        ["sleep"] = () => Walls(TimePart.Sleep, Wall / 20),
        ["vmm"] = () => Walls(TimePart.Vmm, Wall / 5),
        ["vmm-reason"] = () => new(InVmm(30, Wall / 5), InVmm(30, (Wall / 5) - 1)),
        ["vmm-stopped"] = () => new(InVmm(1, Wall / 5), InVmm(30, Wall / 5)),
        ["reason"] = () => new(
            Of(Exits(30, 300, 1000), Exits(10, 250, 1000), Exits(28, 250, 1000), Exits(49, 200, 1000)),
            Of(Exits(30, 299, 1000), Exits(10, 250, 1000), Exits(28, 250, 1000), Exits(49, 201, 1000))),
        ["rounds"] = () => new(Of(Rounds(100, Wall / 2000)), Of(Rounds(100, (Wall / 2000) - 1))),
        ["shadow-vmcs"] = () => Nested(Isa.Vmx, 23),
        ["virtual-vmload"] = () => Nested(Isa.Svm, 0x82),
        ["virtual-gif"] = () => Nested(Isa.Svm, 0x84),
        ["pm-timer"] = () => Argument(Isa.Vmx, 30, 0x1_0000_0608, 0x1_0000_0609),
        ["pit"] = () => Argument(Isa.Svm, 0x7b, 0x2_0000_0043, 0x2_0000_0044),
        ["serial"] = () => Argument(Isa.Vmx, 30, 0x2_0000_03f8, 0x2_0000_03f7),
        ["deadline"] = () => Argument(Isa.Svm, 0x7c, 0x2_0000_06e0, 0x2_0000_06e1),
        ["ipi-vmx"] = () => Argument(Isa.Vmx, 32, 0x830, 0x831),
        ["ipi-svm"] = () => Argument(Isa.Svm, 0x7c, 0x2_0000_0830, 0x2_0000_0831),
    };

    // "vmm" says one of three things.
    private static readonly string[] s_names =
    [
        .. AdviceRules.All.Select(r => r.Name), "vmm-reason", "vmm-stopped", .. AdviceMeans.Qualifiers.Select(m => m.Name),
        .. AdviceMeans.Nested.Select(m => m.Name),
    ];

    public static TheoryData<string> Names => new(s_names);

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_raised_by_its_figures_and_not_by_those_below(string name)
    {
        Assert.True(s_figures.TryGetValue(name, out Func<Figures>? make), $"'{name}' needs figures that raise it and figures that do not");
        Figures figures = make();
        Assert.Contains(Findings(figures.Raise), f => f.Lines.Contains(name));
        Assert.DoesNotContain(Findings(figures.Not), f => f.Lines.Contains(name));
    }

    [Fact]
    public void All_figures_are_of_a_line() => Assert.Equal(s_names.Order(), s_figures.Keys.Order());

    // The names of the other vendor's means are in no line, whatever raises it.
    [Fact]
    public void Lines_fit_the_vendor()
    {
        foreach ((string name, Func<Figures> make) in s_figures)
            foreach (Interval interval in (Interval[])[make().Raise, make().Not])
                foreach (AdviceFinding finding in Findings(interval))
                {
                    Isa isa = interval.Rows.Select(r => r.Key.Code.Isa).FirstOrDefault(Isa.None);
                    if (isa == Isa.Svm) Assert.DoesNotMatch("VMCS|VMREAD|EPT|APICv|kvm_intel", finding.Text);
                    else if (isa == Isa.Vmx) Assert.DoesNotMatch("VMCB|NPT|AVIC|kvm_amd|VMLOAD|GIF", finding.Text);
                    Assert.Equal(finding.Lines.Distinct(), finding.Lines);
                    Assert.NotEmpty(name);
                }
    }

    private static IEnumerable<AdviceFinding> Findings(Interval interval) =>
        Advice.Findings(ReportBuilder.Build(interval, s_request), true);

    private static Row Exits(ulong code, ulong count, ulong eachNs, Isa isa = Isa.Vmx, ExitLevel level = ExitLevel.L1, ulong raw = 0) =>
        new(Keys.Of(new ExitCode(isa, code), level, Sample.Web, 0, raw == 0 ? default : Qualifier.Of(raw)))
        { Count = count, Timed = count, TotalNs = count * eachNs };

    private static Interval Of(params Row[] rows) => Of(default, rows);

    private static Interval Of(TimeParts outside, params Row[] rows)
    {
        outside[TimePart.Guest] += Wall - outside.Sum - rows.Aggregate(0UL, (sum, r) => sum + (r.Parts?.Sum ?? 0));
        return new Snapshot(Sample.Started.AddSeconds(10), (long)Wall, rows, new Accounting { Exits = 1000 })
        { Times = [new VcpuTime(Keys.Of(Sample.Web, 0), Wall, outside)] }.Since(null, Sample.Started);
    }

    private static Figures Walls(TimePart part, ulong ns)
    {
        TimeParts large = default, small = default;
        (large[part], small[part]) = (ns, ns - 1);
        return new(Of(large), Of(small));
    }

    private static Interval InVmm(ulong code, ulong ns)
    {
        Row row = Exits(code, 1000, ns / 1000);
        TimeParts parts = default;
        parts[TimePart.Vmm] = ns;
        row.Parts = parts;
        return Of(row);
    }

    private static Row Rounds(ulong count, ulong eachNs, Isa isa = Isa.Vmx)
    {
        Row row = Exits(isa == Isa.Vmx ? 10u : 0x72, count, 1000, isa, ExitLevel.L2);
        row.Rounds = new ReflectedRounds { Reflected = count, Timed = count, TotalNs = count * eachNs, L1Exits = 5 * count };
        return row;
    }

    private static Figures Nested(Isa isa, ulong code) =>
        new(Of(Rounds(200, Wall / 200, isa), Exits(code, 100, 1000, isa)), Of(Rounds(200, Wall / 200, isa), Exits(code, 99, 1000, isa)));

    // Half of the exits have the argument, or one less than half, or another one next to it.
    private static Figures Argument(Isa isa, ulong code, ulong raw, ulong other)
    {
        Assert.DoesNotContain(Findings(Of(Exits(code, 499, 1000, isa, raw: raw), Exits(code, 501, 1000, isa, raw: 0x7777))),
            f => f.Text.Contains(": the guest", StringComparison.Ordinal));
        return new(
            Of(Exits(code, 500, 1000, isa, raw: raw), Exits(code, 500, 1000, isa, raw: 0x7777)),
            Of(Exits(code, 1000, 1000, isa, raw: other)));
    }

    [Fact]
    public void Parameters_that_texts_name_exist_and_newer_ones_say_so()
    {
        string[] texts =
        [
            .. IsaInfo.All.SelectMany(i => i.Reasons).SelectMany(r => new[] { r.Meaning, r.Hint }), .. PartNames.All.Select(p => p.Hint),
            .. AdviceMeans.Qualifiers.Select(m => m.Text), .. AdviceMeans.Nested.Select(m => m.Text),
            .. s_figures.Values.SelectMany(f => Findings(f().Raise)).Select(f => f.Text),
        ];
        HashSet<string> named = [];
        foreach (string text in texts)
            foreach (Match match in Parameter().Matches(text))
            {
                var known = ModuleParameters.All.Where(p => $"{p.Module}.{p.Name}" == match.Value);
                Version since = Assert.Single(known).Since;
                if (since > new Version(5, 10)) Assert.Contains($"Linux {since} and newer", text, StringComparison.Ordinal);
                named.Add(match.Value);
            }
        // x2AVIC came later than the parameter that turns it on.
        Assert.All(texts.Where(t => t.Contains("x2AVIC (", StringComparison.Ordinal)), t => Assert.Contains("Linux 6.1 and newer", t));
        Assert.Contains("kvm.halt_poll_ns", named);
    }

    [GeneratedRegex(@"\bkvm(?:_amd|_intel)?\.(?!h\b)[a-z_]+[a-z]")]
    private static partial Regex Parameter();
}
