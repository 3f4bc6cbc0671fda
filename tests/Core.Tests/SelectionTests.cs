using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Tests;

public sealed class SelectionTests
{
    private static readonly VirtualMachine s_web = new(4000, "web", "qemu", 2, [0, 1, 2]);
    private static readonly VirtualMachine s_db = new(5000, "db", "qemu", 1, [0]);

    [Theory]
    [InlineData("", "", null, true)]
    [InlineData("HLT", "", null, false)]
    [InlineData("", "HLT", null, false)]
    [InlineData("", "", ExitLevel.L2, false)]
    public void All_exits_are_meant_without_reason_and_level(string reason, string excluded, ExitLevel? level, bool hasAll)
    {
        var selection = new Selection
        {
            Vms = ["web"],
            Vcpus = [1],
            Reasons = reason.Length > 0 ? [reason] : [],
            ExcludedReasons = excluded.Length > 0 ? [excluded] : [],
            Level = level,
        };
        Assert.Equal(hasAll, selection.HasAllExits);
    }

    [Fact]
    public void To_exclude_each_reason_that_is_meant_is_an_error_and_one_of_them_is_none()
    {
        var selection = new Selection { Reasons = ["HLT", "CPUID"], ExcludedReasons = ["HLT"] };
        Assert.Equal([10uL], selection.Resolve(Isa.Vmx).Codes.Except(selection.Resolve(Isa.Vmx).ExcludedCodes));
        KvmscopeException error = Assert.Throws<KvmscopeException>(
            () => (selection with { ExcludedReasons = ["CPUID", "HLT"] }).Resolve(Isa.Vmx));
        Assert.Equal((ExitStatus.Usage, "--exclude removes all reasons of --reason"), (error.Status, error.Message));
        Assert.Equal("Remove one of the two options.", error.Hint);
    }

    [Theory]
    [InlineData("", "", "web*2:0-2 db*1:0")]
    [InlineData("web", "", "web*2:0-2")]
    [InlineData("web#2", "", "web#2*1:0-2")]
    [InlineData("web#2 db", "", "web#2*1:0-2 db*1:0")]
    [InlineData("", "0", "web*2:0 db*1:0")]
    [InlineData("", "1 2", "web*2:1-2")]
    [InlineData("db", "1", "")]
    [InlineData("none", "", "")]
    public void What_is_traced_are_the_vms_and_vcpus_that_are_meant(string vms, string vcpus, string traced)
    {
        var selection = new Selection
        {
            Vms = [.. vms.Split(' ', StringSplitOptions.RemoveEmptyEntries)],
            Vcpus = [.. vcpus.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)],
        };
        Assert.Equal(traced, Shown(selection.Traced([s_web, s_db])));
    }

    [Theory]
    [InlineData("", Grouping.Host, Grouping.Host)]
    [InlineData("", Grouping.Vcpu, Grouping.Vcpu)]
    [InlineData("web", Grouping.Host, Grouping.Vm)]
    [InlineData("web", Grouping.Vm, Grouping.Vm)]
    [InlineData("web", Grouping.Vcpu, Grouping.Vcpu)]
    public void Vms_that_are_chosen_are_kept_apart_until_then(string vm, Grouping answer, Grouping finest) =>
        Assert.Equal(finest, new Selection { Vms = vm.Length > 0 ? [vm] : [] }.FinestFor(answer));

    [Fact]
    public void What_vms_mean_can_have_been_looked_up_elsewhere()
    {
        var web = new VmFilter(["web"], s_web.Vms);
        Assert.Equal("web*2:0-2", Shown(new Selection { Vms = ["db"] }.Traced([s_web, s_db], web)));
    }

    private static string Shown(IEnumerable<VirtualMachine> traced) =>
        string.Join(' ', traced.Select(m => $"{m.Name}*{m.VmCount}:{IdRanges.Format(m.VcpuIds)}"));
}
