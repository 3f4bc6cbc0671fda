using CsCheck;
using Kvmscope.ContractGen;

namespace Kvmscope.Host.Tests.Bpf;

public sealed class BtfReaderTests
{
    private static readonly byte[] s_object = BpfImage.Embedded.Bytes;

    private static void Read(byte[] bytes)
    {
        try
        {
            ContractWriter.Write(BtfReader.ReadElf(bytes));
        }
        catch (InvalidDataException)
        {
            // The only exception that the reader may throw.
        }
    }

    [Fact]
    public void Any_bytes_are_read_or_refused() => Gen.Byte.Array[0, 300].Sample(Read);

    [Fact]
    public void Any_bytes_after_a_valid_header_are_read_or_refused() =>
        Gen.Byte.Array[0, 300].Sample(bytes => Read([.. s_object.AsSpan(0, 6), .. bytes]));

    [Fact]
    public void An_object_that_ends_early_is_refused() =>
        Gen.Int[0, s_object.Length - 1].Sample(length => Read(s_object[..length]), iter: 300);

    [Fact]
    public void An_object_with_changed_bytes_is_read_or_refused()
    {
        // Most of the object is code and relocations: half of the changes are in the parts that the reader uses.
        BpfImage.Section btf = BpfImage.Embedded[".BTF"];
        int start = s_object.AsSpan().IndexOf(btf.Bytes);
        int table = (int)BitConverter.ToUInt64(s_object, 0x28);
        Gen<int> place = Gen.OneOf(
            Gen.Int[0, 63], Gen.Int[table, s_object.Length - 1], Gen.Int[start, start + 24], Gen.Int[start, start + btf.Bytes.Length - 1]);
        Gen.Select(place, Gen.OneOf(Gen.Byte, Gen.Const((byte)0xff), Gen.Const((byte)0))).Array[1, 8].Sample(changes =>
        {
            byte[] changed = [.. s_object];
            foreach ((int at, byte value) in changes) changed[at] = value;
            Read(changed);
        }, iter: 2000);
    }

    [Fact]
    public void Types_that_refer_to_themselves_are_refused()
    {
        BtfType none = new(0, "void", 0, [], [], default);
        BtfType loop = new(8, "", 1, [], [], default), array = new(BtfType.Array, "", 0, [], [], (1, 2));
        BtfType user = new(BtfType.Struct, "kvmscope_x", 8, [("a", 1, 0)], [], default);
        Assert.Throws<InvalidDataException>(() => ContractWriter.Write([none, loop, user]));
        Assert.Throws<InvalidDataException>(() => ContractWriter.Write([none, array, user]));
        Assert.Throws<InvalidDataException>(() => ContractWriter.Write([none, user with { Members = [("a", 7, 0)] }]));
    }
}
