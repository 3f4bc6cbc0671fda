using System.Globalization;
using System.Runtime.InteropServices;

namespace Kvmscope.Host.Privileges;

/// <summary>A set of capabilities, a bit each.</summary>
/// <param name="Bits">Bit n is capability n.</param>
public readonly record struct CapabilitySet(ulong Bits)
{
    /// <summary>A set of the capabilities named.</summary>
    public static CapabilitySet Of(params ReadOnlySpan<Capability> capabilities)
    {
        ulong bits = 0;
        foreach (Capability capability in capabilities) bits |= 1UL << (int)capability;
        return new CapabilitySet(bits);
    }

    /// <summary>Whether nothing is in it.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>Whether the capability is in it.</summary>
    public bool Has(Capability capability) => (Bits >> (int)capability & 1) != 0;

    /// <summary>What is in both.</summary>
    public CapabilitySet And(CapabilitySet other) => new(Bits & other.Bits);

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

    /// <summary>The calling thread's effective set: what it may do now.</summary>
    public static CapabilitySet Effective => Read().Effective;

    /// <summary>The calling thread's permitted set: what it may make effective.</summary>
    public static CapabilitySet Permitted => Read().Permitted;

    /// <summary>Takes a set out of a /proc/PID/status text.</summary>
    /// <param name="status">The file's lines.</param>
    /// <param name="field">CapEff, CapPrm, CapInh, CapBnd or CapAmb.</param>
    /// <param name="set">The set.</param>
    /// <returns>False where the text has no such field.</returns>
    internal static bool TryParse(ReadOnlySpan<char> status, ReadOnlySpan<char> field, out CapabilitySet set)
    {
        foreach (ReadOnlySpan<char> line in status.EnumerateLines())
        {
            if (!line.StartsWith(field) || line.Length <= field.Length || line[field.Length] != ':') continue;
            bool parsed = ulong.TryParse(line[(field.Length + 1)..].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits);
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
