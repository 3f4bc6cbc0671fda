using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

public sealed class SlotLossesTests
{
    [Fact]
    public void Losses_of_slots_are_summed()
    {
        kvmscope_slot slot = new()
        {
            unpaired_exits = 1,
            unpaired_entries = 2,
            lost_events = 3,
            dropped_cells = 4,
            dropped_exits = 5,
            other_exits = 6,
            open = kvmscope_open.KVMSCOPE_FIRST_CELL,
        };
        kvmscope_slot running = new() { dropped_exits = 10, open = kvmscope_open.KVMSCOPE_OPEN_DROPPED };
        SlotLosses losses = default;
        losses.Add(ref slot, hasEnded: false);
        losses.Add(ref running, hasEnded: false);
        Assert.Equal(
            new Accounting
            {
                UnpairedExits = 1,
                UnpairedEntries = 2,
                Open = 1,
                LostEvents = 3,
                DroppedCells = 4,
                DroppedVcpus = 100,
                DroppedExits = 215,
                VcpuRoom = 128,
                OtherQualifiers = 6,
                MissedEvents = 7,
            },
            losses.ToAccounting(new kvmscope_losses { dropped_vcpus = 100, dropped_exits = 200 }, missedEvents: 7, room: 128));
    }

    // Exits that were not counted are of vCPUs or reasons without room; how much there is says nothing without those.
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 128)]
    [InlineData(0, 1, 128)]
    public void How_much_room_there_was_is_said_where_it_was_too_little(uint cells, uint vcpus, ulong room)
    {
        kvmscope_slot slot = new() { dropped_cells = cells };
        SlotLosses losses = default;
        losses.Add(ref slot, hasEnded: false);
        Assert.Equal(room, losses.ToAccounting(new kvmscope_losses { dropped_vcpus = vcpus }, missedEvents: 0, room: 128).VcpuRoom);
    }
}
