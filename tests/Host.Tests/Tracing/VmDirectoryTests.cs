using Kvmscope.Core.Model;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

public sealed class VmDirectoryTests
{
    [Fact]
    public void Two_vms_of_one_process_are_two()
    {
        VmDirectory vms = new(pid => $"vm{pid}");
        VmIdentity first = vms.Of(7, 0x10), second = vms.Of(7, 0x20), other = vms.Of(8, 0x10);
        Assert.Equal(
            [(1, 7, "vm7"), (2, 7, "vm7#2"), (3, 8, "vm8")], new[] { first, second, other }.Select(vm => (vm.Ordinal, vm.Pid, vm.Name)));
        Assert.Same(first, vms.Of(7, 0x10));
        Assert.Same(second, vms.Of(7, 0x20));
    }

    [Fact]
    public void A_name_is_read_once_and_kept_after_the_process_has_ended()
    {
        int asked = 0;
        string? name = "web";
        VmDirectory vms = new(_ => { asked++; return name; });
        vms.Of(7, 1);
        name = null;
        Assert.Equal(("web", 1), (vms.Of(7, 1).Name, asked));
    }

    [Fact]
    public void A_process_that_has_ended_is_named_by_its_number() => Assert.Equal("pid-7", new VmDirectory(_ => null).Of(7, 1).Name);

    [Fact]
    public void A_reused_number_is_another_vm_once_the_first_is_forgotten()
    {
        string name = "web";
        VmDirectory vms = new(_ => name);
        VmIdentity first = vms.Of(7, 1), second = vms.Of(7, 2), stays = vms.Of(8, 1);
        vms.Forget(7);
        name = "db";
        VmIdentity reused = vms.Of(7, 1);
        Assert.Equal((4, "db"), (reused.Ordinal, reused.Name));
        Assert.DoesNotContain(reused, new[] { first, second });
        Assert.Same(stays, vms.Of(8, 1));
        vms.Forget(99);
    }

    [Fact]
    public void The_first_vm_stands_for_its_process()
    {
        VmDirectory vms = new(_ => "vm");
        VmIdentity first = vms.Of(7, 2);
        vms.Of(7, 1);
        Assert.Same(first, vms.OfProcess(7));
        Assert.Equal(8, vms.OfProcess(8).Pid);
    }
}
