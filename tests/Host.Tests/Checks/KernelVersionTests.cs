using CsCheck;
using Kvmscope.Host.Checks;

namespace Kvmscope.Host.Tests.Checks;

public sealed class KernelVersionTests
{
    [Theory]
    [InlineData("5.10.0-32-amd64", 5, 10)]
    [InlineData("6.12.107+deb13-amd64", 6, 12)]
    [InlineData("7.2-rc1", 7, 2)]
    [InlineData("6.8", 6, 8)]
    public void Reads_releases(string release, int major, int minor)
    {
        Assert.True(KernelVersion.TryParse(release, out KernelVersion version));
        Assert.Equal(new KernelVersion(major, minor), version);
    }

    [Theory]
    [InlineData("")]
    [InlineData("6")]
    [InlineData(".1")]
    [InlineData("six.one")]
    [InlineData("6.")]
    [InlineData("-6.1")]
    [InlineData("99999999999.1")]
    public void Refuses_other_text(string release) => Assert.False(KernelVersion.TryParse(release, out _));

    [Fact]
    public void Survives_any_text() => Gen.String.Sample(text => { KernelVersion.TryParse(text, out _); });

    [Theory]
    [InlineData(5, 10, true)]
    [InlineData(5, 16, false)]
    [InlineData(4, 20, true)]
    [InlineData(6, 0, false)]
    public void Compares_by_number(int major, int minor, bool atLeast) =>
        Assert.Equal(atLeast, new KernelVersion(5, 15).IsAtLeast(major, minor));
}
