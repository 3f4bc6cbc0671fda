using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Live;

namespace Kvmscope.Tests.Live;

/// <summary>What live screens are drawn of: VMs that do known things, second by second.</summary>
internal static class LiveSamples
{
    internal const long Second = 1_000_000_000;

    internal static readonly DateTimeOffset Begin = new(2026, 11, 26, 14, 5, 0, TimeSpan.Zero);

    private const ulong CpuidCode = 10, HltCode = 12, IoCode = 30, MsrReadCode = 31, MsrWriteCode = 32, EptCode = 48, InterruptCode = 1;

    /// <summary>What one vCPU's exits of one reason are like.</summary>
    /// <param name="Code">The reason.</param>
    /// <param name="Argument">Its argument.</param>
    /// <param name="Rate">Exits per second.</param>
    /// <param name="Ns">The usual handling time.</param>
    /// <param name="Part">Where most of the time goes.</param>
    internal readonly record struct Exits(ulong Code, ulong? Argument, int Rate, ulong Ns, TimePart Part = TimePart.Kvm)
    {
        internal ExitLevel Level { get; init; } = ExitLevel.L1;

        internal bool IsReflected { get; init; }
    }

    /// <summary>A VM.</summary>
    internal sealed record Vm(string Name, int Vcpus, int Pid, int RunqPermille, params Exits[] Exits);

    private static readonly Exits s_timer = new(MsrWriteCode, 0x6e0, 300, 1_900), s_interrupts = new(InterruptCode, null, 250, 900),
        s_halt = new(HltCode, null, 200, 3_900_000, TimePart.Halt), s_busyHalt = new(HltCode, null, 120, 800_000, TimePart.Halt),
        s_port = new(IoCode, 0x608 | (1UL << 32), 2_400, 38_000, TimePart.Vmm),
        s_disk = new(IoCode, 0xc000 | (2UL << 32), 40, 61_000, TimePart.Vmm),
        s_cpuid = new(CpuidCode, 0xb | (1UL << 32), 90_000, 1_100), s_ipi = new(MsrWriteCode, 0x830, 2_200, 2_600),
        s_mmio = new(EptCode, 0xfee0_0000 | 0x100, 150, 14_000, TimePart.Vmm), s_fault = new(EptCode, 0x2, 90, 4_300),
        s_read = new(MsrReadCode, 0x10, 30, 1_100);

    /// <summary>Three VMs: one loops over CPUID, one waits for its slow VMM, one is halted.</summary>
    internal static Vm[] Three { get; } =
    [
        new("idle", 1, 4713, 1, s_timer with { Rate = 30 }, s_halt), new("cpuid-loop", 2, 4711, 4, s_cpuid, s_timer, s_interrupts),
        new("slow-vmm", 2, 4712, 6, s_port with { Rate = 9_000, Ns = 71_000 }, s_timer, s_interrupts),
    ];

    /// <summary>Twelve VMs of a host.</summary>
    internal static Vm[] Twelve { get; } =
    [
        new("web-1", 8, 4711, 113, s_timer with { Rate = 1_100, Ns = 9_000 }, s_port with { Rate = 300 }, s_fault, s_interrupts,
            s_busyHalt),
        new("web-2", 8, 4712, 21, s_timer, s_disk, s_mmio, s_interrupts, s_busyHalt, s_read),
        new("db-1", 16, 4713, 4, s_ipi, s_timer, s_interrupts, s_fault), new("db-2", 16, 4714, 2, s_timer, s_interrupts, s_halt),
        new("build", 4, 4715, 260, s_cpuid with { Rate = 900 }, s_timer, s_interrupts), new("cache", 2, 4716, 9, s_mmio, s_timer, s_halt),
        new("mail", 2, 4717, 1, s_timer, s_halt), new("dns", 1, 4718, 0, s_halt),
        new("ci-runner-0001", 8, 4719, 52, s_disk, s_fault, s_timer),
        new("ci-runner-0002", 8, 4720, 48, s_disk, s_fault, s_timer, s_halt), new("monitor", 2, 4721, 3, s_read, s_timer, s_halt),
        new("backup", 4, 4722, 0, s_halt with { Rate = 20, Ns = 49_000_000 }),
    ];

    /// <summary>Names that want to break a screen: long, wide, with marks, right to left, with escape sequences, repeated.</summary>
    internal static Vm[] Odd { get; } =
    [
        new("a-very-long-name-of-a-production-database-primary-in-frankfurt-17", 4, 4711, 40, s_timer, s_port, s_interrupts),
        new("a-very-long-name-of-a-production-database-primary-in-frankfurt-18", 4, 4712, 10, s_timer, s_interrupts),
        new("数据库主服务器第一号机", 2, 4713, 90, s_timer, s_disk), new("e\u0301te\u0301-\u0915\u094d\u0937", 2, 4714, 5, s_timer),
        new("\u202eevil\u202c", 1, 4715, 3, s_timer, s_halt), new("\e[31mred\e[0m\r\n\tx", 1, 4716, 2, s_timer, s_halt),
        new("twin", 2, 4717, 30, s_timer, s_port), new("twin", 2, 4718, 31, s_timer, s_mmio), new("", 1, 4719, 0, s_halt),
        new("🐧🐧", 1, 4720, 0, s_halt), new("\ud800half", 1, 4721, 0, s_halt),
    ];

    /// <summary>A nested guest.</summary>
    internal static Vm[] Nested { get; } =
    [
        new("hypervisor", 4, 4711, 12, s_timer, s_interrupts, new Exits(24, null, 900, 21_000),
            new Exits(EptCode, 0x2, 700, 18_000) { Level = ExitLevel.L2, IsReflected = true },
            new Exits(CpuidCode, 0x1, 300, 1_700) { Level = ExitLevel.L2, IsReflected = true },
            new Exits(MsrWriteCode, 0x6e0, 500, 3_100) { Level = ExitLevel.L2 }),
        new("plain", 1, 4712, 2, s_timer, s_halt),
    ];

    /// <summary>Many of one kind.</summary>
    internal static Vm[] Many(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => new Vm($"vm-{i:000}", 1 + (i % 4), 5000 + i, i * 7 % 90,
            s_timer with { Rate = 20 + (i * 13 % 400) }, s_port with { Rate = 1 + (i * 11 % 150) }, s_interrupts, s_halt)),
    ];

    /// <summary>What is measured by default.</summary>
    internal static TraceOptions Full { get; } =
        new() { WantSplit = true, WantQualifiers = true, WantNested = true, SlowNs = 10_000_000 };

    /// <summary>A source of some seconds.</summary>
    internal static LiveSource Source(Vm[] vms, int seconds = 20, bool isLive = true, TraceOptions? detail = null, string title = "host7")
    {
        TraceOptions measured = detail ?? Full;
        var history = new SampleHistory([.. Enumerable.Range(0, seconds).Select(second => At(vms, second, measured))]);
        return new LiveSource(title, history, isLive) { Detail = measured };
    }

    /// <summary>One second.</summary>
    internal static Interval At(Vm[] vms, int second, TraceOptions? detail = null)
    {
        TraceOptions measured = detail ?? Full;
        var rows = new List<Row>();
        var times = new List<VcpuTime>();
        var slow = new List<SlowExit>();
        VmIdentity[] identities = [.. vms.Select((vm, i) => new VmIdentity(i, vm.Pid, vm.Name))];
        for (int vm = 0; vm < vms.Length; vm++)
            for (int vcpu = 0; vcpu < vms[vm].Vcpus; vcpu++)
                AddVcpu(vms[vm], identities[vm], vcpu, second);
        DateTimeOffset from = Begin.AddSeconds(second);
        ulong exits = rows.Aggregate(0UL, (sum, row) => sum + row.Count);
        return new Interval
        {
            First = second,
            From = from,
            To = from.AddSeconds(1),
            FromNs = 1_000 * Second + (second * Second),
            ToNs = 1_000 * Second + ((second + 1) * Second),
            Vms = identities,
            Changes = rows,
            TimeChanges = times,
            Vcpus = [.. times.Select(time => time.Key)],
            Slow = slow,
            Accounting = new Accounting { Exits = exits, Entries = exits },
        };

        void AddVcpu(Vm vm, VmIdentity identity, int vcpu, int at)
        {
            ulong used = 0;
            foreach (Exits exits in vm.Exits)
            {
                Row row = RowOf(exits, identity, vcpu, at, measured);
                used += row.TotalNs;
                if (row.MaxNs >= measured.SlowNs && measured.SlowNs > 0 && exits.Code != HltCode) slow.Add(SlowOf(row, identity, vcpu, at));
                rows.Add(row);
            }
            ulong runq = (ulong)vm.RunqPermille * 1_000_000;
            TimeParts outside = default;
            outside[TimePart.Runq] = runq;
            outside[TimePart.Guest] = used + runq > (ulong)Second ? 0 : (ulong)Second - used - runq;
            ulong wall = outside[TimePart.Guest] + runq + used;
            times.Add(new VcpuTime(GroupKey.OfVcpu(identity.Ordinal, vcpu), wall, measured.WantSplit ? outside : default));
        }
    }

    private static Row RowOf(Exits exits, VmIdentity vm, int vcpu, int second, TraceOptions detail)
    {
        Qualifier qualifier = exits.Argument is { } raw && detail.WantQualifiers ? Qualifier.Of(raw) : Qualifier.None;
        var row = new Row(new GroupKey(vm.Ordinal, vcpu, new ExitCode(Isa.Vmx, exits.Code), exits.Level, qualifier));
        // A wave, so that trends have something to show.
        ulong count = (ulong)Math.Max(1, exits.Rate * (100 + (35 * Math.Sin((second + vm.Ordinal) / 2.5))) / 100 / (1 + (vcpu % 3)));
        Add(row, count - (count / 10) - (count / 100), exits.Ns);
        Add(row, count / 10, exits.Ns * 3);
        Add(row, count / 100, exits.Ns * 20);
        if (exits is { Code: IoCode, Rate: > 100 } && (second + vcpu) % 5 == 0) Add(row, 1, 14_000_000 + ((ulong)second * 100_000));
        if (detail.WantSplit)
        {
            TimeParts parts = default;
            ulong tenth = row.TotalNs / (exits.Part == TimePart.Halt ? 500UL : 10);
            parts[exits.Part] = row.TotalNs - (2 * tenth);
            parts[exits.Part == TimePart.Halt ? TimePart.Poll : TimePart.Kvm] += tenth;
            parts[TimePart.Kvm] += row.TotalNs - parts.Sum;
            row.Parts = parts;
        }
        if (exits.IsReflected && detail.WantNested) row.Rounds = RoundsOf(row);
        return row;
    }

    private static ReflectedRounds RoundsOf(Row row)
    {
        var rounds = new ReflectedRounds
        {
            Reflected = row.Count * 9 / 10,
            Timed = row.Count * 9 / 10,
            TotalNs = row.Count * 9 / 10 * 62_000,
            MaxNs = 410_000,
            HandlingNs = row.Count * 9 / 10 * 41_000,
            L1Exits = row.Count * 27 / 10,
        };
        rounds.Bins.Add(HistogramLayout.BinOf(62_000), rounds.Timed - 1);
        rounds.Bins.Add(HistogramLayout.BinOf(410_000), 1);
        return rounds;
    }

    private static void Add(Row row, ulong count, ulong ns)
    {
        if (count == 0) return;
        row.Count += count;
        row.Timed += count;
        row.TotalNs += count * ns;
        row.MaxNs = Math.Max(row.MaxNs, ns);
        row.Bins.Add(HistogramLayout.BinOf(ns), count);
    }

    private static SlowExit SlowOf(Row row, VmIdentity vm, int vcpu, int second)
    {
        TimeParts parts = default;
        parts[TimePart.Vmm] = row.MaxNs / 2;
        parts[TimePart.Runq] = row.MaxNs / 3;
        parts[TimePart.Kvm] = row.MaxNs - parts.Sum;
        DateTimeOffset at = Begin.AddSeconds(second + 0.4).AddMicroseconds(vcpu);
        return new SlowExit(at, vm, vcpu, vm.Pid + 10 + vcpu, 3, row.Key.Level, row.Key.Code, row.MaxNs)
        {
            Qualifier = row.Key.Qualifier,
            Rip = 0xffffffff81043a2c,
            CpuAtExit = 2,
            Parts = parts,
            RanInstead = new TaskIdentity(9001, "kworker/2:1"),
        };
    }
}
