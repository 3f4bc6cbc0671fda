using System.Reflection;
using System.Text.RegularExpressions;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Rules;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Tests;

public sealed partial class AccountingTests
{
    [Fact]
    public void Each_counter_has_one_line_in_the_table_and_it_reads_and_writes_that_counter()
    {
        PropertyInfo[] counters = [.. typeof(Accounting).GetProperties().Where(p => p.PropertyType == typeof(ulong))];
        Assert.Equal(counters.Select(p => Capital().Replace(p.Name, "_$1").ToLowerInvariant()).Order(),
            Accounting.Fields.Select(f => f.Name).Order());
        foreach (AccountingField field in Accounting.Fields)
        {
            PropertyInfo counter =
                Assert.Single(counters, p => Capital().Replace(p.Name, "_$1").Equals(field.Name, StringComparison.OrdinalIgnoreCase));
            var accounting = new Accounting();
            counter.SetValue(accounting, 7UL);
            Assert.Equal(7UL, field.Of(accounting));
            Assert.Equal(accounting, field.With(new Accounting(), 7));
        }
    }

    [Fact]
    public void What_is_not_seen_and_well_has_a_line_of_text_in_a_place_of_its_own()
    {
        AccountingField[] told = [.. Accounting.Fields.Where(f => f.Problem is not null)];
        Assert.Equal(["exits", "entries", "vcpu_room"], Accounting.Fields.Except(told).Select(f => f.Name));
        Assert.Equal(told.Length, told.Select(f => f.Place).Distinct().Count());
        foreach (AccountingField field in told)
        {
            Accounting accounting = field.With(new Accounting(), 3);
            string line = Assert.Single(AccountingText.Lines(Sample.IntervalOf(accounting)));
            Assert.Equal(field.Line(accounting), line);
            Assert.StartsWith(field.Problem!(3), line, StringComparison.Ordinal);
            Assert.Null(field.Line(new Accounting()));
        }
    }

    [Theory]
    [InlineData(0, "raise --max-vcpus")]
    [InlineData(1, "raise --max-vcpus above 1")]
    [InlineData(65_535, "raise --max-vcpus above 65535")]
    [InlineData(65_536, "there is room for 65536 vCPUs at most, so trace fewer VMs (--vm)")]
    public void What_found_no_room_names_the_limit_and_the_fix(ulong room, string fix)
    {
        Accounting accounting = new() { DroppedCells = 1, DroppedVcpus = 5, DroppedExits = 9, VcpuRoom = room };
        Assert.Equal(
            [
                $"5 vCPUs were not counted: {fix}", $"1 reason of a vCPU did not fit: {fix}",
                "9 exits were not counted: the tables were full",
            ],
            AccountingText.Lines(Sample.IntervalOf(accounting)));
        RuleResult result = RuleSample.Evaluate("count(exit)<1325", RuleSample.Input(accounting, RuleSample.Rows()));
        Assert.EndsWith($" ({fix})", result.Why, StringComparison.Ordinal);
    }

    // In a sum it is what it was at the end, as what the trace can do does not add up.
    [Fact]
    public void Room_does_not_add_up()
    {
        Accounting first = new() { DroppedVcpus = 2, VcpuRoom = 128 }, then = new() { DroppedVcpus = 3, VcpuRoom = 128 };
        Assert.Equal(new Accounting { DroppedVcpus = 5, VcpuRoom = 128 }, first.Then(then));
        Assert.Equal(new Accounting { DroppedVcpus = 1, VcpuRoom = 128 }, then.Less(first));
    }

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Capital();
}
