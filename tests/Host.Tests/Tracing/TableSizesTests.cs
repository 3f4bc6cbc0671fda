using CsCheck;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

public sealed class TableSizesTests
{
    private static readonly Gen<int> s_cpus = Gen.Int[1, 8192], s_vcpus = Gen.OneOf(Gen.Int[0, 500], Gen.Int[0, 1_000_000]);
    private static readonly Gen<int?> s_asked = Gen.OneOf(
        Gen.Const((int?)null), Gen.Int.Select(n => (int?)n), Gen.Int[1, 1000].Select(n => (int?)n));

    [Fact]
    public void Sizes_are_within_limits_for_any_host() => Gen.Select(s_asked, s_cpus, s_vcpus).Sample((asked, cpus, vcpus) =>
    {
        TableSizes sizes = TableSizes.For(asked, cpus, vcpus);
        Assert.InRange(sizes.MaxVcpus, 1, TraceOptions.MostVcpus);
        Assert.InRange(sizes.Cells, 1, TraceOptions.MostVcpus * TableSizes.CellsPerVcpu);
        Assert.InRange(sizes.CellRun, 1, 64);
        Assert.InRange(sizes.Bytes, 1, 8L << 30);
        // The cells that a CPU holds must be a small part of all.
        Assert.True(sizes.CellRun == 1 || (long)sizes.CellRun * cpus * 8 <= sizes.Cells);
        Assert.True(asked is null or < 1 or > TraceOptions.MostVcpus || sizes.MaxVcpus == asked);
    });

    [Fact]
    public void An_automatic_size_shrinks_to_the_most_that_fits() =>
        Gen.Select(s_cpus, s_vcpus, Gen.Long[1L << 20, 8L << 30]).Sample((cpus, vcpus, most) =>
    {
        TableSizes wanted = TableSizes.For(null, cpus, vcpus), sizes = TableSizes.For(null, cpus, vcpus, mostBytes: most);
        if (wanted.Bytes <= most)
        {
            Assert.Equal((wanted, (int?)null), (sizes, sizes.Wanted));
            return;
        }
        Assert.Equal(wanted.MaxVcpus, sizes.Wanted);
        Assert.True(sizes.Bytes <= most || sizes.MaxVcpus == 1);
        Assert.True(TableSizes.For(sizes.MaxVcpus + 1, cpus, 0).Bytes > most);
        // What the user says is not changed.
        Assert.Equal(wanted.Bytes, TableSizes.For(wanted.MaxVcpus, cpus, vcpus, mostBytes: most).Bytes);
    });

    [Fact]
    public void More_vcpus_take_more_memory() => Gen.Select(Gen.Int[1, TraceOptions.MostVcpus - 1], s_cpus).Sample((vcpus, cpus) =>
        TableSizes.For(vcpus, cpus, 0).Bytes < TableSizes.For(vcpus + 1, cpus, 0).Bytes);

    [Fact]
    public void A_busier_host_has_no_smaller_tables() => Gen.Select(s_cpus, s_vcpus, Gen.Int[0, 100]).Sample((cpus, vcpus, more) =>
        TableSizes.For(null, cpus, vcpus).Bytes <= TableSizes.For(null, cpus, vcpus + more).Bytes
        && TableSizes.For(null, cpus, vcpus).MaxVcpus >= Math.Min(TraceOptions.MostVcpus, vcpus));

    [Fact]
    public void Qualifiers_and_rounds_have_cells_of_their_own() =>
        Gen.Select(Gen.Int[1, TraceOptions.MostVcpus], s_cpus, Gen.Bool, Gen.Bool).Sample((vcpus, cpus, qualifiers, nested) =>
    {
        TableSizes sizes = TableSizes.For(vcpus, cpus, 0, new TraceOptions { WantQualifiers = qualifiers, WantNested = nested });
        Assert.Equal(vcpus * TableSizes.CellsPerVcpu, sizes.ReasonCells);
        Assert.Equal(vcpus * TableSizes.SharedPerVcpu * ((qualifiers ? 1 : 0) + (nested ? 1 : 0)), sizes.SharedCells);
        Assert.Equal(qualifiers ? vcpus * TableSizes.QualifiersPerVcpu : 0, sizes.QualifiedCells);
        // docs/limits.md and docs/overhead.md: 66 KB per vCPU, with --nested 88, with keys 248, with both 270.
        const long KiloByte = 1000;
        long most = KiloByte * (qualifiers ? nested ? 271 : 249 : nested ? 89 : 67);
        Assert.InRange(sizes.Bytes, vcpus * (most - 3 * KiloByte), vcpus * most + 400 * KiloByte);
    });

    [Fact]
    public void Threads_have_room_in_addition_to_what_each_cpu_reserves() =>
        Gen.Select(Gen.Int[1, TraceOptions.MostVcpus], s_cpus).Sample((vcpus, cpus) =>
    {
        const int LocalFreeTarget = 128; // kernel/bpf/bpf_lru_list.c
        Assert.True(TableSizes.For(vcpus, cpus, 0, new TraceOptions { WantWho = true }).Threads - LocalFreeTarget * cpus >= 2 * vcpus);
        Assert.Equal(1, TableSizes.For(vcpus, cpus, 0, new TraceOptions { WantSplit = true }).Threads);
    });

    [Fact]
    public void The_ring_is_whole_pages_and_a_power_of_two()
    {
        int bytes = TableSizes.For(null, 2, 0).RingBytes;
        Assert.True(int.IsPow2(bytes) && bytes % Environment.SystemPageSize == 0);
    }
}
