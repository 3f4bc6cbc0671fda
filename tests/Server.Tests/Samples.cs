using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Server.Tests;

/// <summary>Seconds of two VMs, one of which has a hostile name.</summary>
internal static class Samples
{
    internal const long StepNs = 1_000_000_000;
    internal const long StartNs = 5_000_000_000_000;
    internal const string Hostile = "</script><img src=x onerror=alert(1)>\u001b[31m\u202e";

    internal static readonly DateTimeOffset Start = new(2026, 3, 1, 14, 5, 0, TimeSpan.Zero);

    internal static readonly VmIdentity Web = new(0, 4242, "web-1"), Odd = new(1, 4711, Hostile);

    internal static readonly RecordingHeader Header = new()
    {
        Program = "0.1.0",
        Host = "host7",
        Kernel = "6.12.9",
        Cpu = "a CPU",
        Cpus = 4,
        BootId = "b00t",
        Isa = Isa.Vmx,
        Started = Start,
        MonotonicNs = StartNs,
        IntervalNs = StepNs,
        Grouping = Grouping.Vcpu,
        HasSplit = true,
        HasQualifiers = true,
        SlowNs = 10_000_000,
    };

    /// <summary>What happened in a second.</summary>
    internal static Interval At(int second)
    {
        Row[] rows =
        [
            Row(Web, 0, 32, 100 + (ulong)second, 2_000, 0x6e0), Row(Web, 1, 30, 10, 80_000, 0x608), Row(Web, 0, 12, 50, 3_000_000, null),
            Row(Odd, 0, 10, 7, 1_500, 0xb),
        ];
        var slow = new SlowExit(Start.AddSeconds(second + 0.5), Odd, 0, 4712, 1, ExitLevel.L1, new ExitCode(Isa.Vmx, 30), 12_000_000)
        { RanInstead = new TaskIdentity(9, Hostile) };
        ulong exits = (ulong)rows.Sum(row => (long)row.Count);
        return new Interval
        {
            First = second,
            From = Start.AddSeconds(second),
            To = Start.AddSeconds(second + 1),
            FromNs = StartNs + (second * StepNs),
            ToNs = StartNs + ((second + 1) * StepNs),
            Vms = [Web, Odd],
            Changes = rows,
            TimeChanges = [.. new[] { (Web, 0), (Web, 1), (Odd, 0) }.Select(vcpu => Time(vcpu.Item1, vcpu.Item2, rows))],
            Vcpus = [GroupKey.OfVcpu(0, 0), GroupKey.OfVcpu(0, 1), GroupKey.OfVcpu(1, 0)],
            Slow = second % 2 == 0 ? [slow] : [],
            Accounting = new Accounting { Exits = exits, Entries = exits, LostEvents = 1 },
        };
    }

    /// <summary>The same seconds as a recording.</summary>
    internal static byte[] Record(int seconds)
    {
        var bytes = new MemoryStream();
        var writer = new RecordingWriter(Header, part => bytes.Write(part.Span));
        writer.Begin();
        for (int i = 0; i < seconds; i++) writer.Add(At(i));
        writer.End();
        return bytes.ToArray();
    }

    /// <summary>A recording as a set.</summary>
    internal static RecordingSet Set(byte[] bytes)
    {
        Recording Open() => Recording.Open(new MemoryStream(bytes, writable: false), "x.kvmscope");
        var set = new RecordingSet([RecordingPart.Of(Open())], _ => Open());
        set.Choose(null, null);
        return set;
    }

    /// <summary>A recording as a history.</summary>
    internal static RecordedHistory Recorded(int seconds) => new(Set(Record(seconds)));

    private static Row Row(VmIdentity vm, int vcpu, ulong code, ulong count, ulong ns, ulong? argument)
    {
        Qualifier qualifier = argument is { } raw ? Qualifier.Of(raw) : Qualifier.None;
        TimeParts parts = default;
        parts[code == 12 ? TimePart.Halt : code == 30 ? TimePart.Vmm : TimePart.Kvm] = count * ns;
        var row = new Row(new GroupKey(vm.Ordinal, vcpu, new ExitCode(Isa.Vmx, code), ExitLevel.L1, qualifier))
        { Count = count, Timed = count, TotalNs = count * ns, MaxNs = ns, Parts = parts };
        row.Bins.Add(HistogramLayout.BinOf(ns), count);
        return row;
    }

    private static VcpuTime Time(VmIdentity vm, int vcpu, Row[] rows)
    {
        GroupKey key = GroupKey.OfVcpu(vm.Ordinal, vcpu);
        ulong used = (ulong)rows.Where(row => row.Key.Vm == vm.Ordinal && row.Key.Vcpu == vcpu).Sum(row => (long)row.TotalNs);
        TimeParts parts = default;
        parts[TimePart.Runq] = 100_000_000;
        parts[TimePart.Guest] = (ulong)StepNs - used - 100_000_000;
        return new VcpuTime(key, (ulong)StepNs, parts);
    }
}
