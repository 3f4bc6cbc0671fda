using CsCheck;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Tests;

public sealed class ScaledTextTests
{
    [Theory]
    [InlineData(0, "0 ns")]
    [InlineData(812, "812 ns")]
    [InlineData(999, "999 ns")]
    [InlineData(1_000, "1.00 µs")]
    [InlineData(3_420, "3.42 µs")]
    [InlineData(9_994, "9.99 µs")]
    [InlineData(9_996, "10.0 µs")]
    [InlineData(99_940, "99.9 µs")]
    [InlineData(99_960, "100 µs")]
    [InlineData(999_499, "999 µs")]
    [InlineData(999_500, "1.00 ms")]
    [InlineData(1_200_000, "1.20 ms")]
    [InlineData(2_310_000_000, "2.31 s")]
    [InlineData(999_900_000_000, "1000 s")]
    [InlineData(1_234_000_000_000, "1234 s")]
    [InlineData(9_999_400_000_000, "9999 s")]
    [InlineData(10_008_000_000_000, "2.78 h")]
    [InlineData(31_536_000_000_000_000, "8760 h")]
    [InlineData(43_200_000_000_000_000, "500 d")]
    [InlineData(ulong.MaxValue, "585 y")]
    public void Times(ulong ns, string text)
    {
        Assert.Equal(text, ScaledText.Time(ns));
        Assert.Equal(text.Replace("µ", "u", StringComparison.Ordinal), ScaledText.Time(ns, unicode: false));
        Assert.Equal(text.Replace(" ", "", StringComparison.Ordinal), ScaledText.Time(ns, tight: true));
    }

    [Theory]
    [InlineData(0, 7, "0")]
    [InlineData(9_999_999, 7, "9999999")]
    [InlineData(12_345_678, 7, "12.3M")]
    [InlineData(12_345_678, 8, "12345678")]
    [InlineData(999_999_999, 7, "1.00G")]
    [InlineData(1_234, 3, "1.23k")]
    [InlineData(ulong.MaxValue, 7, "18.4E")]
    [InlineData(ulong.MaxValue, 20, "18446744073709551615")]
    public void Numbers(ulong number, int width, string text) => Assert.Equal(text, ScaledText.Number(number, width));

    [Fact]
    public void Any_time_has_at_most_four_characters_and_a_unit() =>
        Gen.Select(Gen.Int[0, 63], Gen.ULong)
            .Sample((shift, bits) => ScaledText.Time(bits >>> shift).Split(' ') is [{ Length: <= 4 }, { Length: 1 or 2 }]);
}
