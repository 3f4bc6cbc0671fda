using Kvmscope.Core.Sources;
using Kvmscope.Host;
using Kvmscope.Host.Guests;

namespace Kvmscope;

/// <summary>Makes the real host and the built-in guest.</summary>
internal static class HostFactory
{
    /// <summary>This machine.</summary>
    public static IHost Create() => new LinuxHost();

    /// <summary>The built-in guest.</summary>
    public static IDemoGuest CreateDemoGuest() => new DemoGuest();
}
