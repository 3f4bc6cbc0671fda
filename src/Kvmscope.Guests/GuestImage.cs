using System.Buffers.Binary;

namespace Kvmscope.Guests;

/// <summary>The assembled guest.S, a resource of this assembly. It begins with two offsets.</summary>
internal sealed class GuestImage
{
    private GuestImage(byte[] code)
    {
        Code = code;
        Entry = GuestLayout.Code + BinaryPrimitives.ReadUInt32LittleEndian(code);
        VmxHost = GuestLayout.Code + BinaryPrimitives.ReadUInt32LittleEndian(code.AsSpan(4));
    }

    /// <summary>The only instance.</summary>
    internal static GuestImage Instance { get; } = Load();

    /// <summary>The code at <see cref="GuestLayout.Code"/>.</summary>
    internal byte[] Code { get; }

    /// <summary>Where L1 and L2 start.</summary>
    internal ulong Entry { get; }

    /// <summary>Where an L1 of VMX continues after an exit of L2.</summary>
    internal ulong VmxHost { get; }

    private static GuestImage Load() => new(Read("guest.bin"));

    /// <summary>Reads the code of this name.</summary>
    internal static byte[] Read(string name)
    {
        using Stream stream = typeof(GuestImage).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the assembly was built without {name}");
        byte[] code = new byte[stream.Length];
        stream.ReadExactly(code);
        return code;
    }
}
