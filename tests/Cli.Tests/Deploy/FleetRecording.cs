using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Tests.Deploy;

/// <summary>
/// Recordings of two hosts, to be replayed: on host7 two vCPUs of web-1 share a CPU, and kvmscope has too little room; host8 has nothing
/// to complain of. All that has metrics is in them.
/// </summary>
internal static class FleetRecording
{
    internal const long StepNs = 100_000_000;

    /// <summary>Of the time of web-1's vCPUs on host7, which part they wait for a CPU.</summary>
    internal const double RunqShare = 0.3;

    private const ulong Hlt = 12, Io = 30, MsrWrite = 32;

    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 14, 5, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);

    /// <summary>Writes one.</summary>
    internal static void Write(string file, string host, TimeSpan length)
    {
        using FileStream stream = File.Create(file);
        var writer = new RecordingWriter(Header(host), part => stream.Write(part.Span));
        writer.Begin();
        for (int i = 0; i < length / s_step; i++) writer.Add(At(i, host == "host7"));
        writer.End();
    }

    private static RecordingHeader Header(string host) => new()
    {
        Program = "0.1.0",
        Host = host,
        Kernel = "6.12.9",
        Cpu = "a CPU",
        Cpus = 4,
        BootId = host,
        Isa = Isa.Vmx,
        Started = s_start,
        MonotonicNs = 0,
        IntervalNs = StepNs,
        Grouping = Grouping.Vcpu,
        HasSplit = true,
        HasQualifiers = true,
        HasNested = true,
        HasReturns = true,
        SlowNs = 10_000_000,
    };

    private static Interval At(int i, bool isBusy)
    {
        var web = new VmIdentity(0, 4242, isBusy ? "web-1" : "db-1")
        {
            Labels = new VmLabels { Vmm = "qemu", Namespace = "shop", Pod = "0f5a8c1e-0000-4000-8000-000000000001" },
        };
        Row nested = Row(0, MsrWrite, 4, 20_000, ExitLevel.L2);
        nested.Rounds = new ReflectedRounds { Reflected = 3, Timed = 3, TotalNs = 3 * 90_000, HandlingNs = 3 * 60_000, L1Exits = 6 };
        Row[] rows = [Row(0, MsrWrite, 150, 2_000), Row(1, Io, 8, 80_000), Row(0, Hlt, 5, 1_000_000), nested];
        var slow = new SlowExit(s_start + (i * s_step), web, 0, 4250, 1, ExitLevel.L1, new ExitCode(Isa.Vmx, Io), 12_000_000);
        ulong exits = (ulong)rows.Sum(row => (long)row.Count);
        return new Interval
        {
            First = i,
            From = s_start + (i * s_step),
            To = s_start + ((i + 1) * s_step),
            FromNs = i * StepNs,
            ToNs = (i + 1) * StepNs,
            Vms = [web],
            Changes = rows,
            TimeChanges = [Time(0, rows, isBusy), Time(1, rows, isBusy)],
            Vcpus = [GroupKey.OfVcpu(0, 0), GroupKey.OfVcpu(0, 1)],
            Returns = [new VmmReturns(new ReturnKey(0, 1, new VmmReason(2))) { Count = 8, Timed = 8, TotalNs = 8 * 70_000 }],
            Slow = isBusy ? [slow] : [],
            Accounting = new Accounting { Exits = exits, Entries = exits, DroppedExits = isBusy ? 5ul : 0 },
        };
    }

    private static Row Row(int vcpu, ulong code, ulong count, ulong ns, ExitLevel level = ExitLevel.L1)
    {
        TimeParts parts = default;
        parts[code == Hlt ? TimePart.Halt : code == Io ? TimePart.Vmm : TimePart.Kvm] = count * ns;
        var row = new Row(new GroupKey(0, vcpu, new ExitCode(Isa.Vmx, code), level))
        { Count = count, Timed = count, TotalNs = count * ns, MaxNs = ns, Parts = parts };
        row.Bins.Add(HistogramLayout.BinOf(ns), count);
        return row;
    }

    private static VcpuTime Time(int vcpu, Row[] rows, bool isBusy)
    {
        ulong used = (ulong)rows.Where(row => row.Key.Vcpu == vcpu).Sum(row => (long)row.TotalNs);
        TimeParts parts = default;
        parts[TimePart.Runq] = isBusy ? (ulong)(StepNs * RunqShare) : StepNs / 1000;
        parts[TimePart.Guest] = StepNs - used - parts[TimePart.Runq];
        return new VcpuTime(GroupKey.OfVcpu(0, vcpu), StepNs, parts);
    }
}
