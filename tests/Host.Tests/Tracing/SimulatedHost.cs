using System.Globalization;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Machines;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>
/// A host whose VMs come and go as they are told. The tables are memory, and are written as the BPF programs write them; what reads them is
/// that of a real trace. No BPF, no KVM, no root. Time is the caller's.
/// </summary>
internal sealed unsafe class SimulatedHost : ITraceSession, IFreeLists
{
    /// <summary>Exit reasons of a VM, as codes of SVM.</summary>
    internal static readonly ulong[] Codes = [0x60, 0x64, 0x72, 0x78, 0x7b, 0x7c, 0x400, 0x81, 0x10, 0x8d];

    private const ulong Kvm = 0xffff_c900_0000_0000, Vcpu = 0xffff_8880_0000_0000;

    private readonly MappedTable<kvmscope_slot> _slots;
    private readonly MappedTable<kvmscope_cell> _cells;
    private readonly MappedTable<kvmscope_sketch> _sketches = new(MappedTable<kvmscope_sketch>.Memory, 1);
    private readonly Queue<int> _freeSlots, _freeCells;
    private readonly Dictionary<int, string> _processes = [];
    private readonly SlotSweeper _sweeper;
    private readonly Func<long> _now;
    private readonly Func<DateTimeOffset> _wallClock;
    private readonly bool _hasClock;
    private ulong _lastNs;
    private int _nextPid = 1000;

    /// <param name="maxVcpus">vCPUs that there may be at once.</param>
    /// <param name="options">What is traced.</param>
    /// <param name="now">CLOCK_MONOTONIC, ns.</param>
    /// <param name="wallClock">The wall clock.</param>
    internal SimulatedHost(int maxVcpus, TraceOptions options, Func<long>? now = null, Func<DateTimeOffset>? wallClock = null)
    {
        _now = now ?? (() => 0);
        _wallClock = wallClock ?? (() => default);
        _hasClock = options.WantSplit;
        int cells = maxVcpus * Codes.Length;
        _slots = new(MappedTable<kvmscope_slot>.Memory, maxVcpus + 1);
        _cells = new(MappedTable<kvmscope_cell>.Memory, cells + kvmscope_open.KVMSCOPE_FIRST_CELL);
        _freeSlots = new(Enumerable.Range(1, maxVcpus));
        _freeCells = new(Enumerable.Range(kvmscope_open.KVMSCOPE_FIRST_CELL, cells));
        Vms = new VmDirectory(CommandOf, _slots, pid => Forgotten += _processes.ContainsKey(pid) ? 0 : 1);
        Reader = new TableReader(_slots, _cells, Vms, options);
        _sweeper = new SlotSweeper(_slots, _cells, _sketches, Reader, Vms, this, -1, -1, -1, _processes.ContainsKey, _ => true);
    }

    internal VmDirectory Vms { get; }

    internal TableReader Reader { get; }

    /// <summary>What there is to take.</summary>
    internal (int Slots, int Cells) Free => (_freeSlots.Count, _freeCells.Count);

    /// <summary>How many ended processes were forgotten.</summary>
    internal int Forgotten { get; private set; }

    /// <summary>The exits of all VMs so far, and their handling time.</summary>
    internal (ulong Exits, ulong Ns) Made { get; private set; }

    /// <summary>A VM: its process, and the slots of its vCPUs.</summary>
    internal sealed record Vm(int Pid, ulong Address, string Name, int[] Slots)
    {
        internal ulong Exits { get; set; }
    }

    /// <summary>Starts a VM in a process of its own, or in one that has VMs already.</summary>
    /// <param name="name">The name that the process says.</param>
    /// <param name="vcpus">How many vCPUs make exits.</param>
    /// <param name="pid">The process; a new one where null.</param>
    /// <param name="address">Where its struct kvm is.</param>
    internal Vm Start(string name, int vcpus = 1, int? pid = null, ulong? address = null)
    {
        int process = pid ?? _nextPid++;
        _processes[process] = name;
        var vm = new Vm(process, address ?? Kvm + ((ulong)process << 16), name, new int[vcpus]);
        for (int i = 0; i < vcpus; i++)
        {
            int number = vm.Slots[i] = _freeSlots.Dequeue();
            ref kvmscope_slot slot = ref _slots[number];
            (slot.kvm, slot.vcpu_id, slot.made_ns) = (vm.Address, (uint)i, Tick());
            if (_hasClock) slot.born_ns = slot.entry_ns = slot.made_ns;
            (slot.tgid, slot.vcpu, slot.open) = ((uint)process, Vcpu + ((ulong)number << 16), kvmscope_open.KVMSCOPE_OPEN_RUNNING);
        }
        return vm;
    }

    /// <summary>Each vCPU makes so many exits of each of the first reasons.</summary>
    internal void Run(Vm vm, int exits, int reasons)
    {
        foreach (int number in vm.Slots)
        {
            ref kvmscope_slot slot = ref _slots[number];
            for (int reason = 0; reason < reasons; reason++)
            {
                ref uint at = ref slot.index[ReasonIndex(Codes[reason])];
                if (at == 0) at = NewCell(number, Codes[reason]);
                ulong ns = (ulong)(300 << reason % 9);
                ref kvmscope_cell cell = ref _cells[(int)at];
                cell.begun = cell.ended += (ulong)exits;
                cell.total_ns += (ulong)exits * ns;
                cell.max_ns = Math.Max(cell.max_ns, ns);
                cell.bins[HistogramLayout.BinOf(ns)] += (ulong)exits;
                Made = (Made.Exits + (ulong)exits, Made.Ns + (ulong)exits * ns);
                vm.Exits += (ulong)exits;
            }
        }
    }

    /// <summary>Destroys a VM: what the hook does at the end of each vCPU.</summary>
    internal void Destroy(Vm vm)
    {
        foreach (int number in vm.Slots) (_slots[number].ended_ns, _slots[number].vcpu, _slots[number].ended) = (Tick(), 0, 1);
    }

    /// <summary>Destroys a VM, and ends its process.</summary>
    internal void End(Vm vm)
    {
        Destroy(vm);
        _processes.Remove(vm.Pid);
    }

    /// <inheritdoc/>
    public Interval Read(Grouping grouping) => Reader.Read(grouping, default, 0) with { To = _wallClock(), ToNs = _now() };

    /// <inheritdoc/>
    public int ReadSlow(TimeSpan timeout, Action<SlowExit> sink) => 0;

    /// <inheritdoc/>
    public void ExchangeCells()
    {
    }

    /// <inheritdoc/>
    public void Sweep() => _sweeper.Sweep();

    /// <inheritdoc/>
    public void ReturnSlot(int slot) => _freeSlots.Enqueue(slot);

    /// <inheritdoc/>
    public void ReturnCell(int cell) => _freeCells.Enqueue(cell);

    /// <inheritdoc/>
    public void ReturnSketch(int sketch)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _slots.Dispose();
        _cells.Dispose();
        _sketches.Dispose();
    }

    // Of vCPUs, which read the real clock: never twice the same.
    private ulong Tick() => _lastNs = Math.Max(_lastNs + 1, (ulong)MonotonicClock.NowNs());

    private VmmCommand? CommandOf(int pid) => _processes.TryGetValue(pid, out string? name)
        ? new VmmCommand("sim", name, VmLabels.None)
        : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{pid} has ended and is asked for its name"));

    private uint NewCell(int slot, ulong code)
    {
        int number = _freeCells.Dequeue();
        ref kvmscope_cell cell = ref _cells[number];
        (cell.code, cell.slot, cell.isa, cell.level) = (code, (uint)slot, kvmscope_isa.KVMSCOPE_ISA_SVM, 1);
        return (uint)number;
    }

    // reason_index() of bpf/x86/kvm_compat.bpf.h, for the codes above.
    private static int ReasonIndex(ulong code) =>
        code < 0x400 ? (int)code : (int)(code - 0x400) + kvmscope_limits.KVMSCOPE_REASON_INDEX_HIGH;
}
