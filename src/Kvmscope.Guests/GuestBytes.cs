using System.Buffers.Binary;

namespace Kvmscope.Guests;

/// <summary>Writes what a guest reads from its memory. Guests are little-endian.</summary>
internal static class GuestBytes
{
    /// <summary>One value.</summary>
    internal static void Put(Span<byte> block, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(block[at..], value);

    /// <summary>One step of a plan, 16 bytes as guest.S and guest-arm64.S read them; `at` is then behind it.</summary>
    internal static void PutStep(Span<byte> block, ref int at, uint operation, uint argument, int count, uint second)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(block[at..], operation);
        BinaryPrimitives.WriteUInt32LittleEndian(block[(at + 4)..], argument);
        BinaryPrimitives.WriteInt32LittleEndian(block[(at + 8)..], count);
        BinaryPrimitives.WriteUInt32LittleEndian(block[(at + 12)..], second);
        at += 16;
    }
}
