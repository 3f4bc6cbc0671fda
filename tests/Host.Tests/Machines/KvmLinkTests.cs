using System.Text;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tests.Machines;

public sealed class KvmLinkTests
{
    [Theory]
    [InlineData("anon_inode:kvm-vm", "Vm", -1)]
    [InlineData("anon_inode:kvm-vcpu:0", "Vcpu", 0)]
    [InlineData("anon_inode:kvm-vcpu:511", "Vcpu", 511)]
    [InlineData("anon_inode:kvm-vcpu", "Vcpu", -1)]
    [InlineData("anon_inode:kvm-vm-stats", "None", -1)]
    [InlineData("anon_inode:kvm-vcpu-stats:0", "None", -1)]
    [InlineData("anon_inode:kvm-vcpu:", "None", -1)]
    [InlineData("anon_inode:kvm-vcpu-7", "None", -1)]
    [InlineData("anon_inode:kvm-vcpu:x", "None", -1)]
    [InlineData("anon_inode:kvm-vcpu:1x", "None", -1)]
    [InlineData("anon_inode:kvm-vcpu:-1", "None", -1)]
    [InlineData("anon_inode:kvm-vcpu:99999999999", "None", -1)]
    [InlineData("anon_inode:[eventfd]", "None", -1)]
    [InlineData("/dev/kvm", "None", -1)]
    [InlineData("/tmp/anon_inode:kvm-vm", "None", -1)]
    [InlineData("", "None", -1)]
    public void Knows_vms_and_vcpus(string link, string kind, int id)
    {
        Assert.Equal(kind, KvmLink.Parse(Encoding.UTF8.GetBytes(link), out int vcpuId).ToString());
        Assert.Equal(id, vcpuId);
    }
}
