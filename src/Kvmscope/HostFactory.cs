using Kvmscope.Core;
using Kvmscope.Core.Tracing;

namespace Kvmscope;

/// <summary>Makes the real host and the built-in guest.</summary>
internal static class HostFactory
{
    /// <summary>This machine.</summary>
    public static IHost Create() => throw new KvmscopeException(ExitStatus.HostUnsupported, "this build has no host side");

    /// <summary>The built-in guest.</summary>
    public static IDemoGuest CreateDemoGuest() =>
        throw new KvmscopeException(ExitStatus.HostUnsupported, "this build has no built-in guest");
}
