using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Interop;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tracing;

/// <summary>A running trace: programs attached, tables mapped. Nothing of it remains after the process ends.</summary>
internal sealed unsafe class TraceSession : ITraceSession
{
    private readonly BpfObject _bpf;
    private readonly MappedTable<kvmscope_slot> _slots;
    private readonly MappedTable<kvmscope_cell> _cells;
    private readonly MappedTable<kvmscope_control> _control;
    private readonly TableReader _reader;
    private readonly Grouping _finest;
    private readonly MappedTable<kvmscope_sketch> _sketches;
    private readonly SlotSweeper _sweeper;
    private readonly CellExchange _exchange;
    private long _exchangedNs;
    private readonly SlowExitReader? _slow;
    private readonly MappedTable<kvmscope_vmm>? _vmms;
    private readonly MappedTable<kvmscope_cell>? _returns;
    private readonly MappedTable<kvmscope_last>? _ring;
    private readonly LastReader? _last;
    private readonly kvmscope_losses[] _lost;
    private readonly int _lossesFd;
    private readonly IReadOnlyList<MissingSource> _missing;

    private TraceSession(
        TraceOptions options, TableSizes sizes, HostView host, BpfObject bpf, FreeLists free, IReadOnlyList<MissingSource> missing)
    {
        _bpf = bpf;
        _slots = new MappedTable<kvmscope_slot>(bpf.MapFd("slots"), sizes.SlotEntries);
        _cells = new MappedTable<kvmscope_cell>(bpf.MapFd("cells"), sizes.CellEntries);
        _control = new MappedTable<kvmscope_control>(bpf.MapFd(".bss.control"), 1);
        _sketches = new MappedTable<kvmscope_sketch>(bpf.MapFd("sketches"), sizes.SketchEntries);
        VmDirectory vms = new(host.CommandOf, _slots, host.Forget);
        _finest = options.Finest;
        if (options.FollowsRuns) _vmms = new MappedTable<kvmscope_vmm>(bpf.MapFd("vmms"), sizes.VmmEntries);
        if (options.WantReturns) _returns = new MappedTable<kvmscope_cell>(bpf.MapFd("return_cells"), sizes.ReturnEntries);
        if (options.LastExits > 0)
        {
            _ring = new MappedTable<kvmscope_last>(bpf.MapFd("last_exits"), sizes.LastEntries);
            _last = new LastReader(_slots, _vmms!, _ring, options.LastExits, vms);
        }
        _reader = new TableReader(
            _slots, _cells, vms, options, _returns is null ? null : new ReturnReader(_vmms!, _returns),
            new KnownVcpus(host.Machines, options.Filter, host.IsAlive, vms));
        _sweeper = new SlotSweeper(
            _slots, _cells, _sketches, _reader, vms, free, bpf.MapFd("vcpu_to_slot"), bpf.MapFd("extras"), bpf.MapFd("threads"),
            host.IsAlive, host.HoldsVcpus, _last);
        _exchange = new CellExchange(_slots, _cells, _sketches, _control, _reader, bpf.MapFd("extras"), bpf.WaitForPrograms);
        _slow = options.SlowNs == 0 ? null : new SlowExitReader(bpf.MapFd("slow_exits"), _slots, vms, options.WantSplit);
        _missing = missing;
        _lost = new kvmscope_losses[Interop.Libbpf.libbpf_num_possible_cpus()];
        _lossesFd = bpf.MapFd("losses");
        Volatile.Write(ref _control[0].returns_on, 1);
    }

    /// <summary>Loads and attaches.</summary>
    internal static TraceSession Start(TraceOptions options, TableSizes sizes, HostView host)
    {
        FreeLists? free = null;
        (BpfObject bpf, string method, IReadOnlyList<MissingSource> missing, long since) =
            ProgramLoader.Start(options, host.Isa, sizes, loaded =>
            {
                free = new FreeLists(loaded.MapFd, sizes);
                free.Fill();
            });
        try
        {
            return new TraceSession(options, sizes, host, bpf, free!, missing)
            {
                SinceNs = since,
                Remark = RemarkOn(sizes),
                Method = method,
            };
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }

    private static string? RemarkOn(TableSizes sizes) => sizes.Wanted is { } wanted
        ? $"memory is short: the tables have room for {sizes.MaxVcpus} vCPUs at once instead of {wanted} (--max-vcpus N sets it)"
        : null;

    /// <summary>The tables, for the benchmark that fills them without running guests.</summary>
    internal (MappedTable<kvmscope_slot> Slots, MappedTable<kvmscope_cell> Cells) Tables => (_slots, _cells);

    /// <summary>How the programs are attached, as errors name it.</summary>
    internal string Method { get; private init; } = "";

    /// <inheritdoc/>
    public long? SinceNs { get; private init; }

    /// <inheritdoc/>
    public string? Remark { get; private init; }

    /// <inheritdoc/>
    public Interval Read(Grouping grouping)
    {
        if (grouping > _finest) throw new InvalidOperationException($"{grouping} is finer than the options allow");
        long now = MonotonicClock.NowNs();
        Interval read = _reader.Read(grouping, Losses(), _bpf.Misses());
        return read with { To = MonotonicClock.ToWallClock(now), ToNs = now, Missing = _missing };
    }

    /// <inheritdoc/>
    public int ReadSlow(TimeSpan timeout, Action<SlowExit> sink) =>
        _slow?.Read(timeout, sink) ?? throw new InvalidOperationException("the options do not ask for slow exits");

    /// <inheritdoc/>
    public IReadOnlyList<VcpuHistory> TakeHistories(bool all)
    {
        if (all) _bpf.Detach();
        return _last?.Take(all) ?? [];
    }

    /// <inheritdoc/>
    public void Sweep()
    {
        _reader.Watch();
        if (_sweeper.Sweep()) Interlocked.Increment(ref _control[0].free_round);
    }

    /// <inheritdoc/>
    public void ExchangeCells()
    {
        // It waits for the kernel, some ms each time.
        const long LeastNs = 100_000_000;
        long now = MonotonicClock.NowNs();
        if (now - _exchangedNs < LeastNs) return;
        _exchangedNs = now;
        _exchange.Run();
    }

    private kvmscope_losses Losses()
    {
        int zero = 0;
        fixed (kvmscope_losses* values = _lost)
            if (Interop.Libbpf.bpf_map_lookup_elem(_lossesFd, &zero, values) != 0)
                throw Errno.Error("cannot read the loss counters", Marshal.GetLastPInvokeError());
        kvmscope_losses sum = default;
        foreach (kvmscope_losses one in _lost)
        {
            sum.dropped_vcpus += one.dropped_vcpus;
            sum.dropped_exits += one.dropped_exits;
            sum.lost_returns += one.lost_returns;
        }
        return sum;
    }

    /// <summary>Detaches first, so that nothing is counted that will not be read.</summary>
    public void Dispose()
    {
        _slow?.Dispose();
        _bpf.Dispose();
        _slots.Dispose();
        _cells.Dispose();
        _sketches.Dispose();
        _control.Dispose();
        _vmms?.Dispose();
        _returns?.Dispose();
        _ring?.Dispose();
    }
}

/// <summary>What a running trace reads from /proc.</summary>
/// <param name="CommandOf">What a process says of the VM that it runs; null where the process has ended.</param>
/// <param name="IsAlive">Whether the process is alive.</param>
/// <param name="HoldsVcpus">Whether the process has open file descriptors of vCPUs.</param>
/// <param name="Isa">The ISA of this host's exits.</param>
internal sealed record HostView(Func<int, VmmCommand?> CommandOf, Func<int, bool> IsAlive, Func<int, bool> HoldsVcpus, Isa Isa)
{
    /// <summary>The VMs that there are when the trace begins.</summary>
    public IReadOnlyList<VirtualMachine> Machines { get; init; } = [];

    /// <summary>Called when a process that had VMs has ended and nothing more is asked about it.</summary>
    public Action<int>? Forget { get; init; }
}
