namespace Kvmscope.Core.Sources;

/// <summary>Which host this is, for what is kept and read elsewhere. What cannot be read is empty.</summary>
/// <param name="Name">The host's name.</param>
/// <param name="Kernel">The kernel's release.</param>
/// <param name="Cpu">The CPU's model.</param>
/// <param name="Cpus">How many CPUs it has.</param>
/// <param name="BootId">The kernel's random id of this boot.</param>
public sealed record HostIdentity(string Name, string Kernel, string Cpu, int Cpus, string BootId);
