namespace Kvmscope.Host;

/// <summary>Signals to a process that this one started; .NET itself can only kill.</summary>
public static class ChildSignal
{
    /// <summary>Sends a signal. After <see cref="LinuxHost.DropPrivileges"/> only the thread that dropped may signal a root child.</summary>
    /// <param name="pid">The child, not yet waited for, so that the number is still its own.</param>
    /// <param name="signal">The signal's number.</param>
    /// <returns>Whether it was sent.</returns>
    public static bool Send(int pid, int signal) => Interop.Libc.kill(pid, signal) == 0;
}
