using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

/// <summary>Which qualifiers, pages and instructions of a reason have their own row.</summary>
public sealed class QualifierRanksTests
{
    private static GroupKey Key(Qualifier qualifier, Place? place = null, ExitLevel level = ExitLevel.L1) =>
        new(GroupKey.None, GroupKey.None, new ExitCode(Isa.Vmx, 32), level, qualifier, place);

    private static GroupKey Key(ulong qualifier, ulong page = 0, ulong rip = 0) => Key(Qualifier.Of(qualifier),
        page == 0 && rip == 0 ? null : new Place(page == 0 ? default : Qualifier.Of(page), rip == 0 ? default : Qualifier.Of(rip)));

    private static Tally Exits(ulong count, ulong timed = 0, ulong totalNs = 0, ulong maxNs = 0) =>
        new() { Count = count, Timed = timed, TotalNs = totalNs, MaxNs = maxNs };

    private static QualifierRanks Ranks(int top, SortKey order, params (GroupKey Key, Tally Tally)[] all)
    {
        var ranks = new QualifierRanks(top, order);
        foreach ((GroupKey key, Tally tally) in all) ranks.Add(key, tally);
        return ranks;
    }

    [Theory]
    [InlineData(SortKey.Count, 1)]
    [InlineData(SortKey.Time, 2)]
    [InlineData(SortKey.Average, 3)]
    [InlineData(SortKey.Max, 4)]
    public void The_first_in_the_order_of_the_report_is_shown(SortKey order, ulong first)
    {
        QualifierRanks ranks = Ranks(1, order, (Key(4), Exits(10, 10, 1_000, 900)), (Key(3), Exits(1, 1, 500, 500)),
            (Key(2), Exits(20, 20, 5_000, 400)), (Key(1), Exits(100, 10, 2_000, 300)));
        for (ulong i = 1; i <= 4; i++)
            Assert.Equal(i == first ? Key(i) : Key(Qualifier.Other), ranks.Shown(Key(i)));
    }

    // Else rows would come and go from interval to interval.
    [Fact]
    public void Of_equal_ones_the_lower_qualifier_then_page_then_instruction_is_shown()
    {
        GroupKey[] keys = [Key(1, 0x1000, 7), Key(1, 0x1000, 8), Key(1, 0x2000, 5), Key(2, 0x1000, 1)];
        for (int top = 1; top <= keys.Length; top++)
        {
            QualifierRanks ranks = Ranks(top, SortKey.Count, [.. keys.Reverse().Select(key => (key, Exits(5)))]);
            Assert.Equal(keys[..top], keys.Where(key => ranks.Shown(key) == key));
        }
    }

    [Fact]
    public void What_is_not_known_takes_no_place_and_stays_as_it_is()
    {
        GroupKey none = Key(Qualifier.None), other = Key(Qualifier.Other);
        GroupKey half = Key(Qualifier.Of(9), new Place(Qualifier.Other, Qualifier.Of(5)));
        QualifierRanks ranks = Ranks(1, SortKey.Count, (none, Exits(100)), (other, Exits(90)), (half, Exits(80)), (Key(1), Exits(2)),
            (Key(2), Exits(1)));
        Assert.Equal(none, ranks.Shown(none));
        Assert.Equal(other, ranks.Shown(other));
        Assert.Equal(half, ranks.Shown(half));
        Assert.Equal(Key(1), ranks.Shown(Key(1)));
        Assert.Equal(Key(Qualifier.Other), ranks.Shown(Key(2)));
    }

    [Theory]
    [InlineData(0x1000, 0)]
    [InlineData(0, 0x7f)]
    public void A_page_or_an_instruction_alone_is_ranked(ulong page, ulong rip)
    {
        GroupKey many = Key(Qualifier.None, Key(0, page, rip).Place), few = Key(Qualifier.None, Key(0, page * 2, rip * 2).Place);
        QualifierRanks ranks = Ranks(1, SortKey.Count, (few, Exits(1)), (many, Exits(2)));
        Assert.Equal(many, ranks.Shown(many));
        Assert.Equal(Key(Qualifier.None, new Place(page == 0 ? default : Qualifier.Other, rip == 0 ? default : Qualifier.Other)),
            ranks.Shown(few));
    }

    [Fact]
    public void Levels_are_ranked_together_and_reasons_apart()
    {
        GroupKey l2 = Key(2) with { Level = ExitLevel.L2 }, apart = Key(3) with { Code = new ExitCode(Isa.Vmx, 31) };
        QualifierRanks ranks = Ranks(1, SortKey.Count, (Key(1), Exits(5)), (Key(2), Exits(3)), (l2, Exits(3)), (apart, Exits(1)));
        Assert.Equal(l2, ranks.Shown(l2));
        Assert.Equal(Key(2), ranks.Shown(Key(2)));
        Assert.Equal(apart, ranks.Shown(apart));
        Assert.Equal(Key(Qualifier.Other), ranks.Shown(Key(1)));
    }
}
