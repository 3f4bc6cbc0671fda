using CsCheck;
using Kvmscope.Core.Model;
using Kvmscope.Server.Metrics;
using static Kvmscope.Server.Tests.Metrics.MetricsWorld;

namespace Kvmscope.Server.Tests.Metrics;

public sealed class PartClockTests
{
    [Fact]
    public void A_part_that_is_taken_back_waits_and_the_sum_is_the_wall_clock()
    {
        var clock = new PartClock(default);
        clock.Add(Parts((TimePart.Halt, 100)));
        clock.Settle();
        // 60 of these were the run queue.
        clock.Add(Parts((TimePart.Halt, -60), (TimePart.Runq, 60), (TimePart.Guest, 50)));
        clock.Settle();
        Assert.Equal(100UL, clock[(int)TimePart.Halt]);
        Assert.Equal(50UL, clock[(int)TimePart.Guest] + clock[(int)TimePart.Runq]);
        clock.Add(Parts((TimePart.Halt, 60)));
        clock.Settle();
        Assert.Equal((100UL, 60UL, 50UL), (clock[(int)TimePart.Halt], clock[(int)TimePart.Runq], clock[(int)TimePart.Guest]));
    }

    [Fact]
    public void Parts_never_fall_and_add_up_to_the_most_that_the_wall_clock_was()
    {
        Gen<long[]> change = Gen.Long[-1000, 1500].Array[TimeParts.Count];
        change.Array[1, 60].Sample(changes =>
        {
            var clock = new PartClock(default);
            long wall = 0, most = 0;
            ulong[] before = new ulong[TimeParts.Count];
            foreach (long[] parts in changes)
            {
                TimeParts sum = default;
                for (int i = 0; i < parts.Length; i++) sum[(TimePart)i] = unchecked((ulong)parts[i]);
                clock.Add(sum);
                clock.Settle();
                wall += parts.Sum();
                most = Math.Max(most, wall);
                ulong shown = 0;
                for (int i = 0; i < before.Length; i++)
                {
                    Assert.True(clock[i] >= before[i]);
                    shown += before[i] = clock[i];
                }
                Assert.Equal((ulong)most, shown);
            }
        });
    }
}
