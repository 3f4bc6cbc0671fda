namespace Kvmscope.Lab.Tests.Suite;

/// <summary>KVM's own counters in debugfs: one folder PID-FD per VM, one file per counter with the sum over its vCPUs.</summary>
internal static class KvmCounters
{
    private const string Root = "/sys/kernel/debug/kvm";

    /// <summary>The exits of all VMs of a process so far; no vCPU may be in KVM_RUN.</summary>
    internal static ulong Exits(int pid) => Of(pid, "exits");

    /// <summary>Another of its counters.</summary>
    internal static ulong Of(int pid, string name)
    {
        string[] machines = Directory.Exists(Root) ? Directory.GetDirectories(Root, $"{pid}-*") : [];
        if (machines.Length == 0) throw new SuiteFailure($"{Root} has nothing of process {pid}");
        return machines.Aggregate(0UL, (sum, vm) => sum + ulong.Parse(File.ReadAllText(Path.Combine(vm, name))));
    }
}
