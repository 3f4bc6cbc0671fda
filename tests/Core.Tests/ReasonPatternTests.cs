using Kvmscope.Core.Exits;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Tests;

public sealed class ReasonPatternTests
{
    [Theory]
    [InlineData("MSR*", Isa.Vmx, "MSR_READ MSR_WRITE MSR_LOAD_FAIL MSR_READ_IMM MSR_WRITE_IMM")]
    [InlineData("msr_*", Isa.Vmx, "MSR_READ MSR_WRITE MSR_LOAD_FAIL MSR_READ_IMM MSR_WRITE_IMM")]
    [InlineData("EXIT_REASON_MSR_?????", Isa.Vmx, "MSR_WRITE")]
    [InlineData("MSR*", Isa.Svm, "MSR")]
    [InlineData("EPT_*", Isa.Vmx, "EPT_VIOLATION EPT_MISCONFIG")]
    [InlineData("RDMS?", Isa.Vmx, "MSR_READ")]
    [InlineData("H[L]T", Isa.Vmx, "HLT")]
    public void A_pattern_is_the_reasons_whose_names_it_matches(string pattern, Isa isa, string names)
    {
        string[] found = [.. ReasonSelector.Codes(pattern, isa).Select(code => ExitReasons.Name(new ExitCode(isa, code)))];
        Assert.Equal(names.Split(' ').Order(), found.Order());
    }

    [Theory]
    [InlineData("E*", Isa.Vmx)]
    [InlineData("S*", Isa.Svm)]
    [InlineData("?", Isa.Vmx)]
    public void Prefixes_of_headers_and_other_spellings_do_not_count_where_names_match(string pattern, Isa isa)
    {
        Glob glob = Glob.Of(pattern)!;
        foreach (ExitCode code in ReasonSelector.Find(pattern, isa)) Assert.True(glob.Matches(ExitReasons.Name(code)));
        Assert.True(ReasonSelector.Find(pattern, isa).Count < ExitReasons.All(isa).Count / 2);
    }

    [Fact]
    public void A_star_is_all_of_them_and_a_name_is_never_a_pattern()
    {
        foreach (IsaInfo isa in IsaInfo.All)
        {
            Assert.Equal(isa.Reasons.Count, ReasonSelector.Find("*", isa.Isa).Count);
            foreach (ExitReasonInfo reason in isa.Reasons) Assert.Single(ReasonSelector.Find(reason.Name, isa.Isa));
        }
    }

    [Theory]
    [InlineData("MRS*", Isa.Vmx, "no exit reason of VMX matches 'MRS*'", "Did you mean MSR_LOAD_FAIL, MSR_READ or ")]
    [InlineData("*MRS*", Isa.Svm, "no exit reason of SVM matches '*MRS*'", "Did you mean MSR")]
    [InlineData("EPT_VIOLATON*", Isa.Vmx, "no exit reason of VMX matches", "Did you mean EPT_VIOLATION")]
    [InlineData("zzzzzzzzzz*", Isa.Vmx, "no exit reason of VMX matches", "'kvmscope explain' lists the names.")]
    [InlineData("zzzzzzzzzz*", Isa.None, "no exit reason matches 'zzzzzzzzzz*'", "'kvmscope explain' lists the names.")]
    public void One_that_matches_nothing_is_an_error_with_near_names(string pattern, Isa isa, string says, string hint)
    {
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => ReasonSelector.Codes(pattern, isa));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.StartsWith(says, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(hint, error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void To_exclude_all_of_them_is_an_error()
    {
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => new Selection { ExcludedReasons = ["*"] }.Resolve(Isa.Vmx));
        Assert.Equal((ExitStatus.Usage, "--exclude removes all exit reasons"), (error.Status, error.Message));
        Assert.Equal("Give a pattern that leaves some.", error.Hint);
        Assert.Equal(5, new Selection { ExcludedReasons = ["MSR*"] }.Resolve(Isa.Vmx).ExcludedCodes.Length);
    }

    [Fact]
    public void Foreign_text_is_reasons_or_an_error() => CsCheck.Check.Sample(AnyText.Of(12), text =>
    {
        try
        {
            Assert.NotEmpty(ReasonSelector.Codes(text, Isa.Vmx));
        }
        catch (KvmscopeException error)
        {
            Assert.Equal(ExitStatus.Usage, error.Status);
        }
    });
}
