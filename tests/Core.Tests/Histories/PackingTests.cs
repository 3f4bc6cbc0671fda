using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories.Packing;
using Kvmscope.Core.Model;
using Kvmscope.Core.Tests.Recordings;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>What is packed is exactly what was there.</summary>
public sealed class PackingTests
{
    private static readonly ChunkPool s_pool = new();

    private static readonly Gen<ulong> s_number =
        Gen.OneOf(Gen.ULong[0, 9], Gen.ULong[0, 100_000], Gen.ULong, Gen.Const(ulong.MaxValue), Gen.Const(1UL << 63));

    private static readonly Gen<Qualifier> s_part = Gen.Select(Gen.Int[0, 4], s_number).Select(d => d.Item1 switch
    {
        0 => Qualifier.None,
        1 => Qualifier.Other,
        // What is not known has no number; if it had one, that would stay too.
        2 => new Qualifier(QualifierState.Other, d.Item2),
        _ => Qualifier.Of(d.Item2),
    });

    private static readonly Gen<GroupKey> s_key = Gen.Select(
        Gen.OneOf(Gen.Int[-1, 3], Gen.Int[0, int.MaxValue]), Gen.OneOf(Gen.Int[-1, 5], Gen.Int[0, int.MaxValue]), Gen.Int[0, 3],
        Gen.OneOf(Gen.ULong[0, 4], Gen.ULong), Gen.Int[0, 2], Gen.Select(s_part, s_part, s_part)).Select(
        (vm, vcpu, isa, code, level, parts) => new GroupKey(
            vm, vcpu, new ExitCode((Isa)isa, code), (ExitLevel)level, parts.Item1, Place.Of(parts.Item2, parts.Item3)));

    private static readonly Gen<TimeParts> s_parts = s_number.Array[TimeParts.Count].Select(numbers =>
    {
        TimeParts parts = default;
        for (int i = 0; i < TimeParts.Count; i++) parts[(TimePart)i] = numbers[i];
        return parts;
    });

    private static readonly Gen<(ulong[] Numbers, (int Bin, ulong Count)[] Bins)> s_durations =
        Gen.Select(s_number.Array[3], Gen.Select(Gen.Int[0, HistogramLayout.BinCount - 1], s_number).Array[0, 20]);

    private static readonly Gen<Row> s_row = Gen.Select(
        s_key, s_number, s_number, s_durations, Gen.Bool, s_parts.Nullable(), s_durations.Nullable()).Select(
        (key, count, final, durations, isTimed, parts, rounds) =>
        {
            var row = new Row(key) { Count = count, Final = final % 3 == 0 ? final : 0, Parts = parts };
            Fill(row, durations);
            if (isTimed) row.Timed = count;
            if (parts is { } p && final % 2 == 0) row.TotalNs = p.Sum;
            if (rounds is { } r)
            {
                row.Rounds = new ReflectedRounds { Reflected = final, HandlingNs = count, L1Exits = final };
                Fill(row.Rounds, r);
            }
            return row;
        });

    private static void Fill(Durations durations, (ulong[] Numbers, (int Bin, ulong Count)[] Bins) with)
    {
        (durations.Timed, durations.TotalNs, durations.MaxNs) = (with.Numbers[0], with.Numbers[1], with.Numbers[2]);
        foreach ((int bin, ulong count) in with.Bins) durations.Bins.Add(bin, count % (1UL << 58));
    }

    private static Interval Again(Interval interval)
    {
        PackedInterval packed = new IntervalPacker(s_pool).Pack(interval);
        VmIdentity[] vms = [.. interval.Vms];
        return new IntervalUnpacker().Unpack(PackedInterval.HeadOf(interval), vms, packed);
    }

    [Fact]
    public void Rows_of_any_numbers_are_what_they_were() =>
        s_row.Array[0, 30].Sample(rows =>
        {
            Interval interval = Sample.Of(Sample.Started, 1, rows, new Accounting { Exits = 7, Open = 2 });
            Assert.Equal(IntervalText.Of(interval), IntervalText.Of(Again(interval)));
        }, iter: 500, threads: 1);

    [Fact]
    public void States_of_any_numbers_are_what_they_were() =>
        Gen.Select(s_key.Array[0, 6], s_number, s_parts, Gen.Bool, Gen.Bool).Sample((keys, number, parts, isKnown, isAtLeast) =>
        {
            OpenExits[] open = [.. keys.Select(k => new OpenExits(k.WithoutQualifier(), number))];
            VmmReturns[] returns = [.. keys.Select((k, i) => new VmmReturns(new ReturnKey(k.Vm, k.Vcpu, new VmmReason(i - 2))))];
            foreach (VmmReturns row in returns) (row.Count, row.Timed, row.TotalNs) = (number, number / 2, number / 3);
            Interval interval = Sample.Of(Sample.Started, 1, [], new Accounting()) with
            {
                OpenBefore = open,
                OpenAfter = [.. open.Reverse()],
                OpenAges = isKnown ? [.. keys.Select(k => new OpenAge(k.WithoutQualifier(), number, number / 7, isAtLeast))] : null,
                Vcpus = [.. keys.Select(k => GroupKey.OfVcpu(k.Vm, k.Vcpu))],
                TimeChanges = [.. keys.Select(k => new VcpuTime(GroupKey.OfVcpu(k.Vm, k.Vcpu), number, parts))],
                Returns = returns,
                VcpuStates = [.. keys.Select((k, i) => new VcpuState(k.Vm, k.Vcpu, (VcpuPlace)(i % 3), (long)(number >> 1)))],
                Missing = [new MissingSource(TimePart.Halt, "x"), new MissingSource(null, "y")],
                RestartedRows = 3,
                IsAfterGap = isKnown,
                ObservedNs = isAtLeast ? 77 : null,
                SuspendedNs = 99,
            };
            Assert.Equal(IntervalText.Of(interval), IntervalText.Of(Again(interval)));
        }, iter: 300, threads: 1);

    [Fact]
    public void Random_traces_are_what_they_were()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(10);
            for (int i = 0; i < snapshots.Count; i++)
            {
                Interval interval = Tape.Live(snapshots, i - 1, i);
                Assert.Equal(IntervalText.Of(interval), IntervalText.Of(Again(interval)));
            }
        }
    }

    [Fact]
    public void Rows_of_more_than_one_chunk_are_what_they_were()
    {
        var random = new Random(5);
        Row[] rows =
        [
            .. Enumerable.Range(0, 20_000).Select(i => BusyHost.Row(random, i % 50, i / 50, 0x60UL + (ulong)(i % 7), 1 + (i % 138))),
        ];
        Interval interval = Sample.Of(Sample.Started, 1, rows, new Accounting());
        PackedInterval packed = new IntervalPacker(s_pool).Pack(interval);
        Assert.True(packed.Counters.Chunks > 3);
        Assert.Equal(IntervalText.Of(interval), IntervalText.Of(Again(interval)));
    }
}
