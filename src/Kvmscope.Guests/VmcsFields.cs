using System.Buffers.Binary;
using Kvmscope.Core;

namespace Kvmscope.Guests;

/// <summary>
/// The fields that an L1 of VMX writes into its VMCS (SDM volume 3, appendix B), as a table in guest memory. L2 gets L1's own state.
/// </summary>
internal static class VmcsFields
{
    private const uint BasicMsr = 0x480, TruePinMsr = 0x48d, TrueProcessorMsr = 0x48e, TrueExitMsr = 0x48f, TrueEntryMsr = 0x490;
    private const uint HltExiting = 1 << 7, HostIs64Bit = 1 << 9, GuestIs64Bit = 1 << 9;
    private const ulong UnusableSegment = 0x10000, CodeAccess = 0xa09b, DataAccess = 0xc093, TaskAccess = 0x8b;
    private const ulong NoLink = ulong.MaxValue, AllLimit = uint.MaxValue;

    /// <summary>
    /// The fields below that KVM shadows, if it shadows at all (arch/x86/kvm/vmx/vmcs_shadow_fields.h, SHADOW_FIELD_RW;
    /// the same from 5.10 to 7.2): then writing them does not exit.
    /// </summary>
    private static readonly HashSet<uint> s_shadowed =
        [0xc08, 0xc0a, 0x4000, 0x4002, 0x4004, 0x4016, 0x4824, 0x6800, 0x6802, 0x6804, 0x681c, 0x681e, 0x6820, 0x6c06, 0x6c08];

    /// <summary>How many fields L1 writes.</summary>
    internal static int Count { get; } = Table(default, 0, 0).Length;

    /// <summary>How many of them are never shadowed.</summary>
    internal static int CountNotShadowed { get; } = Table(default, 0, 0).Count(f => !s_shadowed.Contains(f.Encoding));

    /// <summary>Writes the table, the number of its entries, and the revision of both regions.</summary>
    internal static void Fill(Span<byte> block, ulong physicalBase, ulong cr4, Func<uint, ulong> capability)
    {
        uint revision = (uint)capability(BasicMsr) & 0x7fff_ffff;
        BinaryPrimitives.WriteUInt32LittleEndian(block[GuestLayout.ControlBlock..], revision);
        BinaryPrimitives.WriteUInt32LittleEndian(block[GuestLayout.SaveArea..], revision);

        var controls = new Controls(
            Pin: Control(capability(TruePinMsr), 0),
            Processor: Control(capability(TrueProcessorMsr), HltExiting),
            Exit: Control(capability(TrueExitMsr), HostIs64Bit),
            Entry: Control(capability(TrueEntryMsr), GuestIs64Bit));
        int at = GuestLayout.VmcsFields;
        foreach ((uint encoding, ulong value) in Table(controls, physicalBase + GuestLayout.PageMap, cr4))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(block[at..], encoding);
            BinaryPrimitives.WriteUInt64LittleEndian(block[(at + 8)..], value);
            at += 16;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(block[GuestLayout.VmcsFieldCount..], (ulong)Count);
    }

    /// <summary>
    /// The wanted bits, and the bits that must be 1 (the low half of the capability). The high half has the bits that may be 1.
    /// </summary>
    private static uint Control(ulong capability, uint wanted)
    {
        if ((wanted & ~(uint)(capability >> 32)) != 0)
            throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: this KVM's VMX has no control 0x{wanted:x} for a guest");
        return wanted | (uint)capability;
    }

    private static (uint Encoding, ulong Value)[] Table(Controls controls, ulong cr3, ulong cr4) =>
    [
        (0x4000, controls.Pin), (0x4002, controls.Processor), (0x4004, 0), (0x400c, controls.Exit), (0x4012, controls.Entry),
        (0x400a, 0), (0x400e, 0), (0x4010, 0), (0x4014, 0), (0x4016, 0), // CR3 targets, MSR areas, event injection: none
        (0x2800, NoLink),

        // host: L1 as it runs
        (0xc00, GuestLayout.DataSelector), (0xc02, GuestLayout.CodeSelector), (0xc04, GuestLayout.DataSelector),
        (0xc06, GuestLayout.DataSelector), (0xc08, GuestLayout.DataSelector), (0xc0a, GuestLayout.DataSelector),
        (0xc0c, GuestLayout.TaskSelector),
        (0x6c00, GuestRegisters.Cr0), (0x6c02, cr3), (0x6c04, cr4), (0x6c06, 0), (0x6c08, 0), (0x6c0a, 0), (0x6c0c, 0), (0x6c0e, 0),
        (0x4c00, 0), (0x6c10, 0), (0x6c12, 0), (0x6c14, 0), (0x6c16, GuestImage.Instance.VmxHost),

        // guest: selectors, limits, access rights, bases in the order ES CS SS DS FS GS LDTR TR
        (0x800, GuestLayout.DataSelector), (0x802, GuestLayout.CodeSelector), (0x804, GuestLayout.DataSelector),
        (0x806, GuestLayout.DataSelector), (0x808, GuestLayout.DataSelector), (0x80a, GuestLayout.DataSelector),
        (0x80c, 0), (0x80e, GuestLayout.TaskSelector),
        (0x4800, AllLimit), (0x4802, AllLimit), (0x4804, AllLimit), (0x4806, AllLimit), (0x4808, AllLimit), (0x480a, AllLimit),
        (0x480c, 0), (0x480e, 0x67), (0x4810, 0), (0x4812, 0),
        (0x4814, DataAccess), (0x4816, CodeAccess), (0x4818, DataAccess), (0x481a, DataAccess), (0x481c, DataAccess),
        (0x481e, DataAccess), (0x4820, UnusableSegment), (0x4822, TaskAccess),
        (0x6806, 0), (0x6808, 0), (0x680a, 0), (0x680c, 0), (0x680e, 0), (0x6810, 0), (0x6812, 0), (0x6814, 0), (0x6816, 0), (0x6818, 0),
        (0x6800, GuestRegisters.Cr0), (0x6802, cr3), (0x6804, cr4), (0x681a, 0x400), (0x681c, 0), (0x681e, GuestImage.Instance.Entry),
        (0x6820, GuestRegisters.Rflags), (0x4824, 0), (0x4826, 0), (0x6822, 0), (0x482a, 0), (0x6824, 0), (0x6826, 0),
    ];

    private readonly record struct Controls(uint Pin, uint Processor, uint Exit, uint Entry);
}
