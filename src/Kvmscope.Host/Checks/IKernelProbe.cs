using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Checks;

/// <summary>What has to be asked of the kernel rather than read from a file; tests answer for it.</summary>
public interface IKernelProbe
{
    /// <summary>The machine as <c>uname -m</c> says it: x86_64, aarch64, ….</summary>
    string Machine { get; }

    /// <summary>What the calling thread may do.</summary>
    CapabilitySet Effective { get; }

    /// <summary>Tries to load the smallest tracing program, and lets go of it at once.</summary>
    /// <returns>0 where that works, else the errno: EPERM where it is not permitted, ENOSYS where the kernel has no bpf().</returns>
    int TryLoadProgram();
}
