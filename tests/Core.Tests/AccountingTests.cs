using System.Reflection;
using System.Text.RegularExpressions;
using Kvmscope.Core.Exits;
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
    [InlineData("unpaired_exits", "exit had no entry after it", "exits had no entry after them", " (fast path): counted, not timed")]
    [InlineData("unpaired_entries", "entry had no exit before it", "entries had no exit before them",
        " (failed VM entry): nothing to count")]
    [InlineData("cut_exits", "exit was", "exits were", " open when events were lost: counted, not timed")]
    [InlineData("open", "exit has", "exits have", " no entry yet (open): counted, not timed")]
    [InlineData("final_exits", "vCPU", "vCPUs", " ended in an exit: counted, not timed")]
    [InlineData("lost_events", "slow exit was", "slow exits were",
        " lost because the buffer was full: raise the threshold, or filter with --vm, --reason or --exclude")]
    [InlineData("dropped_cells", "reason of a vCPU", "reasons of vCPUs", " did not fit: raise --max-vcpus")]
    [InlineData("dropped_vcpus", "vCPU was", "vCPUs were", " not counted: raise --max-vcpus")]
    [InlineData("dropped_exits", "exit was", "exits were", " not counted: the tables were full")]
    [InlineData("other_qualifiers", "exit came before its", "exits came before their",
        " qualifier, page or instruction had a row: in 'other', so rows are lower bounds and sums are exact")]
    [InlineData("missed_events", "event was", "events were",
        " skipped by the kernel: that many exits may lack their qualifier, poll time or return to the VMM")]
    [InlineData("lost_returns", "return to the VMM was", "returns to the VMM were",
        " not counted: it was not seen, or its vCPU was not known yet")]
    [InlineData("lost_records", "event was", "events were", " lost by the tracer: exits may be missing")]
    [InlineData("duplicate_events", "event was", "events were", " in the capture twice: used once")]
    [InlineData("merged_vms", "VM that ended is", "VMs that ended are",
        " in 'ended VMs': no room to keep them apart; sums are exact")]
    public void What_was_lost_is_said_of_one_and_of_several(string name, string one, string several, string rest)
    {
        AccountingField field = Assert.Single(Accounting.Fields, f => f.Name == name);
        Assert.Equal($"1 {one}{rest}", field.Line(field.With(new Accounting(), 1)));
        Assert.Equal($"2 {several}{rest}", field.Line(field.With(new Accounting(), 2)));
    }

    [Fact]
    public void Reasons_that_could_not_be_read_are_said_of_one_and_of_several()
    {
        AccountingField field = Assert.Single(Accounting.Fields, f => f.Name == "unread_reasons");
        string? Line(ulong number) => field.Line(field.With(new Accounting(), number));
        Assert.Equal("the reason of 1 exit could not be read on this kernel: see 'kvmscope check'", Line(1));
        Assert.Equal("the reason of 2 exits could not be read on this kernel: see 'kvmscope check'", Line(2));
    }

    [Fact]
    public void Some_counters_are_about_returns_too() =>
        Assert.Equal(["dropped_vcpus", "missed_events", "lost_returns", "merged_vms"],
            Accounting.Fields.Where(f => f.IsAboutReturns).Select(f => f.Name));

    [Fact]
    public void What_is_lost_are_slow_exits_and_exits_without_room() =>
        Assert.Equal(12UL, new Accounting { LostEvents = 5, DroppedExits = 7, DroppedCells = 100 }.Lost());

    [Fact]
    public void Of_rows_the_exits_and_the_entries_that_ended_them_are_counted()
    {
        Row[] rows = [Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 5, 100, untimed: 2), Sample.Row(Isa.None, 0, ExitLevel.L1, 3, 100)];
        rows[0].Final = 1;
        Assert.Equal(
            new Accounting { Exits = 8, Entries = 6 + 4, UnpairedEntries = 4, FinalExits = 1, UnreadReasons = 3, Open = 9 },
            new Accounting { Exits = 99, UnpairedEntries = 4, Open = 9 }.WithRows(rows));
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
