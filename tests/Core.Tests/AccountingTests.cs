using System.Reflection;
using System.Text.RegularExpressions;
using Kvmscope.Core.Model;
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
        Assert.Equal(["exits", "entries"], Accounting.Fields.Except(told).Select(f => f.Name));
        Assert.Equal(told.Length, told.Select(f => f.Place).Distinct().Count());
        foreach (AccountingField field in told)
            Assert.Equal([field.Line(3)], AccountingText.Lines(Sample.IntervalOf(field.With(new Accounting(), 3))));
    }

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Capital();
}
