using Kvmscope.Core.Exits;

namespace Kvmscope.Host.Tracing;

/// <summary>What a running trace reads from /proc.</summary>
/// <param name="NameOf">The name of the VM that a process runs; null if the process has ended.</param>
/// <param name="IsAlive">Whether the process is alive.</param>
/// <param name="HoldsVcpus">Whether the process has open file descriptors of vCPUs.</param>
/// <param name="Isa">The ISA of this host's exits.</param>
internal sealed record HostView(Func<int, string?> NameOf, Func<int, bool> IsAlive, Func<int, bool> HoldsVcpus, Isa Isa);
