using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The host of the documentation's examples: two VMs on Intel, of which web1 runs nested guests.</summary>
internal static class DocsWorld
{
    private static readonly VmIdentity s_web = new(0, 4242, "web1");
    private static readonly VmIdentity s_guest = new(0, 4242, "kvmscope");
    private static readonly VmIdentity s_db = new(1, 4711, "db1");

    /// <summary>Makes a new one.</summary>
    public static World Make()
    {
        var world = new World();
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(10) };
        world.Host = new FakeHost(world.Clock)
        {
            Rows = [.. Rows()],
            Slow = [.. Slow(world.Clock.GetUtcNow())],
            Checks = DocsHost.Checks(),
        };
        return world;
    }

    /// <summary>The same host after only the built-in guest has run.</summary>
    public static World MakeDemo()
    {
        World world = Make();
        world.Guest = new FakeGuest
        {
            Did = [.. GuestWork().Select(work => new ExpectedExits(Isa.Vmx, work.Code, ExitLevel.L1, work.Count))],
            Running = () => world.Clock.Advance(TimeSpan.FromMilliseconds(11.2)),
        };
        Row[] seen = [.. GuestWork().Select(work => Row(s_guest, work.Code, ExitLevel.L1, work.Count, work.Ns))];
        world.Host = new FakeHost(world.Clock) { Rows = [.. seen, Row(s_guest, 1, ExitLevel.L1, 3, 1_400)] };
        return world;
    }

    // What DemoGuest does on VMX, with a handling time for each reason.
    private static IEnumerable<(ulong Code, ulong Count, ulong Ns)> GuestWork() =>
        [(10, 1009, 1_150), (12, 151, 3_900), (18, 83, 1_200), (30, 755, 4_100), (31, 401, 1_300), (32, 199, 1_350), (49, 408, 4_600)];

    private static IEnumerable<Row> Rows() =>
    [
        Row(s_web, 12, ExitLevel.L1, 8_231, 850_000), Row(s_web, 12, ExitLevel.L2, 178, 25_400),
        Row(s_web, 32, ExitLevel.L1, 21_940, 1_180), Row(s_web, 32, ExitLevel.L2, 3_693, 8_900),
        Row(s_web, 30, ExitLevel.L1, 1_204, 14_700), Row(s_web, 30, ExitLevel.L2, 88, 23_600),
        Row(s_web, 24, ExitLevel.L1, 4_418, 5_250), Row(s_web, 10, ExitLevel.L2, 412, 19_800),
        Row(s_web, 48, ExitLevel.L1, 905, 3_300), Row(s_web, 48, ExitLevel.L2, 152, 27_100), Row(s_web, 1, ExitLevel.L1, 2_768, 1_050),
        Row(s_db, 12, ExitLevel.L1, 3_002, 2_400_000), Row(s_db, 32, ExitLevel.L1, 9_377, 1_090), Row(s_db, 49, ExitLevel.L1, 1_260, 2_050),
    ];

    private static IEnumerable<SlowExit> Slow(DateTimeOffset start) =>
    [
        new(start.AddSeconds(1.204518), s_web, 2, 4251, 11, ExitLevel.L1, new ExitCode(Isa.Vmx, 30), 12_480_311)
        {
            Qualifier = Qualifier.Of(0x1_0000_0170), CpuAtExit = 11, Parts = Parts((TimePart.Kvm, 41_207), (TimePart.Vmm, 12_439_104)),
        },
        new(start.AddSeconds(3.880102), s_db, 0, 4713, 4, ExitLevel.L1, new ExitCode(Isa.Vmx, 48), 10_922_874)
        {
            Rip = 0xffffffff810a3c41, CpuAtExit = 4, Parts = Parts((TimePart.Kvm, 212_663), (TimePart.Sleep, 10_710_211)),
        },
        new(start.AddSeconds(7.015933), s_web, 0, 4249, 9, ExitLevel.L2, new ExitCode(Isa.Vmx, 30), 31_006_590)
        {
            CpuAtExit = 3, Parts = Parts((TimePart.Kvm, 18_410), (TimePart.Runq, 30_988_180)),
        },
    ];

    private static TimeParts Parts(params (TimePart Part, ulong Ns)[] parts)
    {
        TimeParts all = default;
        foreach ((TimePart part, ulong ns) in parts) all[part] = ns;
        return all;
    }

    // Times spread around the middle as measured ones do: most near it, a tail above.
    private static Row Row(VmIdentity vm, ulong code, ExitLevel level, ulong count, ulong eachNs)
    {
        var row = new Row(new GroupKey(vm.Ordinal, 0, new ExitCode(Isa.Vmx, code), level)) { Count = count, Timed = count };
        int middle = HistogramLayout.BinOf(eachNs);
        ulong left = count;
        foreach ((int offset, ulong percent) in (ReadOnlySpan<(int, ulong)>)[(-4, 8), (-2, 17), (-1, 20), (2, 14), (5, 6), (11, 1)])
        {
            ulong part = count * percent / 100;
            row.Bins.Add(middle + offset, part);
            row.TotalNs += part * HistogramLayout.LowNs(middle + offset);
            if (part > 0) row.MaxNs = HistogramLayout.LowNs(middle + offset);
            left -= part;
        }
        row.Bins.Add(middle, left);
        row.TotalNs += left * eachNs;
        row.MaxNs = Math.Max(row.MaxNs, eachNs);
        return row;
    }
}
