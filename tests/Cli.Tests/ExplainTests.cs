using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The list of all reasons, as wide as what reads it.</summary>
public sealed class ExplainTests
{
    [Fact]
    public void A_pipe_has_the_list_whole()
    {
        string text = new World().Run("explain", "--isa", "vmx").Out;
        Assert.DoesNotContain('…', text);
        Assert.Contains(text.Split('\n'), line => line.Length > 80);
    }

    [Theory]
    [InlineData(true, '…')]
    [InlineData(false, '~')]
    public void A_terminal_has_one_line_a_reason(bool unicode, char cut)
    {
        var world = new World { Screen = new(IsTerminal: true, 60, AllowsColor: false, unicode) };
        string text = world.Run("explain", "--isa", "vmx").Out;
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 60));
        Assert.Contains(cut, text);
        if (!unicode) Assert.All(text, c => Assert.True(char.IsAscii(c)));
    }
}
