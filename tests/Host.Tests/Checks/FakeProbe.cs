using Kvmscope.Host.Checks;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Tests.Checks;

/// <summary>A kernel with given answers; by default root on x86_64.</summary>
internal sealed class FakeProbe : IKernelProbe
{
    public string Machine { get; init; } = "x86_64";

    public CapabilitySet Effective { get; init; } = new(ulong.MaxValue);

    public int LoadError { get; init; }

    public int TryLoadProgram() => LoadError;
}
