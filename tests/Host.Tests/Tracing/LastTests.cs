using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>The last exits of each vCPU, as the kernel side keeps them and the reader gives them.</summary>
[Collection(KernelGroup.Name)]
public sealed class LastTests
{
    private const uint Io = 2, Mmio = 6, Shutdown = 8;
    private const int Kept = 4;

    private static TraceOptions Options(int kept = Kept) => new() { LastExits = kept, WantTime = false };

    private static TableSizes Sizes(int vcpus = 4, int kept = Kept) => new(vcpus, 200, 1, Threads: 512, LastExits: kept);

    private static VcpuHistory Only(KernelSide side, bool all = true) => Assert.Single(side.Last!.Take(all));

    [KernelFact]
    public void The_newest_are_kept_in_order_and_older_ones_overwritten()
    {
        using KernelSide side = new(Options(), Sizes());
        for (uint i = 1; i <= 10; i++)
        {
            side.Exit(1, i);
            side.Entry(1);
        }
        VcpuHistory history = Only(side);
        Assert.Equal((10UL, 0, false, null), (history.Seen, history.Unread, history.HasEnded, history.LastReturn));
        Assert.Equal([(7UL, 7UL), (8UL, 8UL), (9UL, 9UL), (10UL, 10UL)], history.Exits.Select(e => (e.Number, e.Code.Code)));
        Assert.All(history.Exits, e => Assert.Equal((Isa.Vmx, ExitLevel.L1, 0u), (e.Code.Isa, e.Level, e.Returns)));
        Assert.All(history.Exits, e => Assert.NotNull(e.HandlingNs));
        // The one before the oldest is not kept.
        Assert.Equal([true, false, false, false], history.Exits.Select(e => e.SinceLastNs is null));
        for (int i = 1; i < Kept; i++)
            Assert.Equal(
                (double)history.Exits[i].SinceLastNs!, (history.Exits[i].At - history.Exits[i - 1].At).TotalNanoseconds, tolerance: 200);
    }

    [KernelFact]
    public void The_exit_with_which_a_vcpu_ends_has_no_entry_and_says_what_the_vmm_got()
    {
        using KernelSide side = new(Options(), Sizes());
        side.Exit(1, 30);
        side.Return(Io);
        side.Entry(1);
        side.Exit(1, 2);
        side.Return(Shutdown);
        VcpuHistory history = Only(side);
        Assert.Equal(
            [("IO", 1u, true), ("SHUTDOWN", 1u, false)],
            history.Exits.Select(e => (e.Return!.Value.Name, e.Returns, e.HandlingNs is not null)));
        Assert.Equal((Shutdown, VcpuPlace.Vmm, true), ((uint)history.LastReturn!.Reason.Raw, history.Place, history.IsAbnormal));
        // It went on: the end was none.
        side.BeginRun(1, 5);
        Assert.False(Only(side).IsAbnormal);
    }

    [KernelFact]
    public void An_exit_with_several_returns_has_the_last_and_how_many()
    {
        using KernelSide side = new(Options(), Sizes());
        side.Exit(1, 48);
        side.Return(Mmio);
        side.Return(Mmio);
        side.Return(Io, -4);
        side.Entry(1);
        // Not of the exit, which has ended.
        side.Return(Shutdown);
        VcpuHistory history = Only(side);
        LastExit exit = Assert.Single(history.Exits);
        Assert.Equal((VmmReason.Interrupted, 3u), (exit.Return, exit.Returns));
        Assert.Equal("SHUTDOWN", history.LastReturn!.Reason.Name);
    }

    [KernelFact]
    public void An_exit_that_is_followed_by_another_has_no_handling_time()
    {
        using KernelSide side = new(Options(), Sizes());
        side.Exit(1, 32);
        side.Exit(1, 12);
        side.Entry(1);
        Assert.Equal([(32UL, true), (12UL, false)], Only(side).Exits.Select(e => (e.Code.Code, e.HandlingNs is null)));
    }

    [KernelFact]
    public void An_exit_that_found_no_cell_is_kept_as_any_other()
    {
        using KernelSide side = new(Options(kept: 8), new TableSizes(1, 2, 1, Threads: 512, LastExits: 8));
        foreach (uint code in (uint[])[10, 12, 30, 32]) // followed by another, then by an entry, then open
        {
            side.Exit(1, code);
            if (code is 10 or 12 or 32) side.Entry(1);
        }
        side.Exit(1, 31);
        side.Return(Io);
        Assert.Equal(
            [(10UL, true, 0u), (12UL, true, 0u), (30UL, false, 0u), (32UL, true, 0u), (31UL, false, 1u)],
            Only(side).Exits.Select(e => (e.Code.Code, e.HandlingNs is not null, e.Returns)));
        Assert.True(side.SlotOf(1).dropped_exits >= 3);
    }

    [KernelFact]
    public void An_instruction_that_is_known_changes_nothing_else()
    {
        using KernelSide side = new(Options(), Sizes());
        side.Exit(1, 0x72, isa: (uint)Isa.Svm); // whose RIP is in the vCPU
        side.Entry(1);
        side.Exit(1, 10); // of VMX: it is not
        Assert.Equal(
            [(new ExitCode(Isa.Svm, 0x72), ExitLevel.L1, 0UL), (new ExitCode(Isa.Vmx, 10), ExitLevel.L1, (ulong?)null)],
            Only(side).Exits.Select(e => (e.Code, e.Level, e.Rip)));
    }

    [KernelFact]
    public void What_a_filter_leaves_out_is_not_kept_and_ends_nothing()
    {
        using KernelSide side = new(Options() with { Filter = new ExitFilter { ExcludedCodes = [12] } }, Sizes());
        side.Exit(1, 10);
        side.Entry(1);
        ulong? handling = Assert.Single(Only(side).Exits).HandlingNs;
        side.Exit(1, 12);
        side.Return(Io);
        side.Entry(1);
        LastExit exit = Assert.Single(Only(side).Exits);
        Assert.Equal((10UL, handling, null), (exit.Code.Code, exit.HandlingNs, exit.Return));
    }

    [KernelFact]
    public void The_exits_of_a_vcpu_that_ended_are_read_before_its_slot_is_used_again()
    {
        using KernelSide side = new(Options(), Sizes(vcpus: 1));
        for (uint i = 1; i <= 7; i++) side.Exit(1, i);
        side.Return(Shutdown);
        side.End(1);
        side.Exit(2, 99);
        Assert.Equal([4UL, 5UL, 6UL, 7UL], Only(side, all: false).Exits.Select(e => e.Code.Code));
        VcpuHistory second = Only(side);
        Assert.Equal((1UL, false, null), (second.Seen, second.HasEnded, second.LastReturn));
        Assert.Equal((1UL, 99UL), (Assert.Single(second.Exits).Number, second.Exits[0].Code.Code));
        Assert.Empty(side.Last!.Take(all: false));
    }

    [KernelFact]
    public void A_vcpu_that_ended_and_is_not_swept_yet_has_ended()
    {
        using KernelSide side = new(Options(), Sizes());
        side.Exit(1, 2);
        side.Return(Shutdown);
        side.Forget(1);
        Assert.Empty(side.Last!.Take(all: false));
        Assert.True(Only(side) is { HasEnded: true, IsAbnormal: true });
    }

    [KernelFact]
    public void Each_vcpu_has_its_own_ring_at_every_size()
    {
        foreach (int kept in (int[])[1, 3, TraceOptions.MostLastExits])
        {
            using KernelSide side = new(Options(kept), Sizes(3, kept));
            for (uint i = 0; i < 300; i++)
                for (ulong vcpu = 1; vcpu <= 3; vcpu++)
                {
                    side.Exit(vcpu, (uint)(i % 60 + 64 * (vcpu - 1)));
                    side.Entry(vcpu);
                }
            IReadOnlyList<VcpuHistory> all = side.Last!.Take(all: true);
            Assert.Equal(3, all.Count);
            foreach ((VcpuHistory history, uint vcpu) in all.Select((h, i) => (h, (uint)i)))
                Assert.Equal(
                    Enumerable.Range(301 - kept, kept).Select(n => (ulong)((n - 1) % 60) + 64 * vcpu),
                    history.Exits.Select(e => e.Code.Code));
        }
    }

    [KernelFact]
    public void A_reader_never_sees_half_an_exit_while_the_programs_write()
    {
        using KernelSide side = new(Options(), Sizes());
        side.Exit(1, CodeOf(1));
        using var stop = new ManualResetEventSlim();
        var writer = new Thread(() =>
        {
            for (ulong i = 2; !stop.IsSet; i++)
            {
                side.Entry(1);
                side.Exit(1, CodeOf(i));
            }
        });
        writer.Start();
        try
        {
            ulong newest = 0;
            for (int i = 0; i < 3000 || newest < 100; i++)
            {
                VcpuHistory history = Only(side);
                foreach (LastExit exit in history.Exits) Assert.Equal(CodeOf(exit.Number), exit.Code.Code);
                foreach ((LastExit older, LastExit newer) in history.Exits.Zip(history.Exits.Skip(1)))
                {
                    Assert.True(older.Number < newer.Number && older.At <= newer.At);
                    if (newer.SinceLastNs is { } since) Assert.True(older.HandlingNs is not { } ns || ns <= since);
                }
                if (history.Exits.Count > 0) newest = history.Exits[^1].Number;
            }
        }
        finally
        {
            stop.Set();
            writer.Join();
        }

        static uint CodeOf(ulong number) => (uint)(number % 200);
    }
}
