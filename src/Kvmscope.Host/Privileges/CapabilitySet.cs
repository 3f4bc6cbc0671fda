using System.Globalization;
using System.Runtime.InteropServices;

namespace Kvmscope.Host.Privileges;

/// <summary>A set of capabilities, one bit each.</summary>
/// <param name="Bits">Bit n is capability n.</param>
public readonly record struct CapabilitySet(ulong Bits)
{
    /// <summary>The set of these capabilities.</summary>
    public static CapabilitySet Of(params ReadOnlySpan<Capability> capabilities)
    {
        ulong bits = 0;
        foreach (Capability capability in capabilities) bits |= 1UL << (int)capability;
        return new CapabilitySet(bits);
    }

    /// <summary>Whether the set is empty.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>Whether the set has the capability.</summary>
    public bool Has(Capability capability) => (Bits >> (int)capability & 1) != 0;

    /// <summary>The capabilities that are in both sets.</summary>
    public CapabilitySet And(CapabilitySet other) => new(Bits & other.Bits);

    /// <summary>The names of those in the set, in the kernel's order.</summary>
    public IEnumerable<string> Names()
    {
        for (int i = 0; i < 64; i++)
            if (Has((Capability)i)) yield return NameOf((Capability)i);
    }

    /// <summary>The kernel's name of a capability: CAP_BPF.</summary>
    public static string NameOf(Capability capability) => capability switch
    {
        Capability.Chown => "CAP_CHOWN",
        Capability.DacOverride => "CAP_DAC_OVERRIDE",
        Capability.DacReadSearch => "CAP_DAC_READ_SEARCH",
        Capability.Fowner => "CAP_FOWNER",
        Capability.Kill => "CAP_KILL",
        Capability.SysPtrace => "CAP_SYS_PTRACE",
        Capability.SysAdmin => "CAP_SYS_ADMIN",
        Capability.SysResource => "CAP_SYS_RESOURCE",
        Capability.Perfmon => "CAP_PERFMON",
        Capability.Bpf => "CAP_BPF",
        _ => $"capability {(int)capability}",
    };

    /// <summary>The calling thread's effective set: what it can do now.</summary>
    public static CapabilitySet Effective => Read().Effective;

    /// <summary>The calling thread's permitted set: what it can make effective.</summary>
    public static CapabilitySet Permitted => Read().Permitted;

    /// <summary>Reads a set from the text of /proc/PID/status.</summary>
    /// <param name="status">The file's lines.</param>
    /// <param name="field">CapEff, CapPrm, CapInh, CapBnd or CapAmb.</param>
    /// <param name="set">The set.</param>
    /// <returns>False if the text does not have that field.</returns>
    internal static bool TryParse(ReadOnlySpan<char> status, ReadOnlySpan<char> field, out CapabilitySet set)
    {
        foreach (ReadOnlySpan<char> line in status.EnumerateLines())
        {
            if (!line.StartsWith(field) || line.Length <= field.Length || line[field.Length] != ':') continue;
            ReadOnlySpan<char> value = line[(field.Length + 1)..].Trim();
            bool parsed = ulong.TryParse(value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits);
            set = new CapabilitySet(bits);
            return parsed;
        }
        set = default;
        return false;
    }

    private static unsafe (CapabilitySet Effective, CapabilitySet Permitted) Read()
    {
        var header = new Interop.Libc.cap_user_header { version = Interop.Libc._LINUX_CAPABILITY_VERSION_3 };
        Interop.Libc.cap_user_data* data = stackalloc Interop.Libc.cap_user_data[2];
        if (Interop.Libc.capget(&header, data) != 0)
            throw new InvalidOperationException("capget: " + Marshal.GetLastPInvokeErrorMessage());
        return (new(data[0].effective | (ulong)data[1].effective << 32), new(data[0].permitted | (ulong)data[1].permitted << 32));
    }
}
