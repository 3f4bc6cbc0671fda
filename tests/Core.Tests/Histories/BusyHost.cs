using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>Intervals of a host on which every vCPU makes exits for every reason, every second.</summary>
/// <param name="vms">How many VMs it has.</param>
/// <param name="vcpus">How many vCPUs each has.</param>
/// <param name="reasons">How many reasons.</param>
internal sealed class BusyHost(int vms, int vcpus, int reasons)
{
    private readonly Random _random = new(1);
    private VmIdentity[] _vms = [.. Enumerable.Range(0, vms).Select(i => new VmIdentity(i, 1000 + i, $"guest-{i}"))];
    private long _ns = 5_000_000_000;
    private int _next = vms;

    /// <summary>The interval that comes next.</summary>
    internal Interval Next(long ns = 1_000_000_000)
    {
        long from = _ns;
        _ns += ns;
        Row[] rows =
        [
            .. from vm in _vms
               from vcpu in Enumerable.Range(0, vcpus)
               from reason in Enumerable.Range(0, reasons)
               select Row(_random, vm.Ordinal, vcpu, 0x60UL + (ulong)reason, 12, 16 + reason)
        ];
        return new Interval
        {
            From = Sample.Started.AddTicks(from / 100),
            To = Sample.Started.AddTicks(_ns / 100),
            FromNs = from,
            ToNs = _ns,
            Vms = _vms,
            Changes = rows,
            Vcpus = [.. from vm in _vms from vcpu in Enumerable.Range(0, vcpus) select GroupKey.OfVcpu(vm.Ordinal, vcpu)],
            OpenAges = [],
            Accounting = new Accounting().WithRows(rows),
        };
    }

    /// <summary>The oldest VMs end, and others begin.</summary>
    internal void Replace(int count)
    {
        string tail = new('x', 40);
        VmIdentity[] fresh = [.. Enumerable.Range(_next, count).Select(i => new VmIdentity(i, 1000 + i, $"guest-{i}-{tail}"))];
        _next += count;
        _vms = [.. _vms[count..], .. fresh];
    }

    internal static Row Row(Random random, int vm, int vcpu, ulong code, int bins, int first = 0)
    {
        var row = new Row(new GroupKey(vm, vcpu, new ExitCode(Isa.Svm, code), ExitLevel.L1));
        first = Math.Min(first, HistogramLayout.BinCount - bins);
        for (int bin = first; bin < first + bins; bin++)
        {
            ulong count = (ulong)random.Next(1, 8);
            row.Bins.Add(bin, count);
            row.Count += count;
            row.TotalNs += count * (HistogramLayout.LowNs(bin) + 5);
        }
        row.Timed = row.Count;
        row.MaxNs = HistogramLayout.LowNs(first + bins - 1) + 3;
        return row;
    }
}
