using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Tests;

/// <summary>The drop-in layouts. The raw strings are what the original tools print, column by column.</summary>
public sealed class DropInLayoutTests
{
    [Fact]
    public void Count() => Assert.Equal(
        """
            Exit reason           Total       L1       L2
          1 EXTERNAL_INT             68       49       19
         12 HLT                    2965     2787      178
         31 RDMSR                  1771     1761       10
         52 VMX_PREEMPT_TIMER        51       32       19
            Total                  4855     4629      226

        """, Text(ReportKind.Count, Intel));

    [Fact]
    public void Time() => Assert.Equal(
        """
            Exit reason           Total (Avg Time)       L1 (Avg Time)       L2 (Avg Time)
          1 EXTERNAL_INT             68 (    3683)       49 (    2797)       19 (    5967)
         12 HLT                    2965 ( 3232372)     2787 ( 3437190)      178 (   25469)
         31 RDMSR                  1771 (    2860)     1761 (    2744)       10 (   23206)
         52 VMX_PREEMPT_TIMER        51 (   12994)       32 (    4543)       19 (   27228)
            Total (Avg Time)       4855 ( 1975275)     4629 ( 2070547)      226 (   23877)

        """, Text(ReportKind.Time, Intel));

    [Fact]
    public void Without_nested_guests_there_is_no_division_by_zero() => Assert.Equal(
        """
            Exit reason                     Total (Avg Time)       L1 (Avg Time)       L2 (Avg Time)
         15 RDPMC                            3760 (    3785)     3760 (    3785)        0 (       0)
         33 INVALID_STATE (failed entry)        1 (       0)        1 (       0)        0 (       0)
            Total (Avg Time)                 3761 (    3785)     3761 (    3785)        0 (       0)

        """, Text(ReportKind.Time, Sample.IntervalOf(
            Sample.Row(Isa.Vmx, 0x80000021, ExitLevel.L1, 1, 0, untimed: 1), Sample.Row(Isa.Vmx, 15, ExitLevel.L1, 3760, 3785))));

    [Fact]
    public void Amd_keeps_the_columns() => Golden.Check("seed-svm", Text(ReportKind.Count, Sample.Svm) + Text(ReportKind.Time, Sample.Svm));

    [Fact]
    public void Huge_numbers_keep_the_columns() => Golden.Check(
        "seed-huge",
        Text(ReportKind.Time, Sample.IntervalOf(
            Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 12_345_678_901, 1_234_567_890), Sample.Row(Isa.Vmx, 1, ExitLevel.L2, 3, 5))));

    [Fact]
    public void No_exits() => Assert.Equal(
        """
            Exit reason           Total       L1       L2
            Total                     0        0        0

        """, Text(ReportKind.Count, Sample.IntervalOf()));

    [Fact]
    public void Histogram() => Assert.Equal(
        """
             value               : count     distribution
                 0 -> 63         : 0        |                                        |
                64 -> 127        : 0        |                                        |
               128 -> 255        : 0        |                                        |
               256 -> 511        : 55       |                                        |
               512 -> 1023       : 772      |***                                     |
              1024 -> 2047       : 2497     |**********                              |
              2048 -> 4095       : 9349     |****************************************|
              4096 -> 8191       : 3823     |****************                        |
              8192 -> 16383      : 2762     |***********                             |

        """, Text(ReportKind.Hist, Sample.IntervalOf(
            Sample.Spread(Isa.Vmx, 10, ExitLevel.L1, (55, 300), (772, 512), (2497, 2047), (9000, 2048), (349, 4095)),
            Sample.Spread(Isa.Vmx, 12, ExitLevel.L2, (3823, 5000), (2762, 16383)))));

    [Fact]
    public void Slower()
    {
        var output = new StringWriter();
        IOutputWriter<SlowExit> writer = OutputKinds.DropInSlowExits(output);
        writer.Write(new SlowExit(Sample.Started, Sample.Web, 0, 1, 2, ExitLevel.L1, new ExitCode(Isa.Vmx, 44), 2_631_024));
        writer.Write(new SlowExit(Sample.Started, Sample.Web, 0, 1, 2, ExitLevel.L2, new ExitCode(Isa.Vmx, 1), 12_345_678));
        Assert.Equal(" 44 APIC_ACCESS         2631024 (L1)\n  1 EXTERNAL_INT       12345678 (L2)\n", output.ToString());
    }

    private static Interval Intel { get; } = Sample.IntervalOf(
        Sample.Row(Isa.Vmx, 52, ExitLevel.L1, 32, 4_543), Sample.Row(Isa.Vmx, 52, ExitLevel.L2, 19, 27_228),
        Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 2787, 3_437_190),
        Sample.Row(Isa.Vmx, 12, ExitLevel.L2, 178, 25_469), Sample.Row(Isa.Vmx, 1, ExitLevel.L1, 49, 2_797),
        Sample.Row(Isa.Vmx, 1, ExitLevel.L2, 19, 5_967),
        Sample.Row(Isa.Vmx, 31, ExitLevel.L1, 1761, 2_744), Sample.Row(Isa.Vmx, 31, ExitLevel.L2, 10, 23_206));

    private static string Text(ReportKind kind, Interval interval)
    {
        var output = new StringWriter();
        OutputKinds.DropInReports(kind, output).Write(interval);
        return output.ToString();
    }
}
