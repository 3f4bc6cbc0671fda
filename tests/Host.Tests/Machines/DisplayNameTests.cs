using System.Text;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tests.Machines;

public sealed class DisplayNameTests
{
    [Theory]
    [InlineData("web", "web")]
    [InlineData("  web 1 ", "web 1")]
    [InlineData("büro-日本", "büro-日本")]
    [InlineData("a\tb\u001b[2J\u202e", "a\tb\u001b[2J\u202e")]
    [InlineData(" ", "")]
    [InlineData("", "")]
    public void Is_the_text_whole(string text, string name) => Assert.Equal(name, DisplayName.From(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Invalid_bytes_are_marked() => Assert.Equal("a\ufffd\ufffdb", DisplayName.From([(byte)'a', 0xff, 0xfe, (byte)'b']));

    [Fact]
    public void Length_is_bounded_without_cutting_a_character()
    {
        Assert.Equal(new string('x', 4096), DisplayName.From(Encoding.UTF8.GetBytes(new string('x', 5000))));
        Assert.Equal(new string('x', 4095), DisplayName.From(Encoding.UTF8.GetBytes(new string('x', 4095) + "\U0001f600")));
        Assert.Equal(new string('x', 4092) + "\U0001f600", DisplayName.From(Encoding.UTF8.GetBytes(new string('x', 4092) + "\U0001f600y")));
    }
}
