using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

public sealed class VmmReasonTests
{
    // include/uapi/linux/kvm.h of Linux 7.2.
    [Theory]
    [InlineData(0, "UNKNOWN")]
    [InlineData(1, "EXCEPTION")]
    [InlineData(2, "IO")]
    [InlineData(3, "HYPERCALL")]
    [InlineData(4, "DEBUG")]
    [InlineData(5, "HLT")]
    [InlineData(6, "MMIO")]
    [InlineData(7, "IRQ_WINDOW_OPEN")]
    [InlineData(8, "SHUTDOWN")]
    [InlineData(9, "FAIL_ENTRY")]
    [InlineData(10, "INTR")]
    [InlineData(11, "SET_TPR")]
    [InlineData(12, "TPR_ACCESS")]
    [InlineData(16, "NMI")]
    [InlineData(17, "INTERNAL_ERROR")]
    [InlineData(24, "SYSTEM_EVENT")]
    [InlineData(26, "IOAPIC_EOI")]
    [InlineData(27, "HYPERV")]
    [InlineData(28, "ARM_NISV")]
    [InlineData(29, "X86_RDMSR")]
    [InlineData(30, "X86_WRMSR")]
    [InlineData(31, "DIRTY_RING_FULL")]
    [InlineData(33, "X86_BUS_LOCK")]
    [InlineData(37, "NOTIFY")]
    [InlineData(39, "MEMORY_FAULT")]
    [InlineData(43, "SNP_REQ_CERTS")]
    [InlineData(44, "44")]
    [InlineData(int.MaxValue, "2147483647")]
    [InlineData(-4, "EINTR")]
    [InlineData(-14, "EFAULT")]
    [InlineData(-11, "EAGAIN")]
    [InlineData(-71, "errno 71")]
    [InlineData(int.MinValue, "errno 2147483648")]
    public void Names_are_those_of_the_header_and_what_has_none_is_a_number(int raw, string name) =>
        Assert.Equal(name, new VmmReason(raw).Name);

    [Fact]
    public void Every_name_is_found_and_no_two_are_the_same()
    {
        string[] names = [.. Enumerable.Range(0, 44).Select(raw => new VmmReason(raw).Name)];
        Assert.Equal(44, names.Distinct().Count());
        for (int raw = 0; raw < names.Length; raw++) Assert.Equal(new VmmReason(raw), VmmReason.Find(names[raw].ToLowerInvariant()));
        Assert.Null(VmmReason.Find("44"));
    }

    [Fact]
    public void Only_what_ends_a_vcpu_is_abnormal()
    {
        int[] abnormal = [8, 9, 17, -14, -22, -1, -5];
        foreach (int raw in Enumerable.Range(-40, 100).Where(r => r is not (-4))) // -EINTR is INTR
            Assert.Equal(abnormal.Contains(raw) || (raw < 0 && raw != -11), new VmmReason(raw).IsAbnormal);
    }

    [Theory]
    [InlineData(9, 0x80000021ul, "hardware_entry_failure_reason 0x80000021")]
    [InlineData(9, ulong.MaxValue, "hardware_entry_failure_reason 0xffffffffffffffff")]
    [InlineData(17, 1ul, "emulation failed")]
    [InlineData(17, 4ul, "unexpected exit")]
    [InlineData(17, 5ul, "suberror 5")]
    [InlineData(17, 0ul, "suberror 0")]
    [InlineData(24, 2ul, "reset")]
    [InlineData(24, 99ul, "type 99")]
    [InlineData(2, 7ul, null)]
    [InlineData(-14, 7ul, null)]
    public void What_kvm_run_says_besides_is_named(int raw, ulong detail, string? text) =>
        Assert.Equal(text, new VmmReason(raw).DetailText(detail));

    [Fact]
    public void Sums_do_not_depend_on_how_intervals_are_cut() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[-3, 12], Gen.ULong[0, 1ul << 41]).Array[0, 60].Select(Gen.Int[1, 7]).Sample(
            (events, step) =>
            {
                IEnumerable<VmmReturns> All() => events.Select(e =>
                {
                    var one = new VmmReturns(new ReturnKey(e.Item1, e.Item2, new VmmReason(e.Item3))) { Count = 1 };
                    one.AddDuration(e.Item4);
                    return one;
                });
                foreach (Grouping grouping in Enum.GetValues<Grouping>())
                {
                    var sum = new IntervalSum(grouping);
                    foreach (VmmReturns[] part in All().Chunk(step)) sum.Add(Sample.IntervalOf() with { Returns = part });
                    if (events.Length == 0) continue;
                    var whole = new ReturnTable(grouping);
                    foreach (VmmReturns one in All()) whole.Add(one);
                    Assert.Equal(Figures(whole.Rows), Figures(sum.ToInterval().Returns));
                }
            });

    private static IEnumerable<(ReturnKey, ulong, ulong, ulong, ulong?)> Figures(IEnumerable<VmmReturns> rows) => rows
        .Select(r => (r.Key, r.Count, r.TotalNs, r.MaxNs, r.Quantile(0.9)))
        .OrderBy(r => (r.Key.Vm, r.Key.Vcpu, r.Key.Reason.Raw));
}
