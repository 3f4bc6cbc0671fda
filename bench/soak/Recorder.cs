using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;
using Kvmscope.Host;
using Kvmscope.Host.Tests.Tracing;
using Kvmscope.Recordings;

namespace Kvmscope.SoakBench;

/// <summary>
/// A recorder as <c>record --by vm --rotate 1h --keep 3</c> runs it, on a simulated host: VMs with 8 vCPUs that stay, and one with a vCPU
/// that comes and goes each second. All of them make exits of ten reasons each second.
/// </summary>
internal sealed class Recorder
{
    private const int Vcpus = 8, Reasons = 10, Lines = 100;

    private readonly SimulatedTime _time = new();
    private readonly SimulatedHost _host;
    private readonly List<SimulatedHost.Vm> _stay = [];
    private readonly string _folder;
    private readonly int _intervals, _vms;
    private readonly bool _comeAndGo;
    private SimulatedHost.Vm? _last;
    private int _come, _taken;
    private ulong _recorded, _lost;
    private TimeSpan _own, _ownBefore;

    /// <param name="intervals">How many seconds of the host.</param>
    /// <param name="vms">How many VMs stay.</param>
    /// <param name="folder">Where the recordings are made.</param>
    /// <param name="comeAndGo">Whether a VM comes and goes each second.</param>
    internal Recorder(int intervals, int vms, string folder, bool comeAndGo)
    {
        (_intervals, _vms, _folder, _comeAndGo) = (intervals, vms, folder, comeAndGo);
        var options = new TraceOptions { WantSplit = true, WantNested = true, Finest = Grouping.Vm, OpenExits = Grouping.Vm };
        _host = new SimulatedHost((vms * Vcpus) + 16, options, () => _time.Ns, _time.GetUtcNow);
    }

    /// <summary>Records, and prints a line now and then: intervals, VMs that came and went, RSS in KiB, CPU in µs per interval.</summary>
    /// <returns>What is wrong; null where nothing is.</returns>
    internal string? Run()
    {
        for (int i = 0; i < _vms; i++) _stay.Add(_host.Start(string.Create(CultureInfo.InvariantCulture, $"vm{i}"), Vcpus));
        var plan = new RecordPlan(Path.Combine(_folder, "soak.kvmscope"), TimeSpan.FromSeconds(1), Grouping.Vm, TimeSpan.FromHours(1), 3);
        using var tape = new RecordTape(new LinuxSystem(), plan, Header, Console.Error.WriteLine, TimeZoneInfo.Utc);
        tape.Open(_time.GetUtcNow());
        var clock = new TraceClock(_time);
        tape.Begin((clock.Started, clock.StartMonotonicNs));
        var sampler = new Sampler(_host, clock);
        sampler.Add(new Sink(plan.Grouping, interval =>
        {
            tape.Add(interval, sampler.HasEnded);
            Took(interval);
            return true;
        })
        { Step = plan.Interval });
        _ownBefore = Environment.CpuUsage.TotalTime;
        sampler.Run(Wait, TimeSpan.FromSeconds(_intervals));
        tape.End();
        if (_recorded != _host.Made.Exits) return $"{_host.Made.Exits} exits were made, and {_recorded} recorded";
        return _lost != 0 ? $"{_lost} exits and events were lost" : null;
    }

    // What the host does is not part of what the recorder costs.
    private bool Wait(TimeSpan span)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        _time.Now += span;
        foreach (SimulatedHost.Vm vm in _stay) _host.Run(vm, 7, Reasons);
        if (_comeAndGo)
        {
            if (_last is not null) _host.End(_last);
            _last = _host.Start(string.Create(CultureInfo.InvariantCulture, $"short{_come++}"));
            _host.Run(_last, 3, Reasons);
        }
        _own += Environment.CpuUsage.TotalTime - before;
        return false;
    }

    private void Took(Interval interval)
    {
        _recorded += interval.Accounting.Exits;
        _lost += interval.Accounting.Lost() + interval.Accounting.MergedVms + interval.Accounting.DroppedVcpus;
        if (++_taken % Math.Max(1, _intervals / Lines) != 0) return;
        int each = Math.Max(1, _intervals / Lines);
        TimeSpan now = Environment.CpuUsage.TotalTime;
        double us = (now - _ownBefore - _own).TotalMicroseconds / each;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_taken}\t{_come}\t{RssKib()}\t{us:0}"));
        (_own, _ownBefore) = (TimeSpan.Zero, Environment.CpuUsage.TotalTime);
    }

    // Of this process alone, with its program: the tables are the kernel's on a real host, and are shared memory here.
    private static long RssKib() => File.ReadLines("/proc/self/status")
        .Where(line => line.StartsWith("RssAnon:", StringComparison.Ordinal) || line.StartsWith("RssFile:", StringComparison.Ordinal))
        .Sum(line => long.Parse(line.AsSpan(8, line.Length - 10), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture));

    private static RecordingHeader Header() => new()
    {
        Program = "soak",
        Host = "simulated",
        Kernel = "6.1",
        Cpu = "simulated",
        Cpus = 1,
        BootId = "soak",
        Isa = Isa.Svm,
        IntervalNs = 1_000_000_000,
        Grouping = Grouping.Vm,
        HasTime = true,
        HasSplit = true,
        HasNested = true,
        HasAllExits = true,
    };
}
