using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Server.Metrics;
using static Kvmscope.Server.Tests.Metrics.MetricsWorld;

namespace Kvmscope.Server.Tests.Metrics;

public sealed class MetricsModelTests
{
    private static readonly VmIdentity s_web = Vm(1, "web-1"), s_db = Vm(2, "db-2");

    [Fact]
    public void Counters_are_sums_of_the_intervals()
    {
        var world = new MetricsWorld();
        world.Add([s_web], Row(s_web, Cpuid, 3, 1_500), Row(s_web, Hlt, 2, 400_000_000, vcpu: 1));
        world.Add([s_web], Row(s_web, Cpuid, 4, 2_000, vcpu: 1), Row(s_web, Cpuid, 1, 1_000_000_001));
        Dictionary<string, string> series = world.Scrape();
        Assert.Equal("8", series["""kvmscope_exits_total{vm="web-1",reason="CPUID",level="l1"}"""]);
        Assert.Equal("2", series["""kvmscope_exits_total{vm="web-1",reason="HLT",level="l1"}"""]);
        Assert.Equal("1.000012501", series["""kvmscope_exit_handling_seconds_total{vm="web-1",reason="CPUID",level="l1"}"""]);
        Assert.Equal("0.8", series["""kvmscope_exit_handling_seconds_total{vm="web-1",reason="HLT",level="l1"}"""]);
        Assert.Equal("8", series["""kvmscope_busy_exit_handling_seconds_count{vm="web-1"}"""]);
        Assert.Equal("1.000012501", series["""kvmscope_busy_exit_handling_seconds_sum{vm="web-1"}"""]);
        Assert.Equal("2", series["kvmscope_observed_seconds_total"]);
        Assert.Equal("1", series["""kvmscope_build_info{version="1.2.3"}"""]);
        Assert.Equal("1", series["""kvmscope_vm_info{vm="web-1",pid="1001"}"""]);
        Assert.Equal("0", series["""kvmscope_slow_exits_total{vm="web-1"}"""]);
        Assert.Equal("0", series["""kvmscope_lost_total{kind="dropped_exits"}"""]);
    }

    [Fact]
    public void What_is_not_measured_has_no_series()
    {
        var world = new MetricsWorld(measured: new MeasuredKinds { Times = false });
        var row = new Row(new GroupKey(1, 0, Cpuid, ExitLevel.L2)) { Count = 3 };
        world.Add([s_web], row);
        string[] names = [.. world.Scrape().Keys.Select(name => name.Split('{')[0]).Distinct().Order()];
        Assert.Equal(["kvmscope_build_info", "kvmscope_exits_total", "kvmscope_lost_total", "kvmscope_observed_seconds_total",
            "kvmscope_vm_info"], names);
        Assert.DoesNotContain(world.Scrape().Keys, name => name.Contains("lost_events") || name.Contains("lost_returns"));
    }

    [Fact]
    public void A_VM_that_ended_keeps_its_series_while_it_lingers_and_loses_them_then()
    {
        var world = new MetricsWorld();
        world.Add([s_web, s_db], Row(s_web, Cpuid, 3, 1_500), Row(s_db, Cpuid, 1, 1_500));
        world.Add([s_db]);
        world.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.Equal("3", world.Scrape()["""kvmscope_exits_total{vm="web-1",reason="CPUID",level="l1"}"""]);
        world.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.DoesNotContain(world.Scrape().Keys, name => name.Contains("web-1"));
        Assert.Contains(world.Scrape().Keys, name => name.Contains("db-2"));
    }

    [Fact]
    public void VMs_of_one_name_are_told_apart_and_one_that_is_started_again_goes_on()
    {
        var world = new MetricsWorld();
        VmIdentity first = Vm(1, "web"), second = Vm(2, "web"), third = Vm(3, "web");
        world.Add([first, second], Row(first, Cpuid, 1, 1_000), Row(second, Cpuid, 10, 1_000));
        world.Add([second], Row(second, Cpuid, 10, 1_000));
        world.Add([second, third], Row(third, Cpuid, 100, 1_000));
        Dictionary<string, string> series = world.Scrape();
        Assert.Equal("101", series["""kvmscope_exits_total{vm="web",reason="CPUID",level="l1"}"""]);
        Assert.Equal("20", series["""kvmscope_exits_total{vm="web#2",reason="CPUID",level="l1"}"""]);
        Assert.Contains("""kvmscope_vm_info{vm="web",pid="1003"}""", series.Keys);
        Assert.DoesNotContain("""kvmscope_vm_info{vm="web",pid="1001"}""", series.Keys);
    }

    [Fact]
    public void Reasons_are_bounded_and_keep_their_series()
    {
        var world = new MetricsWorld(new MetricsOptions { Reasons = 3 });
        ExitCode Code(ulong number) => new(Isa.Vmx, number);
        // 10 has most time, 30 most exits; the third place is for 1 % and more.
        world.Add([s_web], Row(s_web, Code(10), 10, 100_000), Row(s_web, Code(30), 1000, 10), Row(s_web, Code(28), 1, 10));
        Assert.Equal(["CPUID", "IO_INSTRUCTION", "other"], Reasons(world));
        world.Add([s_web], Row(s_web, Code(28), 100, 1_000), Row(s_web, Code(32), 100, 900));
        Assert.Equal(["CPUID", "CR_ACCESS", "IO_INSTRUCTION", "other"], Reasons(world));
        world.Add([s_web], Row(s_web, Code(48), 1_000_000, 1_000), Row(s_web, Code(28), 5, 1_000));
        Assert.Equal(["CPUID", "CR_ACCESS", "IO_INSTRUCTION", "other"], Reasons(world));
        Dictionary<string, string> series = world.Scrape();
        Assert.Equal("1000101", series["""kvmscope_exits_total{vm="web-1",reason="other",level="l1"}"""]);
        Assert.Equal("105", series["""kvmscope_exits_total{vm="web-1",reason="CR_ACCESS",level="l1"}"""]);
    }

    [Fact]
    public void Vcpus_have_series_only_where_asked_for()
    {
        var world = new MetricsWorld(new MetricsOptions { Vcpus = true });
        Interval interval = world.Interval([s_web], Row(s_web, Cpuid, 3, 1_500), Row(s_web, Cpuid, 2, 400, vcpu: 1));
        world.Add(interval with
        {
            TimeChanges = [new VcpuTime(GroupKey.OfVcpu(1, 1), 7, Parts((TimePart.Guest, 7)))],
        });
        Dictionary<string, string> series = world.Scrape();
        Assert.Equal("3", series["""kvmscope_exits_total{vm="web-1",vcpu="0",reason="CPUID",level="l1"}"""]);
        Assert.Equal("2", series["""kvmscope_exits_total{vm="web-1",vcpu="1",reason="CPUID",level="l1"}"""]);
        Assert.Equal("0.000000007", series["""kvmscope_vcpu_seconds_total{vm="web-1",vcpu="1",part="guest"}"""]);
        Assert.Equal("5", series["""kvmscope_busy_exit_handling_seconds_count{vm="web-1"}"""]);
    }

    [Fact]
    public void Open_exits_are_counted_once()
    {
        var world = new MetricsWorld();
        OpenExits[] open = [new OpenExits(new GroupKey(1, 0, Io, ExitLevel.L1), 1)];
        string name = """kvmscope_exits_total{vm="web-1",reason="IO_INSTRUCTION",level="l1"}""";
        // Open before anything was counted: not one of these.
        world.Add(world.Interval([s_web], Row(s_web, Io, 1, 100)) with { OpenBefore = open, OpenAfter = open });
        Assert.Equal("1", world.Scrape()[name]);
        world.Add(world.Interval([s_web]) with { OpenBefore = open, OpenAfter = open });
        Assert.Equal("1", world.Scrape()[name]);
        world.Add(world.Interval([s_web], Row(s_web, Io, 3, 100)) with { OpenBefore = open });
        Assert.Equal("3", world.Scrape()[name]);
        // Before a gap: it stays counted, and the one that ends after it is another one.
        world.Add(world.Interval([s_web]) with { OpenAfter = open });
        world.Add(world.Interval([s_web], Row(s_web, Io, 2, 100)) with { OpenBefore = open, IsAfterGap = true });
        Assert.Equal("5", world.Scrape()[name]);
    }

    [Fact]
    public void Nested_exits_are_handled_or_reflected()
    {
        var world = new MetricsWorld();
        Row row = Row(s_web, Cpuid, 10, 1_000, ExitLevel.L2);
        row.Rounds = new ReflectedRounds { Reflected = 4, Timed = 3, TotalNs = 30_000 };
        world.Add([s_web], row, Row(s_web, Cpuid, 5, 1_000));
        Dictionary<string, string> series = world.Scrape();
        Assert.Equal("6", series["""kvmscope_nested_exits_total{vm="web-1",reason="CPUID",outcome="handled"}"""]);
        Assert.Equal("4", series["""kvmscope_nested_exits_total{vm="web-1",reason="CPUID",outcome="reflected"}"""]);
        Assert.Equal("0.00003", series["""kvmscope_nested_round_seconds_total{vm="web-1",reason="CPUID"}"""]);
        Assert.Equal("10", series["""kvmscope_exits_total{vm="web-1",reason="CPUID",level="l2"}"""]);
    }

    [Fact]
    public void Parts_that_the_kernel_does_not_tell_have_no_series()
    {
        var world = new MetricsWorld();
        world.Add(world.Interval([s_web]) with
        {
            TimeChanges = [new VcpuTime(GroupKey.OfVcpu(1, 0), 5, Parts((TimePart.Guest, 5)))],
            Missing = [new MissingSource(TimePart.Poll, "no poll")],
        });
        Dictionary<string, string> series = world.Scrape();
        Assert.Equal("0", series["""kvmscope_vcpu_seconds_total{vm="web-1",part="halt"}"""]);
        Assert.DoesNotContain("""kvmscope_vcpu_seconds_total{vm="web-1",part="poll"}""", series.Keys);
    }

    [Fact]
    public void Returns_and_slow_exits_are_counted()
    {
        var world = new MetricsWorld();
        VmmReturns returns = new(new ReturnKey(1, 0, new VmmReason(6))) { Count = 4 };
        world.Add((world.Interval([s_web]) with { Returns = [returns] })
            .WithSlow([new SlowExit(default, s_web, 0, 1, 0, ExitLevel.L1, Io, 20_000_000)], leftOut: 2));
        Dictionary<string, string> series = world.Scrape();
        Assert.Equal("4", series["""kvmscope_vmm_returns_total{vm="web-1",reason="MMIO"}"""]);
        Assert.Equal("1", series["""kvmscope_slow_exits_total{vm="web-1"}"""]);
        Assert.Equal("2", series["""kvmscope_lost_total{kind="lost_events"}"""]);
    }

    [Fact]
    public void Where_VMs_are_together_there_is_no_label()
    {
        var world = new MetricsWorld();
        var row = new Row(new GroupKey(GroupKey.None, GroupKey.None, Cpuid, ExitLevel.L1)) { Count = 3 };
        world.Add([], row);
        world.Add([]);
        world.Add([], row);
        Assert.Equal("6", world.Scrape()["""kvmscope_exits_total{reason="CPUID",level="l1"}"""]);
        Assert.DoesNotContain(world.Scrape().Keys, name => name.StartsWith("kvmscope_vm_info", StringComparison.Ordinal));
    }

    [Fact]
    public void Ended_VMs_are_bounded()
    {
        var world = new MetricsWorld(new MetricsOptions { Linger = TimeSpan.FromDays(1) });
        for (int i = 0; i < MetricsOptions.MostEndedVms + 500; i++)
        {
            VmIdentity vm = Vm(i);
            world.Add([vm], Row(vm, Cpuid, 1, 1_000));
        }
        Dictionary<string, string> series = world.Scrape();
        int vms = series.Keys.Count(name => name.StartsWith("kvmscope_vm_info", StringComparison.Ordinal));
        Assert.Equal(MetricsOptions.MostEndedVms + 1, vms);
        Assert.DoesNotContain(series.Keys, name => name.Contains("\"vm-498\""));
        Assert.Contains(series.Keys, name => name.Contains("\"vm-499\""));
    }

    /// <summary>1000 VMs of few names come and go, with parts that are taken back and exits that stay open.</summary>
    [Fact]
    public void No_series_falls_while_it_lives()
    {
        Gen.Int[0, int.MaxValue].Sample(seed => ComeAndGo(new Random(seed)), iter: 4);
    }

    private static void ComeAndGo(Random random)
    {
        var world = new MetricsWorld(new MetricsOptions { Reasons = 4, Linger = TimeSpan.FromSeconds(20) });
        Dictionary<string, double> before = [];
        List<VmIdentity> alive = [];
        for (int made = 0; made < 1000;)
        {
            alive.RemoveAll(_ => random.Next(4) == 0);
            for (int i = random.Next(20); i > 0; i--) alive.Add(Vm(made++, $"vm-{random.Next(60)}"));
            world.Add(RandomInterval(world, alive, random));
            Dictionary<string, double> now = world.Scrape().ToDictionary(pair => pair.Key, pair => double.Parse(pair.Value));
            foreach ((string name, double value) in now)
                Assert.True(!before.TryGetValue(name, out double then) || value >= then, $"{name}: {then}, then {value}");
            Assert.True(now.Count < 80 * 130, $"{now.Count} series");
            before = now;
        }
        world.Add([]);
        world.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.DoesNotContain(world.Scrape().Keys, name => name.Contains("vm=\"", StringComparison.Ordinal));
    }

    private static Interval RandomInterval(MetricsWorld world, List<VmIdentity> vms, Random random)
    {
        var rows = new List<Row>();
        var times = new List<VcpuTime>();
        var open = new List<OpenExits>();
        foreach (VmIdentity vm in vms)
        {
            for (int i = random.Next(4); i > 0; i--)
            {
                var code = new ExitCode(Isa.Vmx, (ulong)random.Next(60));
                ExitLevel level = random.Next(5) == 0 ? ExitLevel.L2 : ExitLevel.L1;
                Row row = Row(vm, code, (ulong)random.Next(3), (ulong)random.Next(1, 1_000_000), level);
                row.Parts = Parts((TimePart.Kvm, random.Next(-1000, 2000)), (TimePart.Halt, random.Next(-1000, 2000)));
                if (row.Key.Level == ExitLevel.L2) row.Rounds = new ReflectedRounds { Reflected = (ulong)random.Next(4) };
                rows.Add(row);
                if (random.Next(3) == 0) open.Add(new OpenExits(row.Key, 1));
            }
            times.Add(new VcpuTime(GroupKey.OfVcpu(vm.Ordinal, 0), 0, Parts((TimePart.Guest, random.Next(-100, 3000)))));
        }
        return world.Interval(vms, [.. rows]) with { TimeChanges = times, OpenAfter = open };
    }

    private static string[] Reasons(MetricsWorld world) =>
        [.. world.Scrape().Keys.Where(name => name.StartsWith("kvmscope_exits_total", StringComparison.Ordinal))
            .Select(name => name.Split("reason=\"")[1].Split('"')[0]).Order(StringComparer.Ordinal)];
}
