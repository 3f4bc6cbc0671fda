using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Tracing;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Odd sequences of exits and entries, through the project's own programs: what becomes of time, qualifiers and rounds.</summary>
[Collection(KernelGroup.Name)]
public sealed class InsideExitTests
{
    private const uint Hlt = 12, Cpuid = 10, Io = 30, MsrWrite = 32, Resume = 24;

    [KernelFact]
    public void An_open_exit_is_in_one_row_at_a_time()
    {
        using KernelSide side = Traced(new() { WantSplit = true, WantQualifiers = true });
        side.Exit(1, Hlt);
        side.Entry(1);
        List<Snapshot> snapshots = [Read(side)];
        side.Exit(1, Io);
        ref kvmscope_slot slot = ref side.SlotOf(1);
        slot.qualifier_state = kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_LATE;
        snapshots.Add(Read(side));
        snapshots.Add(Read(side));
        slot.qualifier = 0x3f8;
        slot.qualifier_state = kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN;
        side.Entry(1);
        snapshots.Add(Read(side));
        ulong sum = 0;
        for (int i = 1; i < snapshots.Count; i++) sum += Handled(Delta.Between("time", default, snapshots[i - 1], snapshots[i], 0));
        Assert.Equal(Handled(Delta.Between("time", default, snapshots[0], snapshots[^1], 0)), sum);
    }

    [KernelFact]
    public void The_guest_runs_on_after_an_exit_that_another_follows()
    {
        using KernelSide side = Traced(new() { WantSplit = true });
        side.Exit(1, Hlt);
        side.Entry(1);
        for (int i = 0; i < 5; i++)
        {
            side.Exit(1, MsrWrite);
            // The guest's time: what is measured is that it passes.
            for (long until = MonotonicClock.NowNs() + 10_000_000; MonotonicClock.NowNs() < until;) Thread.SpinWait(100);
        }
        side.Entry(1);
        side.Exit(1, Hlt);
        side.Entry(1);
        VcpuTime time = Assert.Single(Delta.Between("time", default, null, Read(side), 0).Times);
        // The last of them ends with an entry, and is an exit's.
        Assert.True(time.Parts[TimePart.Guest] >= 40_000_000, $"guest {time.Parts[TimePart.Guest]}, unattributed {time.Parts[TimePart.Unattributed]}");
    }

    [KernelFact]
    public void An_exit_that_another_follows_keeps_what_was_known_of_it()
    {
        using KernelSide side = Traced(new() { WantQualifiers = true });
        side.Exit(1, MsrWrite);
        side.Exit(1, MsrWrite);
        side.Entry(1);
        SnapshotRow row = Assert.Single(Read(side).Rows);
        Assert.Equal((2UL, 1UL, QualifierState.Known), (row.Count, row.Timed, row.Qualifier.State));
    }

    [KernelFact]
    public void Rounds_count_exits_that_another_follows()
    {
        using KernelSide side = Traced(new() { WantNested = true });
        side.Exit(1, Cpuid);
        side.SlotOf(1).exit_l2 = 1;
        side.Entry(1);
        side.Exit(1, MsrWrite);
        side.Exit(1, MsrWrite);
        side.Exit(1, Resume);
        side.Entry(1);
        Assert.Equal(3UL, side.SlotOf(1).round_exits);
    }

    // The verifier gives up after a million instructions, and looks at each way through a loop.
    [KernelFact]
    public void The_verifier_takes_what_looks_who_ran()
    {
        using KernelSide side = Traced(new() { WantSplit = true, WantWho = true, WantQualifiers = true, WantNested = true, SlowNs = 1 });
        side.Exit(1, Hlt);
        side.Entry(1);
        Assert.Equal(1UL, Assert.Single(Read(side).Rows).Timed);
    }

    private static KernelSide Traced(TraceOptions options) =>
        new(options, TableSizes.For(8, 2, 1, options), new HostView(_ => "vm", _ => true, _ => true, Isa.Vmx));

    private static Snapshot Read(KernelSide side) => side.Reader.Read(Grouping.Vm, default, DateTimeOffset.UnixEpoch, MonotonicClock.NowNs());

    private static ulong Handled(Answer answer) => answer.Rows.Aggregate(0UL, (ns, row) => ns + (row.Parts?.Sum ?? 0));
}
