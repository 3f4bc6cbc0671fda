using Kvmscope.Core.Sources;
using Kvmscope.Guests;
using Kvmscope.Host;

namespace Kvmscope;

/// <summary>Creates the real host and the built-in guest: the only place that knows their assemblies.</summary>
internal static class HostFactory
{
    /// <summary>This machine.</summary>
    public static IHost Create() => new LinuxHost();

    /// <summary>This machine's files and processes.</summary>
    public static IOperatingSystem System { get; } = new LinuxSystem();

    /// <summary>Called first: makes standard streams and limits safe to use.</summary>
    public static void PrepareProcess() => StandardDescriptors.Prepare();

    /// <summary>Heeds the shell's limits on memory.</summary>
    /// <exception cref="Core.KvmscopeException">They are too small to run.</exception>
    public static void HeedLimits() => MemoryLimit.Heed();

    /// <summary>Standard output (1) or standard error (2).</summary>
    public static Stream StandardStream(int descriptor, bool isQuiet = false) => StandardDescriptors.Output(descriptor, isQuiet);

    /// <summary>The built-in guest.</summary>
    public static IDemoGuest CreateDemoGuest() => new DemoGuest();
}
