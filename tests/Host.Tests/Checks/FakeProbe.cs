using Kvmscope.Host.Checks;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Tests.Checks;

/// <summary>A kernel that answers as it is told; root on x86_64 unless said otherwise.</summary>
internal sealed class FakeProbe : IKernelProbe
{
    public string Machine { get; init; } = "x86_64";

    public CapabilitySet Effective { get; init; } = new(ulong.MaxValue);

    public int LoadError { get; init; }

    public int TryLoadProgram() => LoadError;
}
