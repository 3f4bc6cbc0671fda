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

    // A dictionary of an interval's rows is as fast as its keys differ in their hashes.
    [Fact]
    public void The_keys_of_a_large_host_have_a_hash_each()
    {
        GroupKey[] keys =
        [
            .. from vm in Enumerable.Range(-1, 9)
               from vcpu in Enumerable.Range(-1, 9)
               from code in Enumerable.Range(0, 16)
               from level in new[] { ExitLevel.L1, ExitLevel.L2 }
               from qualifier in new[] { Qualifier.None, Qualifier.Of(0), Qualifier.Of(1), Qualifier.Of(1UL << 40) }
               select new GroupKey(vm, vcpu, new ExitCode(Isa.Vmx, (ulong)code), level, qualifier),
        ];
        Assert.True(keys.Select(key => key.GetHashCode()).Distinct().Count() > keys.Length * 0.99);
    }

    [Theory]
    [InlineData(QualifierState.Known, QualifierState.Known, false)]
    [InlineData(QualifierState.Other, QualifierState.Known, true)]
    [InlineData(QualifierState.None, QualifierState.Other, true)]
    public void A_place_is_other_where_a_part_of_it_is(QualifierState page, QualifierState rip, bool isOther) =>
        Assert.Equal(isOther, new Place(new Qualifier(page, 0), new Qualifier(rip, 0)).IsOther);
}
