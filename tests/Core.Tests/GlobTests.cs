using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Tests;

public sealed class GlobTests
{
    [Theory]
    [InlineData("web*", "web", true)]
    [InlineData("web*", "web-1", true)]
    [InlineData("web*", "a-web", false)]
    [InlineData("*", "", true)]
    [InlineData("**", "x", true)]
    [InlineData("w?b", "wéb", true)]
    [InlineData("w?b", "w😀b", true)]
    [InlineData("w??b", "w😀b", false)]
    [InlineData("w?b", "wb", false)]
    [InlineData("*-1*2", "a-1-12", true)]
    [InlineData("*-1*2", "a-1-13", false)]
    [InlineData("web-[0-9]", "web-7", true)]
    [InlineData("web-[0-9]", "web-x", false)]
    [InlineData("web-[!0-9]", "web-x", true)]
    [InlineData("web-[^0-9]", "web-7", false)]
    [InlineData("[]x]*", "]a", true)]
    [InlineData("[a-]?", "-b", true)]
    [InlineData("[\\]-]*", "-", true)]
    [InlineData("web\\*?", "web*1", true)]
    [InlineData("web\\*?", "webx1", false)]
    [InlineData("[web*", "[web-1", true)]
    [InlineData("WEB*", "web", false)]
    [InlineData("*\\", "a\\", true)]
    [InlineData("[!a]", "!", true)]
    [InlineData("[!a]", "[", true)]
    [InlineData("*[", "a[", true)]
    [InlineData("*[a-", "x[a-", true)]
    [InlineData("*[\\", "x[\\", true)]
    public void It_stands_for(string pattern, string text, bool matches) => Assert.Equal(matches, Glob.Of(pattern)!.Matches(text));

    [Theory]
    [InlineData("web")]
    [InlineData("web[1")]
    [InlineData("web\\*")]
    [InlineData("[]")]
    [InlineData("")]
    public void A_text_that_stands_only_for_itself_is_no_pattern(string text) => Assert.False(Glob.IsPattern(text));

    [Fact]
    public void Upper_and_lower_case_can_be_the_same() => Assert.True(Glob.Of("msr_[r]*", ignoresCase: true)!.Matches("MSR_READ"));

    [Fact]
    public void It_matches_as_a_regular_expression_does() =>
        Gen.Select(Gen.Char["ab*?"].Array[1, 8], Gen.Char["abc"].Array[0, 10]).Sample((pattern, text) =>
        {
            string glob = new(pattern), name = new(text);
            if (Glob.Of(glob) is not { } parsed) return !glob.AsSpan().ContainsAny("*?");
            string regex = "^" + glob.Replace("*", ".*", StringComparison.Ordinal).Replace("?", ".", StringComparison.Ordinal) + "$";
            return parsed.Matches(name) == Regex.IsMatch(name, regex, RegexOptions.Singleline);
        });

    [Fact]
    public void Foreign_text_is_matched_by_itself_escaped_and_by_anything() => AnyText.Of(20).Sample(text =>
    {
        string well = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        string escaped = string.Concat(well.EnumerateRunes().Select(r => $"\\{r}"));
        int length = well.EnumerateRunes().Count();
        return Glob.Of("*" + escaped)!.Matches(well) && Glob.Of("*")!.Matches(well) && Glob.Of(new string('?', length) + "*")!.Matches(well)
            && !Glob.Of(new string('?', length + 1))!.Matches(well);
    });

    [Fact]
    public void Many_stars_take_no_longer_than_a_few() =>
        Assert.False(Glob.Of(string.Concat(Enumerable.Repeat("*a", 200)) + "b")!.Matches(new string('a', 4096)));
}

public sealed class IdRangesTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("0-3", "0-3")]
    [InlineData("0-3,8", "0-3,8")]
    [InlineData("8, 0 - 3 ,", "0-3,8")]
    [InlineData("3,2,1,1", "1-3")]
    [InlineData("5-5", "5")]
    [InlineData("2147483647", "2147483647")]
    [InlineData("2147483646-2147483647", "2147483646-2147483647")]
    [InlineData("0-65535", "0-65535")]
    [InlineData("0-32767,32768-65535", "0-65535")]
    public void Lists_are_read(string text, string shown)
    {
        Assert.True(IdRanges.TryParse(text, out var ids));
        Assert.Equal(shown, IdRanges.Format(ids));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("1-")]
    [InlineData("-")]
    [InlineData("3-1")]
    [InlineData("1-2-3")]
    [InlineData("+1")]
    [InlineData("0x1")]
    [InlineData("1.5")]
    [InlineData("2147483648")]
    [InlineData("0-65536")]
    [InlineData("0-40000,50000-90000")]
    [InlineData("0-2147483647")]
    [InlineData("٣")]
    public void Everything_else_is_none(string text) => Assert.False(IdRanges.TryParse(text, out _));

    [Fact]
    public void What_is_shown_reads_as_the_same() => Gen.Int[0, 5000].Array[1, 40].Sample(ids =>
        IdRanges.TryParse(IdRanges.Format(ids), out var read) && read.SequenceEqual(ids.Distinct().Order())
        && IdRanges.TryParse(IdRanges.Format(ids, ", "), out var spaced) && spaced.SequenceEqual(read));

    [Fact]
    public void Foreign_text_is_a_list_or_none() => AnyText.Of(12).Sample(text =>
        !IdRanges.TryParse(text, out var ids) || ids.All(id => id >= 0));
}
