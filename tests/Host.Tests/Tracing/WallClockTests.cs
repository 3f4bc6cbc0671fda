using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>
/// The wall clock of a slot at an instant: an open exit is split as far as it has progressed, and the sums are right for any values in the
/// slot.
/// </summary>
public class WallClockTests
{
    private const uint Cell = 7;

    private static WallClock Take(kvmscope_slot slot, ulong now, bool isFinal = false)
    {
        WallClock clock = default;
        clock.Take(ref slot, () => now, isFinal);
        return clock;
    }

    private static kvmscope_slot Running(ulong since) => new()
    {
        born_ns = 1000,
        guest_ns = 200,
        entry_ns = since,
        open = kvmscope_open.KVMSCOPE_OPEN_RUNNING,
    };

    private static unsafe kvmscope_slot Waited(kvmscope_slot slot, ulong ns)
    {
        slot.outside[kvmscope_part.KVMSCOPE_PART_RUNQ] = ns;
        return slot;
    }

    private static kvmscope_slot Exited(ulong at) => new() { born_ns = 1000, guest_ns = 200, exit_ns = at, open = Cell };

    [Fact]
    public void A_guest_that_runs_has_run_until_now()
    {
        WallClock clock = Take(Waited(Running(2000), 10), 5000);
        Assert.Equal(
            (4000UL, 3200UL, 10UL, 0UL), (clock.WallNs, clock.Outside[TimePart.Guest], clock.Outside[TimePart.Runq], clock.OpenNs));
    }

    [Fact]
    public void Preempted_before_the_exit_was_reported_it_waits_for_a_CPU()
    {
        kvmscope_slot slot = Waited(Running(2000), 10);
        slot.out_ns = 3000;
        WallClock clock = Take(slot, 5000);
        Assert.Equal((1200UL, 2010UL), (clock.Outside[TimePart.Guest], clock.Outside[TimePart.Runq]));
    }

    [Fact]
    public void An_exit_in_the_VMM_is_the_VMMs_since_it_went_there()
    {
        kvmscope_slot slot = Exited(2000);
        slot.user_ns = 2600;
        WallClock clock = Take(slot, 5000);
        Assert.Equal((3000UL, 2400UL, 600UL), (clock.OpenNs, clock.OpenParts[TimePart.Vmm], clock.OpenParts[TimePart.Kvm]));
    }

    [Theory]
    [InlineData(kvmscope_part.KVMSCOPE_PART_HALT, TimePart.Halt)]
    [InlineData(kvmscope_part.KVMSCOPE_PART_RUNQ, TimePart.Runq)]
    [InlineData(kvmscope_part.KVMSCOPE_PART_SLEEP, TimePart.Sleep)]
    public void Off_the_CPU_the_time_is_that_of_the_cause(int kind, TimePart part)
    {
        kvmscope_slot slot = Exited(2000);
        slot.out_ns = 2100;
        slot.out_part = (uint)kind;
        Assert.Equal(2900UL, Take(slot, 5000).OpenParts[part]);
    }

    // It was there before the trace, and has made no event: known since 1000.
    [Theory]
    [InlineData(kvmscope_seen.KVMSCOPE_SEEN_USER, TimePart.Vmm)]
    [InlineData(kvmscope_seen.KVMSCOPE_SEEN_HALT, TimePart.Halt)]
    [InlineData(kvmscope_seen.KVMSCOPE_SEEN_GUEST, TimePart.Guest)]
    [InlineData(kvmscope_seen.KVMSCOPE_SEEN_NOTHING, null)]
    public void A_vcpu_without_events_does_what_it_was_found_to_do(int seen, TimePart? part)
    {
        kvmscope_slot slot = new() { born_ns = 1000, seen_ns = 1000, seen = (ushort)seen };
        WallClock clock = Take(slot, 5000);
        Assert.Equal((4000UL, part is null ? 0 : 4000UL), (clock.WallNs, clock.Outside.Sum));
        if (part is { } does) Assert.Equal(4000UL, clock.Outside[does]);
        // From its first event on, only events say what it does.
        slot.touched = 1;
        Assert.Equal(0UL, Take(slot, 5000).Outside.Sum);
        (slot.touched, slot.open) = (0, kvmscope_open.KVMSCOPE_OPEN_RUNNING);
        Assert.Equal(0UL, Take(slot, 5000).Outside.Sum);
    }

    [Fact]
    public void What_a_vcpu_does_while_no_exit_is_open_is_its_own()
    {
        kvmscope_slot slot = Waited(new() { born_ns = 1000, user_ns = 4000, touched = 1 }, 10);
        WallClock clock = Take(slot, 5000);
        Assert.Equal((1000UL, 10UL), (clock.Outside[TimePart.Vmm], clock.Outside[TimePart.Runq]));
        slot.user_ns = 0;
        (slot.out_ns, slot.out_part) = (3000, kvmscope_part.KVMSCOPE_PART_HALT);
        Assert.Equal(2000UL, Take(slot, 5000).Outside[TimePart.Halt]);
    }

    [Fact]
    public void A_vcpu_that_ended_has_no_more_time()
    {
        kvmscope_slot slot = Exited(2000);
        slot.ended_ns = 2500;
        WallClock clock = Take(slot, 9000);
        Assert.Equal((1500UL, 500UL), (clock.WallNs, clock.OpenNs));
        Assert.Equal(1000UL, Take(Exited(2000), 9000, isFinal: true).WallNs);
    }

    [Fact]
    public unsafe void Whatever_a_slot_says_no_part_is_negative_and_none_is_more_than_the_whole()
    {
        var random = new Random(2026);
        for (int run = 0; run < 20_000; run++)
        {
            kvmscope_slot slot = new()
            {
                born_ns = Any(),
                guest_ns = Any(),
                entry_ns = Any(),
                exit_ns = Any(),
                user_ns = Any(),
                out_ns = Any(),
                ended_ns = Any(),
                out_part = (uint)random.Next(8),
                open = (uint)random.Next(10),
                seen = (ushort)random.Next(4),
                seen_ns = Any(),
                touched = (ushort)random.Next(2),
            };
            for (int i = 0; i < kvmscope_part.KVMSCOPE_PARTS; i++) (slot.parts[i], slot.outside[i]) = (Any(), Any());
            WallClock clock = Take(slot, Any(), random.Next(2) == 0);
            Assert.Equal(clock.OpenNs, clock.OpenParts.Sum);
            Assert.InRange(clock.OpenNs, 0UL, 10_000UL);
        }

        ulong Any() => random.Next(3) == 0 ? 0 : (ulong)random.Next(10_000);
    }
}
