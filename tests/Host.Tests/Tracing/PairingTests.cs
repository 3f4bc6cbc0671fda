using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

using Stopwatch = System.Diagnostics.Stopwatch;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>The kernel side's own code, event by event, against a model of what it should do.</summary>
[Collection(KernelGroup.Name)]
public sealed class PairingTests
{
    [KernelFact]
    public void Exits_are_counted_at_once_and_timed_at_the_entry()
    {
        using KernelSide side = new();
        side.Exit(1, 12);
        Row row = Assert.Single(side.Read().Rows);
        Assert.Equal((new ExitCode(Isa.Vmx, 12), ExitLevel.L1, 1UL, 0UL), (row.Key.Code, row.Key.Level, row.Count, row.Timed));
        Assert.Equal((Environment.ProcessId, 0), (side.Vms.OfProcess((uint)Environment.ProcessId).Pid, row.Key.Vcpu));
        Assert.Equal(1UL, side.Read().Accounting.Open);
        side.Entry(1);
        (IReadOnlyList<Row> rows, Accounting trust) = side.Read();
        row = Assert.Single(rows);
        Assert.Equal((1UL, 1UL, 1UL), (row.Count, row.Timed, row.Bins.Count));
        Assert.InRange(row.TotalNs, 1UL, 60_000_000_000UL);
        Assert.Equal((1UL, 1UL, 0UL), (trust.Exits, trust.Entries, trust.Open));
    }

    /// <summary>
    /// What is the kernel side's alone: slots and cells run out. What it does with the events that it has room for is what
    /// <see cref="EventPairing"/> does with them.
    /// </summary>
    private sealed class Model(TraceOptions options, TableSizes sizes)
    {
        // An exit without a cell is as one that a filter leaves out: it is not counted, and its entry is no unpaired one.
        private const ulong WithoutCell = ulong.MaxValue;

        private static readonly VmIdentity s_vm = new(0, Environment.ProcessId, "vm");

        private readonly EventPairing _pairing = new(
            options with { Filter = options.Filter with { ExcludedCodes = [.. options.Filter.ExcludedCodes, WithoutCell] } },
            DateTimeOffset.UnixEpoch);

        private readonly Dictionary<int, int> _slots = [], _paired = [];
        private readonly HashSet<int> _dropped = [], _oddDropped = [];
        private readonly HashSet<(int Slot, uint Code)> _cells = [], _droppedIndexes = [];
        private int _slotsTaken;
        internal ulong DroppedCells, DroppedVcpus, DroppedExits;

        internal bool HasSlot(int vcpu) => _slots.ContainsKey(vcpu);

        internal void Exit(int vcpu, uint code)
        {
            if (!HasSlot(vcpu) && !TakeSlot(vcpu)) return;
            bool hasCell = !options.Filter.PassesExit(code, ExitLevel.L1) || TakeCell(_slots[vcpu], code);
            _pairing.Exit(PairedOf(vcpu), default, new ExitCode(Isa.Svm, hasCell ? code : WithoutCell));
        }

        internal void Entry(int vcpu) => _pairing.Entry(PairedOf(vcpu), default);

        // Slot and cells are free once they are swept, which is not done here.
        internal void End(int vcpu)
        {
            _pairing.End(PairedOf(vcpu));
            _paired.Remove(vcpu);
            _slots.Remove(vcpu);
        }

        internal Interval Read() => _pairing.Read(0);

        private int PairedOf(int vcpu)
        {
            if (!_paired.TryGetValue(vcpu, out int paired)) _paired[vcpu] = paired = _pairing.Add(s_vm, 0);
            return paired;
        }

        private bool TakeSlot(int vcpu)
        {
            if (_slotsTaken < sizes.MaxVcpus) return _slots.TryAdd(vcpu, _slotsTaken++);
            DroppedExits++;
            if (_dropped.Add(vcpu)) DroppedVcpus++;
            return false;
        }

        private bool TakeCell(int slot, uint code)
        {
            if (_cells.Contains((slot, code))) return true;
            bool odd = IsOdd(code);
            int odds = _cells.Count(c => c.Slot == slot && IsOdd(c.Code));
            bool knownDrop = odd
                ? _oddDropped.Contains(slot) || odds == kvmscope_limits.KVMSCOPE_REASON_INDEXES_ODD
                : _droppedIndexes.Contains((slot, code));
            if (!knownDrop && _cells.Count < sizes.ReasonCells) return _cells.Add((slot, code));
            DroppedExits++;
            if (knownDrop) return false;
            DroppedCells++;
            if (odd) _oddDropped.Add(slot);
            else _droppedIndexes.Add((slot, code));
            return false;
        }

        private static bool IsOdd(uint code) => Knobs.ReasonIndexOf(code, Isa.Svm) == kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD;
    }

    private enum Step
    {
        Exit,
        Entry,
        End,
        Read,
    }

    private const int Vcpus = 4;

    private static readonly Gen<uint> s_codes = Gen.OneOf(
        Gen.UInt[0, 8], Gen.UInt[0x3fe, 0x409], Gen.UInt[0xde, 0xe8], Gen.UInt[0x4000, 0x4020]);

    private static readonly Gen<ulong[]> s_named = Gen.OneOf(Gen.UInt[0, 8].Array[1, 5], Gen.UInt[0x3fe, 0x409].Array[1, 5])
        .Select(codes => codes.Distinct().Select(c => (ulong)c).ToArray());

    private static readonly Gen<ExitFilter> s_filters = Gen.OneOf(
        Gen.Const(new ExitFilter()),
        s_named.Select(codes => new ExitFilter { Codes = [.. codes] }),
        Gen.Select(s_named, Gen.Int[0, 2]).Select((codes, level) =>
            new ExitFilter { ExcludedCodes = [.. codes], Level = level == 0 ? null : (ExitLevel)level }));

    [KernelFact]
    public void Any_sequence_of_events_comes_out_as_the_model_says()
    {
        Gen<Step> steps = Gen.Int[0, 80].Select(n => n switch { 0 => Step.End, 1 => Step.Read, _ => (Step)(n % 2) });
        Gen<TableSizes> sizes = Gen.Bool.Select(small => small ? new TableSizes(3, 40, 1) : new TableSizes(12, 200, 1));
        Gen.Select(Gen.Select(steps, Gen.Int[1, Vcpus], s_codes).Array[0, 300], s_filters, sizes).Sample((events, filter, size) =>
        {
            TraceOptions options = new() { Filter = filter };
            Model model = new(options, size);
            using KernelSide side = new(options, size);
            IntervalSum all = new(Grouping.Host);
            foreach ((Step step, int vcpu, uint code) in events)
            {
                if (step == Step.Read) all.Add(ReadBoth(side, model));
                else if (step != Step.End || model.HasSlot(vcpu)) Do(side, model, step, vcpu, code);
            }
            all.Add(ReadBoth(side, model));
            Interval sum = all.ToInterval();
            Accounting seen = sum.Accounting;
            Assert.All(sum.Rows, row => Assert.Equal((Isa.Svm, row.Timed), (row.Key.Code.Isa, row.Bins.Count)));
            Assert.Equal(
                (model.DroppedCells, model.DroppedVcpus, model.DroppedExits), (seen.DroppedCells, seen.DroppedVcpus, seen.DroppedExits));
            // Every exit had one of four ends.
            Assert.Equal(seen.Exits, seen.Entries - seen.UnpairedEntries + seen.UnpairedExits + seen.Open + seen.FinalExits);
        }, iter: 60, threads: 1);
    }

    private static void Do(KernelSide side, Model model, Step step, int vcpu, uint code)
    {
        switch (step)
        {
            case Step.Exit:
                model.Exit(vcpu, code);
                side.Exit((ulong)vcpu, code, KernelSide.Svm);
                break;
            case Step.Entry:
                model.Entry(vcpu);
                side.Entry((ulong)vcpu);
                break;
            default:
                model.End(vcpu);
                side.Forget((ulong)vcpu);
                break;
        }
    }

    // The interval as the kernel side counted it. The model must be equal, except in times and in what did not fit.
    private static Interval ReadBoth(KernelSide side, Model model)
    {
        Interval seen = side.ReadInterval(Grouping.Host);
        IntervalSum modeled = new(Grouping.Host);
        modeled.Add(model.Read());
        Assert.Equal(CountsOf(modeled.ToInterval()), CountsOf(seen));
        Accounting withoutDrops = seen.Accounting with { DroppedCells = 0, DroppedVcpus = 0, DroppedExits = 0, VcpuRoom = 0 };
        Assert.Equal(modeled.ToInterval().Accounting, withoutDrops);
        return seen;
    }

    private static (ExitCode, ulong, ulong)[] CountsOf(Interval interval) =>
        [.. interval.Rows.Select(r => (r.Key.Code, r.Count, r.Timed)).OrderBy(r => r.Code.Code)];

    [KernelFact]
    public void A_code_is_kept_at_the_place_that_user_space_takes_it_for()
    {
        Gen<uint> code = Gen.OneOf(Gen.UInt[0, 0x100], Gen.UInt[0x3f0, 0x420], Gen.UInt);
        code.Array[1, 24].Sample(codes =>
        {
            using KernelSide side = new();
            foreach (uint one in codes) side.Exit(1, one, KernelSide.Svm);
            ref kvmscope_slot slot = ref side.SlotOf(1);
            foreach (uint one in codes)
            {
                int index = Knobs.ReasonIndexOf(one, Isa.Svm);
                while (index >= kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD && CodeAt(side, ref slot, index) != one) index++;
                Assert.Equal((ulong)one, CodeAt(side, ref slot, index));
            }
        }, iter: 30, threads: 1);
    }

    private static unsafe ulong CodeAt(KernelSide side, ref kvmscope_slot slot, int index) =>
        side.Cells[(int)slot.index[index]].code;

    [KernelFact]
    public void Flags_of_a_vmx_reason_are_kept_and_bits_without_meaning_are_not()
    {
        using KernelSide side = new();
        side.Exit(1, 0xffff_ffff);
        Assert.Equal(new ExitCode(Isa.Vmx, 0x8400_ffff), Assert.Single(side.Read().Rows).Key.Code);
    }

    [KernelFact]
    public void A_duration_falls_into_its_bin_of_the_histogram()
    {
        using KernelSide side = new();
        side.Exit(1, 1);
        side.Entry(1);
        Gen.Select(Gen.ULong, Gen.Int[23, 58], (value, shift) => value >> shift).Sample(ns =>
        {
            side.ReadInterval();
            side.Exit(1, 1);
            // As if the exit had been so long ago; what is measured is a little more, and known to the ns.
            side.SlotOf(1).exit_ns = (ulong)MonotonicClock.NowNs() - ns;
            side.Entry(1);
            Row row = Assert.Single(side.ReadInterval().Rows);
            ulong measured = row.TotalNs;
            Assert.Equal((1UL, 1UL), (row.Bins.Count, row.Bins[HistogramLayout.BinOf(measured)]));
            Assert.Equal(measured, row.MaxNs);
            Assert.True(measured >= ns);
        }, iter: 4000, threads: 1);
    }

    [KernelFact]
    public void A_clock_that_ran_backwards_measures_nothing()
    {
        using KernelSide side = new();
        side.Exit(1, 1);
        side.SlotOf(1).exit_ns = (ulong)MonotonicClock.NowNs() + 60_000_000_000;
        side.Entry(1);
        Row row = Assert.Single(side.Read().Rows);
        Assert.Equal((1UL, 0UL, 1UL), (row.Timed, row.TotalNs, row.Bins[0]));
    }

    [KernelFact]
    public void Counting_alone_takes_no_time()
    {
        using KernelSide side = new(new TraceOptions { WantTime = false });
        side.Exit(1, 1);
        side.Entry(1);
        side.Exit(1, 1);
        Row row = Assert.Single(side.Read().Rows);
        Assert.Equal((2UL, 1UL, 0UL, 0UL), (row.Count, row.Timed, row.TotalNs, row.Bins.Count));
    }

    [KernelFact]
    public void Another_process_and_another_vcpu_are_left_out()
    {
        using KernelSide foreign = new(new TraceOptions { Filter = new() { Pids = [1] } });
        foreign.Exit(1, 1);
        using KernelSide own = new(new TraceOptions { Filter = new() { Pids = [1, Environment.ProcessId], VcpuIds = [0] } });
        own.Exit(1, 1);
        using KernelSide other = new(new TraceOptions { Filter = new() { VcpuIds = [1, 4095] } });
        other.Exit(1, 1);
        Assert.Equal([0, 1, 0], [foreign.Read().Rows.Count, own.Read().Rows.Count, other.Read().Rows.Count]);
        Assert.Equal(0UL, foreign.Read().Accounting.DroppedExits);
    }

    [KernelFact]
    public void A_level_that_is_not_asked_for_is_left_out()
    {
        using KernelSide l2 = new(new TraceOptions { Filter = new() { Level = ExitLevel.L2 } });
        l2.Exit(1, 1);
        l2.Entry(1);
        using KernelSide l1 = new(new TraceOptions { Filter = new() { Level = ExitLevel.L1, ExcludedCodes = [2, 0x5000] } });
        foreach (uint code in new uint[] { 1, 2, 0x5000, 0x5001 }) l1.Exit(1, code);
        Assert.Empty(l2.Read().Rows);
        Assert.Equal([1UL, 0x5001UL], l1.Read().Rows.Select(r => r.Key.Code.Code).Order());
    }

    [KernelFact]
    public void Slow_exits_are_reported_and_those_without_room_are_counted()
    {
        using KernelSide side = new(new TraceOptions { SlowNs = 1_000_000 });
        const int Slow = 8000; // 64 bytes each, in 256 KiB
        for (int i = 0; i < Slow; i++)
        {
            side.Exit(1, 7);
            side.SlotOf(1).exit_ns -= 2_000_000;
            side.Entry(1);
        }
        List<SlowExit> seen = [];
        while (side.Slow.Read(TimeSpan.Zero, seen.Add) > 0) { }
        Assert.NotEmpty(seen);
        Assert.Equal((ulong)(Slow - seen.Count), side.Read().Accounting.LostEvents);
        Assert.True(seen.Count < Slow);
        Assert.All(seen, slow => Assert.Equal(
            (Environment.ProcessId, "vm", 0, ExitLevel.L1, new ExitCode(Isa.Vmx, 7), true),
            (slow.Vm.Pid, slow.Vm.Name, slow.Vcpu, slow.Level, slow.Code, slow.DurationNs >= 2_000_000)));
        Assert.Equal(0, side.Slow.Read(TimeSpan.Zero, seen.Add));
    }

    [KernelFact]
    public unsafe void Copies_while_the_programs_run_never_go_backwards_and_are_consistent()
    {
        using KernelSide side = new();
        using CancellationTokenSource stop = new();
        ulong written = 0;
        Thread writer = new(() =>
        {
            for (uint i = 0; !stop.IsCancellationRequested; i++)
            {
                side.Exit(1, 1 + i % 2);
                Thread.SpinWait(100); // so that the reader sees exits while they are open
                if (i % 5 == 4) side.Exit(1, 3);
                side.Entry(1);
                written += i % 5 == 4 ? 2UL : 1;
            }
        });
        writer.Start();
        try
        {
            Assert.True(SpinWait.SpinUntil(() => side.Read().Rows.Count == 3, TimeSpan.FromSeconds(30)), "no events");
            int slot = Enumerable.Range(1, side.Slots.Count - 1).Single(i => side.Slots[i].tgid != 0);
            ulong[] before = new ulong[4];
            CellCopy copy = default;
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(2);)
                for (int index = 1; index <= 3; index++)
                {
                    int number = (int)side.Slots[slot].index[index];
                    bool isConsistent = copy.Take(ref side.Cells[number], number, ref side.Slots[slot].open);
                    Assert.True(copy.Count >= before[index], $"{index}: {copy.Count} after {before[index]}");
                    before[index] = copy.Count;
                    // The writer, being a thread here, may be preempted half-way.
                    if (isConsistent) Assert.Equal(copy.Timed, Count(new ReadOnlySpan<ulong>(copy.Bins, HistogramLayout.BinCount)));
                }
        }
        finally
        {
            stop.Cancel();
            writer.Join();
        }
        Assert.Equal(written, side.Read().Accounting.Exits);
    }

    private static ulong Count(ReadOnlySpan<ulong> bins)
    {
        ulong sum = 0;
        foreach (ulong bin in bins) sum += bin;
        return sum;
    }
}
