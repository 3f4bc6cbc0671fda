using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Odd sequences of exits and entries in the BPF programs: the effect on time, qualifiers and rounds.</summary>
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
        side.ReadInterval();
        long begin = MonotonicClock.NowNs();
        side.Exit(1, Io);
        ref kvmscope_slot slot = ref side.SlotOf(1);
        slot.qualifier_state = kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_LATE;
        IntervalSum sum = new(Grouping.Vm);
        sum.Add(side.ReadInterval(Grouping.Vm));
        sum.Add(side.ReadInterval(Grouping.Vm));
        slot.qualifier = 0x3f8;
        slot.qualifier_state = kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN;
        side.Entry(1);
        sum.Add(side.ReadInterval(Grouping.Vm));
        Row row = Assert.Single(sum.ToInterval().Rows);
        Assert.Equal((1UL, 1UL, Qualifier.Of(0x3f8)), (row.Count, row.Timed, row.Key.Qualifier));
        Assert.Equal(row.TotalNs, row.Parts!.Value.Sum);
        Assert.InRange(row.TotalNs, 1UL, (ulong)(MonotonicClock.NowNs() - begin));
    }

    [KernelFact]
    public void The_guest_runs_between_two_exits_without_an_entry()
    {
        using KernelSide side = Traced(new() { WantSplit = true });
        side.Exit(1, Hlt);
        side.Entry(1);
        for (int i = 0; i < 5; i++)
        {
            side.Exit(1, MsrWrite);
            // This is the guest's time, and must be measured as such.
            for (long until = MonotonicClock.NowNs() + 10_000_000; MonotonicClock.NowNs() < until;) Thread.SpinWait(100);
        }
        side.Entry(1);
        side.Exit(1, Hlt);
        side.Entry(1);
        VcpuTime time = Assert.Single(side.ReadAll().Times);
        // The last of the five ends with an entry, so its time is handling time.
        Assert.True(
            time.Parts[TimePart.Guest] >= 40_000_000,
            $"guest {time.Parts[TimePart.Guest]}, unattributed {time.Parts[TimePart.Unattributed]}");
    }

    [KernelFact]
    public void An_exit_followed_by_an_exit_keeps_its_qualifier()
    {
        using KernelSide side = Traced(new() { WantQualifiers = true });
        side.Exit(1, MsrWrite);
        side.Exit(1, MsrWrite);
        side.Entry(1);
        Row row = Assert.Single(side.Read().Rows);
        Assert.Equal((2UL, 1UL, QualifierState.Known), (row.Count, row.Timed, row.Key.Qualifier.State));
    }

    [KernelFact]
    public void Rounds_count_exits_followed_by_an_exit()
    {
        using KernelSide side = Traced(new() { WantNested = true });
        side.Exit(1, Cpuid);
        side.SlotOf(1).traits = 1;
        side.Entry(1);
        side.Exit(1, MsrWrite);
        side.Exit(1, MsrWrite);
        side.Exit(1, Resume);
        side.Entry(1);
        Assert.Equal(3UL, side.SlotOf(1).round_exits);
    }

    // The verifier gives up after a million instructions, and follows each path through a loop.
    [KernelFact]
    public void The_verifier_accepts_the_programs_for_who()
    {
        using KernelSide side = Traced(new() { WantSplit = true, WantWho = true, WantQualifiers = true, WantNested = true, SlowNs = 1 });
        side.Exit(1, Hlt);
        side.Entry(1);
        Assert.Equal(1UL, Assert.Single(side.Read().Rows).Timed);
    }

    [KernelFact]
    public unsafe void A_thread_is_not_taken_for_that_of_a_vcpu_whose_slot_an_ended_one_had()
    {
        using KernelSide side = Traced(new() { WantSplit = true, WantWho = true, SlowNs = 1 });
        side.Exit(1, Hlt);
        int slot = side.NumberOf(1), threads = side.MapFd("threads");
        // Kernel memory that does not change is a thread like any other to the programs.
        ulong task = ulong.Parse(
            File.ReadLines("/proc/kallsyms").First(line => line.EndsWith(" _text", StringComparison.Ordinal)).AsSpan(0, 16),
            NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        uint tid = side.TidOf(task);
        // It ran the vCPU before this test's thread did.
        ulong entry = side.Slots[slot].made_ns << 32 | (uint)slot;
        Assert.Equal(0, Interop.Libbpf.bpf_map_update_elem(threads, &tid, &entry, 0));
        side.Switch(0, task);
        Assert.NotEqual(0UL, side.Slots[slot].wait_end_ns);

        side.Entry(1);
        side.End(1);
        for (ulong vcpu = 2; side.Slots[slot].tgid == 0; vcpu++) side.Exit(vcpu, Hlt);
        side.Switch(0, task);
        Assert.Equal(0UL, side.Slots[slot].wait_end_ns);
    }

    private static KernelSide Traced(TraceOptions options) =>
        new(options, TableSizes.For(8, 2, 1, options), new HostView(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, Isa.Vmx));
}
