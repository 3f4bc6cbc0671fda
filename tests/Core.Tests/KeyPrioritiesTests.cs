using CsCheck;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Tests;

public sealed class KeyPrioritiesTests
{
    private static HeldKey Held(int cell, ulong exits, int reason = 10, int vcpu = 1, ulong of = 1000, bool canMove = true) =>
        new(cell, vcpu, reason, exits, of, canMove);

    private static WaitingKey Waiting(int id, ulong exits, int reason = 10, int vcpu = 1, ulong of = 1000) =>
        new(id, vcpu, reason, exits, of);

    private static (int Cell, int Id)[] Decide(HeldKey[] held, params WaitingKey[] waiting) =>
        [.. KeyPriorities.Decide(held, waiting).Select(d => (d.From.Cell, d.To.Id))];

    [Theory]
    [InlineData(10, 1000, true)]
    [InlineData(9, 1000, false)]
    [InlineData(1, 100, true)]
    [InlineData(1, 101, false)]
    [InlineData(0, 0, false)]
    [InlineData(1, 0, true)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, true)]
    [InlineData(ulong.MaxValue / 101, ulong.MaxValue, false)]
    public void One_percent_is_frequent(ulong exits, ulong of, bool isFrequent) =>
        Assert.Equal(isFrequent, KeyPriorities.IsFrequent(exits, of));

    [Fact]
    public void The_rarest_of_its_own_reason_goes_first() =>
        Assert.Equal([(3, 2), (1, 1)],
            Decide([Held(1, 5), Held(2, 10), Held(3, 0), Held(4, 0, reason: 11)], Waiting(1, 20), Waiting(2, 30)));

    // A reason without an exit in that time has no share to tell of.
    [Fact]
    public void The_largest_share_of_its_reason_chooses_first_not_the_largest_count()
    {
        Assert.Equal([(1, 2)], Decide([Held(1, 0)], Waiting(1, 30), Waiting(2, 20, of: 100)));
        Assert.Equal([(1, 2)], Decide([Held(1, 0)], Waiting(1, 30, of: 0), Waiting(2, 20)));
    }

    [Fact]
    public void A_key_that_is_not_frequent_takes_nothing() => Assert.Empty(Decide([Held(1, 0)], Waiting(1, 9)));

    [Fact]
    public void A_key_that_is_frequent_keeps_its_cell() => Assert.Empty(Decide([Held(1, 10), Held(2, 500)], Waiting(1, 900)));

    [Fact]
    public void Then_other_reasons_of_the_vcpu_and_then_other_vcpus()
    {
        HeldKey[] held =
        [
            Held(1, 0, reason: 20, vcpu: 2, canMove: false), Held(2, 1, reason: 20, vcpu: 2), Held(3, 5, reason: 11), Held(4, 7),
        ];
        Assert.Equal([(4, 1), (3, 2), (2, 3)], Decide(held, Waiting(1, 40), Waiting(2, 30), Waiting(3, 20), Waiting(4, 10)));
    }

    [Fact]
    public void A_cell_without_a_key_is_as_good_as_a_rare_one() =>
        Assert.Equal([(1, 1)], Decide([Held(1, 0, reason: 0, of: 0)], Waiting(1, 1, of: 1)));

    [Fact]
    public void Nothing_is_given_twice_and_nobody_who_is_frequent_loses()
    {
        var held = Gen.Select(Gen.Int[1, 60], Gen.Int[1, 3], Gen.Int[1, 4], Gen.ULong[0, 20], Gen.Bool,
            (cell, vcpu, reason, exits, canMove) => new HeldKey(cell, vcpu, (10 * vcpu) + reason, exits, 1000, canMove));
        var waiting = Gen.Select(Gen.Int[1, 3], Gen.Int[1, 4], Gen.ULong[0, 20],
            (vcpu, reason, exits) => new WaitingKey(0, vcpu, (10 * vcpu) + reason, exits, 1000));
        Gen.Select(held.Array[0, 60], waiting.Array[0, 30]).Sample((cells, keys) =>
        {
            cells = [.. cells.DistinctBy(c => c.Cell)];
            keys = [.. keys.Select((key, i) => key with { Id = i })];
            var decided = KeyPriorities.Decide(cells, keys);
            Assert.Equal(decided.Count, decided.Select(d => d.From.Cell).Distinct().Count());
            Assert.Equal(decided.Count, decided.Select(d => d.To.Id).Distinct().Count());
            Assert.All(decided, d => Assert.True(
                d.From.Exits < 10 && d.To.Exits >= 10 && (d.From.Vcpu == d.To.Vcpu || d.From.CanMove)));
            // Whoever got nothing found nothing left.
            int[] left = [.. keys.Where(k => k.Exits >= 10).Select(k => k.Id).Except(decided.Select(d => d.To.Id))];
            foreach (int id in left)
                Assert.All(cells.Where(c => c.Exits < 10 && (c.CanMove || c.Vcpu == keys[id].Vcpu)),
                    c => Assert.Contains(decided, d => d.From.Cell == c.Cell));
        });
    }
}
