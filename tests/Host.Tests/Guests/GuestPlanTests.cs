using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Guests;

namespace Kvmscope.Host.Tests.Guests;

/// <summary>Which plans are refused, and which exits the others should make. The lab compares the same with real exits.</summary>
public sealed class GuestPlanTests
{
    private static readonly GuestSupport s_svm = new(Isa.Svm, null, null, ShadowVmcs: false, NestedPaging: true);
    private static readonly GuestSupport s_vmx = new(Isa.Vmx, null, null, ShadowVmcs: true, NestedPaging: true);

    [Theory]
    [InlineData(GuestWork.Hlt, GuestWork.HltInKernel)]
    [InlineData(GuestWork.CostBatch, GuestWork.CostBatch)]
    public void Kinds_that_exclude_each_other_are_refused(GuestWork first, GuestWork second)
    {
        var plan = new GuestPlan { Items = [new(first, GuestPlan.MaxCostBatches), new(second, 1)] };
        Assert.Throws<ArgumentException>(plan.Validate);
    }

    [Theory]
    [InlineData(GuestWork.HltInKernel)]
    [InlineData(GuestWork.CostBatch)]
    [InlineData(GuestWork.MmioRead)]
    [InlineData(GuestWork.MmioWrite)]
    public void L2_does_not_have_all_kinds(GuestWork work) =>
        Assert.Throws<ArgumentException>(new GuestPlan { Nested = [new(work, 1)] }.Validate);

    [Fact]
    public void A_count_is_at_least_one() => Assert.Throws<ArgumentException>(new GuestPlan { Items = [new(GuestWork.Cpuid, 0)] }.Validate);

    [Fact]
    public void Svm_has_one_code_for_both_directions()
    {
        GuestPlan plan = Plan(new(GuestWork.MsrRead, 3), new(GuestWork.MsrWrite, 4), new(GuestWork.PortIn, 5), new(GuestWork.MmioRead, 6));
        Assert.Equal([L1(Isa.Svm, 0x7b, 6), L1(Isa.Svm, 0x7c, 7), L1(Isa.Svm, 0x400, 6)], GuestExpectations.Of(plan, s_svm));
    }

    [Fact]
    public void Vmx_has_one_reason_for_each_direction()
    {
        GuestPlan plan = Plan(new(GuestWork.MsrRead, 3), new(GuestWork.MsrWrite, 4), new(GuestWork.PortIn, 5), new(GuestWork.MmioRead, 6));
        Assert.Equal(
            [L1(Isa.Vmx, 30, 6), L1(Isa.Vmx, 31, 3), L1(Isa.Vmx, 32, 4), L1(Isa.Vmx, 49, 6)], GuestExpectations.Of(plan, s_vmx));
    }

    [Fact]
    public void Shadow_paging_has_no_mmio_exits() =>
        Assert.Equal(
            [L1(Isa.Svm, 0x7b, 1)],
            GuestExpectations.Of(Plan(new WorkItem(GuestWork.MmioWrite, 6)), s_svm with { NestedPaging = false }));

    [Fact]
    public void A_vmrun_ends_with_a_reflected_exit()
    {
        var plan = new GuestPlan { Nested = [new(GuestWork.Cpuid, 7), new(GuestWork.Hlt, 5), new(GuestWork.Hypercall, 3)] };
        Assert.Equal(
            [L1(Isa.Svm, 0x7b, 1), L1(Isa.Svm, 0x80, 9), L2(Isa.Svm, 0x72, 7), L2(Isa.Svm, 0x78, 6), L2(Isa.Svm, 0x81, 3)],
            GuestExpectations.Of(plan, s_svm));
    }

    [Theory]
    [InlineData(true, 6, 71)]
    [InlineData(false, 24, 92)]
    public void Shadowing_hides_vmread_and_vmwrite(bool shadowVmcs, ulong reads, ulong writes)
    {
        var plan = new GuestPlan { Nested = [new(GuestWork.Cpuid, 6)] };
        IReadOnlyList<ExpectedExits> exits = GuestExpectations.Of(plan, s_vmx with { ShadowVmcs = shadowVmcs });
        Assert.Contains(L1(Isa.Vmx, 23, reads), exits);
        Assert.Contains(L1(Isa.Vmx, 25, writes), exits);
        Assert.Contains(L1(Isa.Vmx, 24, 6), exits);
        Assert.Contains(L1(Isa.Vmx, 20, 1), exits);
    }

    [Fact]
    public void A_plan_that_repeats_has_no_expected_exits() =>
        Assert.Empty(GuestExpectations.Of(new GuestPlan { Items = [new(GuestWork.Cpuid, 1)], Repeat = true }, s_svm));

    private static GuestPlan Plan(params ReadOnlySpan<WorkItem> items) => new() { Items = [.. items] };

    private static ExpectedExits L1(Isa isa, ulong code, ulong count) => new(isa, code, ExitLevel.L1, count);

    private static ExpectedExits L2(Isa isa, ulong code, ulong count) => new(isa, code, ExitLevel.L2, count);
}
