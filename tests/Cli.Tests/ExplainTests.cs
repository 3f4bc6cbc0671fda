using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The list of all reasons, as wide as the terminal.</summary>
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

    [Fact]
    public void Json_has_the_same_as_the_table()
    {
        using JsonDocument one = JsonDocument.Parse(new World().Run("explain", "CPUID", "--isa", "svm", "--format", "json").Out);
        JsonElement reason = Assert.Single(one.RootElement.GetProperty("reasons").EnumerateArray());
        Assert.Equal(("svm", 0x72, "CPUID"),
            (reason.GetProperty("isa").GetString(), reason.GetProperty("code").GetInt32(), reason.GetProperty("reason").GetString()));
        Assert.NotEqual("", reason.GetProperty("meaning").GetString());
        Assert.Empty(one.RootElement.GetProperty("parts").EnumerateArray());

        using JsonDocument all = JsonDocument.Parse(new World().Run("explain", "--isa", "vmx", "--format", "json").Out);
        Assert.Equal(ExitReasons.All(Isa.Vmx).Count(), all.RootElement.GetProperty("reasons").GetArrayLength());
        Assert.Equal(PartNames.All.Count, all.RootElement.GetProperty("parts").GetArrayLength());
    }
}
