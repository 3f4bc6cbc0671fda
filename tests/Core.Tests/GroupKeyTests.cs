using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

public sealed class GroupKeyTests
{
    private static readonly GroupKey s_key =
        new(1, 2, new ExitCode(Isa.Vmx, 30), ExitLevel.L1, Qualifier.Of(7), new Place(Qualifier.Of(0x1000), Qualifier.Of(0x20)));

    // Each differs from the first in one part only.
    private static readonly GroupKey[] s_others =
    [
        s_key with { Vm = 3 }, s_key with { Vcpu = 3 }, s_key with { Code = new ExitCode(Isa.Vmx, 31) },
        s_key with { Code = new ExitCode(Isa.Svm, 30) }, s_key with { Level = ExitLevel.L2 }, s_key with { Qualifier = Qualifier.Of(8) },
        s_key with { Qualifier = new Qualifier(QualifierState.Other, 7) }, s_key with { Place = null },
        s_key with { Place = new Place(Qualifier.Of(0x2000), Qualifier.Of(0x20)) },
        s_key with { Place = new Place(Qualifier.Of(0x1000), Qualifier.Of(0x21)) },
    ];

    [Fact]
    public void Keys_are_equal_where_all_of_them_is()
    {
        GroupKey same = s_key with { Place = new Place(Qualifier.Of(0x1000), Qualifier.Of(0x20)) };
        Assert.True(s_key == same);
        Assert.Equal(s_key.GetHashCode(), same.GetHashCode());
        Assert.All(s_others, other => Assert.False(s_key == other, other.ToString()));
    }

    [Theory]
    [InlineData(QualifierState.Known, QualifierState.Known, false)]
    [InlineData(QualifierState.Other, QualifierState.Known, true)]
    [InlineData(QualifierState.None, QualifierState.Other, true)]
    public void A_place_is_other_where_a_part_of_it_is(QualifierState page, QualifierState rip, bool isOther) =>
        Assert.Equal(isOther, new Place(new Qualifier(page, 0), new Qualifier(rip, 0)).IsOther);
}
