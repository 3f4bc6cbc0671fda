using System.Globalization;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Interchange.Parquet;

/// <summary>Slow exits, one row each.</summary>
public sealed class SlowTable : SharedColumns
{
    private readonly HostColumns _host;
    private readonly ValueColumn<DateTime> _time;
    private readonly VmColumns _vm;
    private readonly ValueColumn<int> _tid, _cpuAtExit, _cpuAtEntry;
    private readonly ExitColumns _exit;
    private readonly TextColumn _rip;
    private readonly ValueColumn<long> _duration;
    private readonly PartColumns _parts;
    private readonly TextColumn _ranInstead;
    private readonly ValueColumn<int> _ranInsteadPid;

    /// <summary>Makes an empty one.</summary>
    public SlowTable()
    {
        _host = new(this);
        _time = Time("time");
        _vm = new(this);
        (_tid, _cpuAtExit, _cpuAtEntry) = (Int("tid"), Int("cpu_exit"), Int("cpu_entry"));
        _exit = new(this);
        _rip = Text("rip");
        _duration = Long("duration_ns");
        _parts = new PartColumns(this, withGuest: false);
        (_ranInstead, _ranInsteadPid) = (Text("ran_instead"), Int("ran_instead_pid"));
    }

    /// <inheritdoc/>
    public override string Name => "slow";

    /// <inheritdoc/>
    public override void Add(RecordingHeader header, in SlowExit exit)
    {
        _host.Add(header);
        _time.Add(exit.At.UtcDateTime);
        _vm.Add(exit.Vm, exit.VcpuId);
        _tid.Add(exit.Tid);
        _cpuAtExit.Add(exit.CpuAtExit);
        _cpuAtEntry.Add(exit.Cpu);
        _exit.Add(new GroupKey(exit.Vm.Ordinal, exit.Vcpu, exit.Code, exit.Level, exit.Qualifier));
        _rip.Add(exit.Rip is { } rip ? string.Create(CultureInfo.InvariantCulture, $"0x{rip:x}") : null);
        _duration.Add((long)exit.DurationNs);
        _parts.Add(exit.Parts, []);
        _ranInstead.Add(exit.RanInstead?.Name);
        _ranInsteadPid.Add(exit.RanInstead?.Pid);
        EndRow();
    }
}
