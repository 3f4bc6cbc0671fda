using Kvmscope.Core.Exits;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tracing;

/// <summary>What a trace asks of /proc while it runs.</summary>
/// <param name="CommandOf">What a process says of the VM that it runs; null where the process is gone.</param>
/// <param name="IsAlive">Whether the process is there.</param>
/// <param name="HoldsVcpus">Whether the process holds file descriptors of vCPUs.</param>
/// <param name="Isa">What the exits of this host are of.</param>
internal sealed record HostView(Func<int, VmmCommand?> CommandOf, Func<int, bool> IsAlive, Func<int, bool> HoldsVcpus, Isa Isa);
