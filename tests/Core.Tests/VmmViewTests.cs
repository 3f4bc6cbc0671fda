using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;

namespace Kvmscope.Core.Tests;

/// <summary>Returns to the VMM as table, JSON and CSV: all that each format says of two VMs.</summary>
public sealed class VmmViewTests
{
    private static readonly Interval s_interval = Sample.IntervalOf(new Accounting { LostEvents = 3 }) with
    {
        FromNs = 1_000_000_000,
        ToNs = 6_000_000_000,
        Vms = [Sample.Web, Sample.Db, new VmIdentity(2, VmIdentity.SeveralPids, "shared")],
        // The same for two parts is said once.
        Missing = [.. Enumerable.Repeat(new MissingSource(null, "kvm_userspace_exit cannot be attached"), 2)],
        Returns = [Returns(0, 0, 2, 40, 1_500), Returns(0, 1, 2, 8, 90_000), Returns(1, 0, -4, 3, 2_000_000), Returns(2, 5, 5, 1, null)],
        VcpuStates =
        [
            new VcpuState(0, 0, VcpuPlace.KvmRun, 5_900_000_000), new VcpuState(1, 7, VcpuPlace.Vmm, 2_500_000_000),
            new VcpuState(1, 8, VcpuPlace.Unknown, 0),
        ],
    };

    private static VmmReturns Returns(int vm, int vcpu, int reason, ulong count, ulong? ns)
    {
        var returns = new VmmReturns(new ReturnKey(vm, vcpu, new VmmReason(reason))) { Count = count };
        if (ns is not { } each) return returns;
        (returns.Timed, returns.TotalNs, returns.MaxNs) = (count, count * each, each);
        returns.Bins.Add(HistogramLayout.BinOf(each), count);
        return returns;
    }

    [Theory]
    [InlineData(ReportKind.Count, GroupBy.None)]
    [InlineData(ReportKind.Count, GroupBy.Vm)]
    [InlineData(ReportKind.Time, GroupBy.None)]
    [InlineData(ReportKind.Time, GroupBy.Vcpu)]
    public void Everything_that_is_known_is_said(ReportKind kind, GroupBy by)
    {
        var text = new StringWriter();
        var request = new ReportRequest { Kind = kind, Command = kind.ToString().ToLowerInvariant(), By = GroupBy.Vmm | by };
        foreach (OutputFormat format in new[] { OutputFormat.Table, OutputFormat.Csv, OutputFormat.Json })
        {
            OutputKinds.Reports.In(format)(new Destination(text, new ViewStyle(100, false)), request).Write(s_interval);
            text.Write('\n');
        }
        Golden.Check($"vmm-{kind}-{by}".ToLowerInvariant(), text.ToString());
    }
}
