using System.Text;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tests.Machines;

public sealed class DisplayNameTests
{
    [Theory]
    [InlineData("web", "web")]
    [InlineData("  web 1 ", "web 1")]
    [InlineData("büro-日本", "büro-日本")]
    [InlineData("a\tb\nc\r\u007f", "a?b?c??")]
    [InlineData("a\u009b31m", "a?31m")]
    [InlineData("evil\u202egnp", "evil?gnp")]
    [InlineData("zero\u200bwidth\ufeff", "zero?width?")]
    [InlineData("a\u2028b\u2029c", "a?b?c")]
    [InlineData(" ", "")]
    [InlineData("", "")]
    public void Shows_what_is_harmless(string text, string shown) => Assert.Equal(shown, DisplayName.From(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Invalid_bytes_are_marked() => Assert.Equal("a??b", DisplayName.From([(byte)'a', 0xff, 0xfe, (byte)'b']));

    [Fact]
    public void Length_is_capped_without_cutting_a_character()
    {
        Assert.Equal(new string('x', 64), DisplayName.From(Encoding.UTF8.GetBytes(new string('x', 1000))));
        Assert.Equal(new string('x', 63), DisplayName.From(Encoding.UTF8.GetBytes(new string('x', 63) + "\U0001f600")));
    }
}
