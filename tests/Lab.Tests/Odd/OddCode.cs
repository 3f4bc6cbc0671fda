namespace Kvmscope.Lab.Tests.Odd;

/// <summary>
/// The code of odd guests: 16-bit real mode, from its first byte. Each begins with an access to the port, which ends the warm-up.
/// </summary>
internal static class OddCode
{
    /// <summary>The base of DS, above all memory.</summary>
    internal const ulong DataBase = 0x20000;

    /// <summary>Without end: out 0x10, al.</summary>
    internal static ReadOnlySpan<byte> Ports => [0xe6, 0x10, 0xeb, 0xfc];

    /// <summary>mov eax, [0xffe] (over a page boundary, MMIO on both sides), out; without end.</summary>
    internal static ReadOnlySpan<byte> SplitMmio => [0x66, 0xa1, 0xfe, 0x0f, 0xe6, 0x10, 0xeb, 0xf8];

    /// <summary>out; int3, which has no handler.</summary>
    internal static ReadOnlySpan<byte> TripleFault => [0xe6, 0x10, 0xcc];

    /// <summary>out; wrmsr of IA32_TSC_DEADLINE with 0, so many times; out without end.</summary>
    internal static byte[] DeadlineTimer(ushort times) =>
    [
        0x66, 0xb9, 0xe0, 0x06, 0x00, 0x00, // mov ecx, 0x6e0
        0x66, 0x31, 0xc0, // xor eax, eax
        0x66, 0x31, 0xd2, // xor edx, edx
        0xe6, 0x10, // out 0x10, al
        0xbb, (byte)times, (byte)(times >> 8), // mov bx, times
        0x0f, 0x30, // wrmsr
        0x4b, // dec bx
        0x75, 0xfb, // jnz to the wrmsr
        0xe6, 0x10, 0xeb, 0xfc,
    ];
}
