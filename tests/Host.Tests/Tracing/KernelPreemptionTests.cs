using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

public sealed class KernelPreemptionTests
{
    private const string Dynamic = "#1 SMP PREEMPT_DYNAMIC Debian 7.2.13-1 (2026-10-28)\n";

    [Theory]
    [InlineData("none (voluntary) full\n", Dynamic, false)]
    [InlineData("(none) voluntary full\n", Dynamic, false)]
    [InlineData("none voluntary (full)\n", Dynamic, true)]
    [InlineData("full (lazy) \n", Dynamic, true)]
    [InlineData(null, Dynamic, true)]
    [InlineData("(undefined)\n", "#1 SMP PREEMPT_RT\n", true)]
    [InlineData("", "#1 SMP Debian 5.10.223-1 (2024-08-10)\n", false)]
    [InlineData(null, "#1 SMP Debian 5.10.223-1 (2024-08-10)\n", false)]
    [InlineData(null, "#1 SMP PREEMPT_RT Debian\n", true)]
    [InlineData(null, null, true)]
    public void What_is_not_known_to_be_safe_is_not(string? modes, string? version, bool preempts)
    {
        using var tree = new TempTree();
        if (modes is not null) tree.File("sys/kernel/debug/sched/preempt", modes);
        if (version is not null) tree.File("proc/sys/kernel/version", version);
        Assert.Equal(preempts, KernelPreemption.IsFull(tree.Root));
    }
}
