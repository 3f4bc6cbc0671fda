namespace Kvmscope.Core.Model;

/// <summary>A task of this host.</summary>
/// <param name="Pid">Its thread id.</param>
/// <param name="Name">Its command name (comm), as the kernel keeps it: up to 15 bytes.</param>
public sealed record TaskIdentity(int Pid, string Name);
