using Kvmscope.Core.Sources;

namespace Kvmscope.Host.Checks;

/// <summary>Reads the identity of a host.</summary>
internal static class HostIdentityReader
{
    /// <summary>The identity of the host with these files.</summary>
    /// <param name="files">Its /proc.</param>
    /// <param name="cpus">How many CPUs it has.</param>
    internal static HostIdentity Read(HostFiles files, int cpus) => new(
        files.Text("proc/sys/kernel/hostname") ?? "",
        files.Text("proc/sys/kernel/osrelease") ?? "",
        // On arm64, cpuinfo has no model name.
        files.Field("proc/cpuinfo", "model name") ?? ArmModel(files) ?? "",
        cpus,
        files.Text("proc/sys/kernel/random/boot_id") ?? "");

    private static string? ArmModel(HostFiles files) =>
        files.Field("proc/cpuinfo", "CPU implementer") is { } implementer
            ? $"arm64 {implementer}/{files.Field("proc/cpuinfo", "CPU part")}"
            : null;
}
