using Kvmscope.Exports;

namespace Kvmscope.Tests;

public sealed class RelayTests
{
    [Fact]
    public void Items_are_used_in_order()
    {
        var used = new List<int>();
        new Relay<int>(used.Add, _ => 1, 10).Run(Enumerable.Range(0, 10_000));
        Assert.Equal(Enumerable.Range(0, 10_000), used);
        new Relay<int>(_ => Assert.Fail("there is none"), _ => 1, 10).Run([]);
    }

    [Fact]
    public void What_waits_weighs_no_more_than_the_limit()
    {
        int made = 0, used = 0, most = 0;
        new Relay<int>(
            _ =>
            {
                // One is in use, one is made and not passed yet; the first waits until five more fill the room.
                if (used == 0) SpinWait.SpinUntil(() => Volatile.Read(ref made) == 7, TimeSpan.FromSeconds(30));
                most = Math.Max(most, Volatile.Read(ref made) - used - 2);
                used++;
            }, _ => 10, 50).Run(Items());
        Assert.Equal((5, 100), (most, used));

        IEnumerable<int> Items()
        {
            for (int i = 0; i < 100; i++)
            {
                Interlocked.Increment(ref made);
                yield return i;
            }
        }
    }

    [Fact]
    public void One_that_weighs_more_than_the_limit_passes_alone()
    {
        var used = new List<int>();
        new Relay<int>(used.Add, item => item, 10).Run([5, 100, 3, 100]);
        Assert.Equal([5, 100, 3, 100], used);
    }

    [Fact]
    public void What_using_throws_ends_it()
    {
        int made = 0;
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => new Relay<int>(
            item =>
            {
                if (item == 3) throw new InvalidOperationException("full");
            }, _ => 1, 2).Run(Enumerable.Range(0, 1000).Select(item =>
        {
            made++;
            return item;
        })));
        Assert.Equal("full", error.Message);
        Assert.InRange(made, 4, 8);
    }

    [Fact]
    public void What_making_throws_is_thrown_after_what_was_made_is_used()
    {
        int used = 0;
        Assert.Throws<InvalidOperationException>(() => new Relay<int>(_ => used++, _ => 1, 10).Run(
            Enumerable.Range(0, 100).Select(item => item < 7 ? item : throw new InvalidOperationException())));
        Assert.Equal(7, used);
    }
}
