using System.Buffers.Binary;

namespace Kvmscope.Host.Tests.Bpf;

/// <summary>One instruction (Documentation/bpf/standardization/instruction-set.rst).</summary>
internal readonly record struct BpfInstruction(int At, byte Opcode, byte Source, short Offset, int Immediate)
{
    internal bool IsAtomic => (Opcode & 0xe7) == 0xc3;

    internal bool IsHelperCall => Opcode == 0x85 && Source == 0;

    /// <summary>
    /// Of the fourth version of the instruction set, which the oldest kernels do not know: gotol, may_goto, sign-extending moves and loads,
    /// bswap, signed division.
    /// </summary>
    internal bool IsOfVersion4 => Opcode is 0x06 or 0xe5 or 0xd7
        || (Opcode & 0xe7) == 0x81
        || (Opcode is 0xbf or 0xbc && Offset != 0)
        || ((Opcode & 0xf0) is 0x30 or 0x90 && (Opcode & 7) is 4 or 7 && Offset != 0);

    internal static List<BpfInstruction> Decode(ReadOnlySpan<byte> code)
    {
        List<BpfInstruction> all = [];
        for (int at = 0; at < code.Length; at += 8)
        {
            ReadOnlySpan<byte> one = code[at..];
            all.Add(new(
                at / 8, one[0], (byte)(one[1] >> 4), BinaryPrimitives.ReadInt16LittleEndian(one[2..]),
                BinaryPrimitives.ReadInt32LittleEndian(one[4..])));
            if (one[0] == 0x18) at += 8;
        }
        return all;
    }
}
