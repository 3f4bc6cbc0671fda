using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Checks;

/// <summary>What only the kernel itself can answer, not a file. Tests answer instead of it.</summary>
public interface IKernelProbe
{
    /// <summary>The machine as <c>uname -m</c> prints it: x86_64, aarch64, ….</summary>
    string Machine { get; }

    /// <summary>What the calling thread may do.</summary>
    CapabilitySet Effective { get; }

    /// <summary>Tries to load the smallest tracing program, and unloads it at once.</summary>
    /// <returns>0 if that works, otherwise the errno: EPERM if it is not permitted, ENOSYS if the kernel does not have bpf().</returns>
    int TryLoadProgram();
}
