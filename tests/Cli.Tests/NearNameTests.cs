using Kvmscope.CommandLine;

namespace Kvmscope.Tests;

/// <summary>What was probably meant.</summary>
public sealed class NearNameTests
{
    [Theory]
    [InlineData("time", "time")]
    [InlineData("TIME", "time")]
    [InlineData("tme", "time")] // a letter is missing
    [InlineData("timne", "time")] // one is too many
    [InlineData("tome", "time")] // one is another
    [InlineData("tmie", "time")] // two are swapped
    [InlineData("itme", "time")]
    [InlineData("tiem", "time")]
    [InlineData("ti", "time")] // the beginning
    [InlineData("t", "")] // too short to be one
    [InlineData("tomo", "")] // one in three may be wrong
    [InlineData("emit", "")]
    [InlineData("", "")]
    public void A_name_may_be_mistyped(string typed, string near) => Assert.Equal(near, Of(typed, "time"));

    [Theory]
    [InlineData("--tim", "--time")]
    [InlineData("--t", "")]
    [InlineData("--tomo", "")] // dashes are no letters
    [InlineData("--intrval", "--interval")]
    [InlineData("--intrevl", "--interval")]
    [InlineData("--nitervla", "--interval")]
    [InlineData("--nitrevla", "")] // three swaps in eight letters
    public void An_option_may_be_mistyped(string typed, string near) => Assert.Equal(near, Of(typed, "--time", "--interval"));

    [Fact]
    public void The_three_nearest_are_named_in_their_order()
    {
        Assert.Equal("abcdef abcdeX abcdXX", Of("abcdef", "abcdXX", "abcdeX", "abcXXX", "abcdef"));
        Assert.Equal("abcdefg abcdeX abXdef", Of("abcdef", "abcdXX", "abcdeX", "abXdef", "abcdefg"));
    }

    private static string Of(string typed, params string[] names) => string.Join(' ', NearNames.Of(typed, names));
}
