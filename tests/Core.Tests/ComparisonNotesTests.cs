using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

using static Kvmscope.Core.Tests.ComparisonSample;

namespace Kvmscope.Core.Tests;

/// <summary>What is said beside a comparison, word for word.</summary>
public sealed class ComparisonNotesTests
{
    private static readonly VmIdentity s_twin = new(7, 99, "web-1");

    private static ComparisonSide Twins(string name) =>
        Side(name, 2, new(10, 5, 900) { Vm = Sample.Web }, new(10, 5, 900) { Vm = s_twin }, new(10, 5, 900) { Vm = Sample.Db });

    [Theory]
    [InlineData(GroupBy.Vm, true)]
    [InlineData(GroupBy.Vcpu, true)]
    [InlineData(GroupBy.Reason, false)]
    public void VMs_of_one_name_on_one_side_are_said_where_rows_are_VMs(GroupBy by, bool said)
    {
        ComparisonSide one = Side("one", 2, new Load(10, 5, 900) { Vm = Sample.Web });
        Assert.Equal(said ? ["A has 2 VMs named web-1: they are added up"] : [], Named(Compare(Twins("a"), one, by)));
        Assert.Equal(said ? ["B has 2 VMs named web-1: they are added up"] : [], Named(Compare(one, Twins("b"), by)));

        static string[] Named(Comparison comparison) => [.. comparison.Notes.Where(n => n.Contains("named", StringComparison.Ordinal))];
    }

    [Fact]
    public void One_row_that_is_left_out_is_one()
    {
        ComparisonSide side = Side("a", 2, new(10, 5, 900), new(32, 5, 900));
        Comparison comparison = ComparisonBuilder.Build(side, side, new ComparisonRequest { Most = 1 });
        Assert.Contains("1 row that changed less is not shown, 0 of them marked", comparison.Notes);
    }

    [Fact]
    public void The_side_whose_samples_were_grouped_is_named()
    {
        var random = new Random(1);
        Comparison comparison = Compare(Long("a", 12, 10, random, new Load(10, 20, 900)), Long("b", 120, 1, random, new Load(10, 20, 900)));
        Assert.Equal(
            ["samples of B were tested in groups of 10, to be as long as the other side's"],
            comparison.Notes.Where(n => n.StartsWith("samples", StringComparison.Ordinal)));
    }

    [Fact]
    public void Other_ISAs_are_said_in_one_order()
    {
        Load amd = new(0x72, 5, 900) { Isa = Isa.Svm }, intel = new(10, 5, 900);
        Assert.Equal(
            [
                "A's exits are of vmx and svm, B's of svm: reasons of different ISAs have separate rows, even where their names are the "
                    + "same",
            ],
            Isas(Compare(Side("a", 2, amd, intel), Side("b", 2, amd))));
        Assert.Empty(Isas(Compare(Side("a", 2, amd, intel), Side("b", 2, intel, amd))));
        // What has no exits has no ISA.
        Assert.Empty(Isas(Compare(Side("a", 2, amd), Side("b", 2))));
        Assert.Empty(Isas(Compare(Side("a", 2), Side("b", 2, amd))));

        static string[] Isas(Comparison comparison) => [.. comparison.Notes.Where(n => n.Contains("ISA", StringComparison.Ordinal))];
    }

    [Theory]
    [InlineData(GroupBy.None, false, GroupBy.Reason)]
    [InlineData(GroupBy.Level, false, GroupBy.Level)]
    [InlineData(GroupBy.Vcpu, false, GroupBy.Vcpu | GroupBy.Vm)]
    [InlineData(GroupBy.Vcpu | GroupBy.Vm, false, GroupBy.Vcpu | GroupBy.Vm)]
    [InlineData(GroupBy.Qualifier, false, GroupBy.Qualifier | GroupBy.Reason)]
    [InlineData(GroupBy.Qualifier | GroupBy.Reason, false, GroupBy.Qualifier | GroupBy.Reason)]
    [InlineData(GroupBy.Vcpu, true, GroupBy.Vcpu)]
    [InlineData(GroupBy.Vm | GroupBy.Reason, true, GroupBy.Reason)]
    public void A_grouping_has_all_that_it_includes(GroupBy by, bool pairsVms, GroupBy keys) =>
        Assert.Equal(keys, new ComparisonRequest { By = by, PairsVms = pairsVms }.Keys);
}
