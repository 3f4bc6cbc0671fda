using CsCheck;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

public sealed unsafe class KnobsTests
{
    private static kvmscope_knobs Fill(TraceOptions options, bool checkIdentity = false)
    {
        kvmscope_knobs knobs = default;
        new Span<byte>(&knobs, sizeof(kvmscope_knobs)).Fill(0xa5);
        Knobs.Fill(ref knobs, options, Isa.Vmx, checkIdentity);
        return knobs;
    }

    private static void AssertUsage(TraceOptions options, string expected)
    {
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => Fill(options));
        Assert.Equal((ExitStatus.Usage, 2), (error.Status, (int)error.Status));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Hint);
    }

    private static int[] Bits(ulong* words, int count) =>
        [.. Enumerable.Range(0, 64 * count).Where(i => (words[i / 64] >> (i % 64) & 1) != 0)];

    [Fact]
    public void Without_options_only_the_time_is_wanted()
    {
        kvmscope_knobs expected = default;
        expected.want_time = 1;
        expected.slow_part = kvmscope_part.KVMSCOPE_PART_ALL;
        kvmscope_knobs knobs = Fill(new TraceOptions());
        Assert.True(new Span<byte>(&knobs, sizeof(kvmscope_knobs)).SequenceEqual(new Span<byte>(&expected, sizeof(kvmscope_knobs))));
    }

    [Fact]
    public void Switches_are_one_or_zero()
    {
        Assert.Equal(0u, Fill(new TraceOptions { WantTime = false }).want_time);
        Assert.Equal(ulong.MaxValue, Fill(new TraceOptions { SlowNs = ulong.MaxValue }).slow_ns);
        Assert.Equal((1u, 0u, 0u), (Fill(new(), true).check_identity, Fill(new(), true).filter_vcpus, Fill(new(), true).filter_exits));
        kvmscope_knobs l2 = Fill(new TraceOptions { Filter = new() { Level = ExitLevel.L2 } });
        Assert.Equal((2u, 1u, 0u), (l2.level, l2.filter_exits, l2.filter_vcpus));
    }

    [Fact]
    public void Processes_are_listed()
    {
        int[] pids = [.. Enumerable.Range(1000, kvmscope_limits.KVMSCOPE_MAX_TGIDS)];
        kvmscope_knobs knobs = Fill(new TraceOptions { Filter = new() { Pids = [.. pids] } });
        Assert.Equal(((uint)pids.Length, 1u, 0u), (knobs.tgid_count, knobs.filter_vcpus, knobs.filter_exits));
        Assert.Equal(pids, new Span<uint>(knobs.tgids, pids.Length).ToArray().Select(pid => (int)pid));
        AssertUsage(new TraceOptions { Filter = new() { Pids = [.. pids, 1] } }, "cannot select 65 VMs at once");
    }

    [Fact]
    public void Vcpus_are_a_set_of_bits() => Gen.Int[0, kvmscope_limits.KVMSCOPE_MAX_VCPU_ID - 1].HashSet[0, 100].Sample(ids =>
    {
        kvmscope_knobs knobs = Fill(new TraceOptions { Filter = new() { VcpuIds = [.. ids] } });
        return Bits(knobs.vcpu_bits, 64).SequenceEqual(ids.Order()) && knobs.vcpu_id_count == ids.Count
            && knobs.filter_vcpus == (ids.Count > 0 ? 1u : 0);
    });

    [Theory]
    [InlineData(-1)]
    [InlineData(4096)]
    [InlineData(int.MaxValue)]
    public void A_vcpu_beyond_the_bits_is_refused(int id) =>
        AssertUsage(new TraceOptions { Filter = new() { VcpuIds = [0, id] } }, $"cannot select vCPU {id}");

    [Fact]
    public void Reasons_become_bits_and_rare_ones_a_list()
    {
        kvmscope_knobs only = Fill(new TraceOptions { Filter = new() { Codes = [0, 12, 0x400, 0x8000_0021, 0xdf, 0x407] } });
        Assert.Equal((uint)kvmscope_reason_filter.KVMSCOPE_REASONS_ONLY, only.reasons);
        Assert.Equal([0, 12, 0xdf, 0xe0, 0xe7], Bits(only.reason_bits, 4));
        Assert.Equal((1u, 0x8000_0021UL, 1u), (only.odd_reason_count, only.odd_reasons[0], only.filter_exits));
        kvmscope_knobs except = Fill(new TraceOptions { Filter = new() { ExcludedCodes = [12, 0xe0] } });
        Assert.Equal((uint)kvmscope_reason_filter.KVMSCOPE_REASONS_EXCEPT, except.reasons);
        Assert.Equal([12], Bits(except.reason_bits, 4));
        Assert.Equal((1u, 0xe0UL), (except.odd_reason_count, except.odd_reasons[0]));
    }

    [Fact]
    public void A_reason_that_is_requested_and_excluded_is_excluded()
    {
        kvmscope_knobs both = Fill(new TraceOptions { Filter = new() { Codes = [1, 2, 0x5000], ExcludedCodes = [2, 3, 0x5000] } });
        Assert.Equal(((uint)kvmscope_reason_filter.KVMSCOPE_REASONS_ONLY, 0u), (both.reasons, both.odd_reason_count));
        Assert.Equal([1], Bits(both.reason_bits, 4));
        AssertUsage(new TraceOptions { Filter = new() { Codes = [1], ExcludedCodes = [1] } }, "also excluded");
    }

    [Fact]
    public void More_rare_reasons_than_fit_are_refused()
    {
        ulong[] rare = [.. Enumerable.Range(0x1000, kvmscope_limits.KVMSCOPE_MAX_ODD_REASONS).Select(code => (ulong)code)];
        Assert.Equal((uint)rare.Length, Fill(new TraceOptions { Filter = new() { Codes = [.. rare] } }).odd_reason_count);
        AssertUsage(new TraceOptions { Filter = new() { ExcludedCodes = [.. rare, 0x2000] } }, "too many rare reasons");
        AssertUsage(new TraceOptions { Filter = new() { Codes = [.. rare, ulong.MaxValue] } }, "too many rare reasons");
    }

    [Fact]
    public void A_rare_reason_named_twice_takes_one_place() =>
        Assert.Equal(
            1u, Fill(new TraceOptions { Filter = new() { ExcludedCodes = [.. Enumerable.Repeat(0x1000UL, 40)] } }).odd_reason_count);

    // As reason_index() of bpf/x86/kvm_compat.bpf.h promises; PairingTests runs the code itself.
    [Fact]
    public void Places_are_within_the_index_and_no_two_usual_codes_share_one()
    {
        Dictionary<int, ulong> owners = [];
        for (ulong code = 0; code < 0x2000; code++)
        {
            int index = Knobs.ReasonIndexOf(code, Isa.Svm);
            Assert.InRange(index, 0, kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD);
            if (index != kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD) owners.Add(index, code);
        }
        Assert.Equal(kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD, owners.Count);
        Gen.ULong.Where(code => code >= 0x408).Sample(
            code => Knobs.ReasonIndexOf(code, Isa.Svm) == kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD);
    }
}
