using CsCheck;

namespace Kvmscope.Core.Tests;

public sealed class Crc32Tests
{
    // The check value of every list of checksums: CRC-32/ISO-HDLC.
    [Fact]
    public void The_check_value() => Assert.Equal(0xcbf43926, Crc32.Of("123456789"u8));

    [Fact]
    public void It_is_what_others_compute_whatever_the_length() =>
        Gen.Byte.Array[0, 200].Sample(bytes => Crc32.Of(bytes) == System.IO.Hashing.Crc32.HashToUInt32(bytes));

    [Fact]
    public void A_part_after_another_is_as_both_together() =>
        Gen.Select(Gen.Byte.Array[0, 60], Gen.Byte.Array[0, 60]).Sample((one, other) =>
            Crc32.Append(Crc32.Of(one), other) == Crc32.Of([.. one, .. other]));
}
