using CsCheck;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Tests.Privileges;

public sealed class CapabilitySetTests
{
    private const string Status =
        "Name:\tx\nCapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t000000c000000000\nCapBnd:\t000001ffffffffff\n";

    [Fact]
    public void Reads_a_status_file()
    {
        Assert.True(CapabilitySet.TryParse(Status, "CapEff", out CapabilitySet set));
        Assert.Equal(CapabilitySet.Of(Capability.Bpf, Capability.Perfmon), set);
        Assert.True(set.Has(Capability.Bpf));
        Assert.False(set.Has(Capability.SysAdmin));
        Assert.False(CapabilitySet.TryParse(Status, "CapAmb", out _));
        Assert.False(CapabilitySet.TryParse("CapEff:\tnothing\n", "CapEff", out _));
    }

    [Fact]
    public void Survives_any_text() => Gen.String.Sample(text => { CapabilitySet.TryParse(text, "CapEff", out _); });

    [Fact]
    public void Agrees_with_proc_about_this_thread()
    {
        string status = File.ReadAllText("/proc/thread-self/status");
        Assert.True(CapabilitySet.TryParse(status, "CapEff", out CapabilitySet effective));
        Assert.Equal(effective, CapabilitySet.Effective);
        Assert.True(CapabilitySet.TryParse(status, "CapPrm", out CapabilitySet permitted));
        Assert.Equal(permitted, CapabilitySet.Permitted);
    }
}
