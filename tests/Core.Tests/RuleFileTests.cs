using Kvmscope.Core.Exits;
using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Tests;

/// <summary>Files of rules.</summary>
public sealed class RuleFileTests
{
    [Fact]
    public void Comments_and_blank_lines_do_not_count()
    {
        const string text = "\ufeff# real time\r\n\r\n  max(exit) < 50us   # no exit may " +
            "pass\r\n\t\ncount(VMX#71)==0 #no\n#count(any)==0\ncount(any, vm=\"a # b\")==0 # c \"\ncount(any, vm=\"a\\\" # b\")==0\n";
        Assert.Equal(
            ["max(exit) < 50us", "count(VMX#71)==0", "count(any, vm=\"a # b\")==0", "count(any, vm=\"a\\\" # b\")==0"],
            RuleFile.Parse(text, "rt.rules").Select(r => r.Text));
    }

    [Fact]
    public void An_error_says_file_line_and_column()
    {
        var error = Assert.Throws<KvmscopeException>(() => RuleFile.Parse("# rt\n\n  max(exit)<50  # us\n", "rt.rules"));
        Assert.Equal("rt.rules:3:17: max needs a unit\n    max(exit)<50  # us\n                  ^ expected a time in ns, us, ms or s",
            error.Shown());
        Assert.Equal(ExitStatus.Usage, error.Status);
    }

    [Fact]
    public void A_reason_that_there_is_not_says_file_line_and_column()
    {
        Rule rule = Assert.Single(RuleFile.Parse("\n count(CUPID)==0", "rt.rules"));
        var error = Assert.Throws<KvmscopeException>(() => rule.Check(Isa.Vmx));
        Assert.StartsWith("rt.rules:2:8: 'CUPID' is not an exit reason of VMX\n", error.Shown(), StringComparison.Ordinal);
        Assert.Equal("Did you mean CPUID?", error.Hint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n\n")]
    public void A_file_that_checks_nothing_is_an_error(string text)
    {
        var error = Assert.Throws<KvmscopeException>(() => RuleFile.Parse(text, "empty.rules"));
        Assert.Equal((ExitStatus.Usage, "empty.rules has no rules"), (error.Status, error.Shown()));
        Assert.Equal("Write one rule per line, such as: max(exit)<50us", error.Hint);
    }
}
