using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Interop;
using Kvmscope.Host.Tests.Bpf;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>
/// The real programs with real maps: loaded, but not attached. The test runs each program with the arguments of an event
/// (BPF_PROG_TEST_RUN of raw_tp programs, kernel 5.10 and later). Without a <see cref="FakeKernel"/>, the vCPU is an address that reads as
/// zeros: id 0, at L1. With one it has content, and the programs at functions of KVM run too: loaded as raw_tp, because they read their
/// arguments in the same way.
/// </summary>
internal sealed unsafe class KernelSide : IDisposable
{
    internal const uint Vmx = kvmscope_isa.KVMSCOPE_ISA_VMX, Svm = kvmscope_isa.KVMSCOPE_ISA_SVM;

    private static readonly string[] s_functions =
    [
        BpfObject.Programs.DestroyFentry, BpfObject.Programs.SchedOutFentry, BpfObject.Programs.SchedInFentry,
        BpfObject.Programs.LoadFentry, BpfObject.Programs.PutFentry, BpfObject.Programs.RunFentry,
    ];

    private static readonly string[] s_events =
    [
        BpfObject.Programs.VcpuWakeup, BpfObject.Programs.Mmio, BpfObject.Programs.FastMmio, BpfObject.Programs.Pio, BpfObject.Programs.Msr,
        BpfObject.Programs.PageFault, BpfObject.Programs.PageFaultVcpu,
    ];

    // eng/mutate gives a changed one, so that nothing else has to be built.
    private static readonly byte[] s_object =
        Environment.GetEnvironmentVariable("KVMSCOPE_TEST_BPF") is { } path ? File.ReadAllBytes(path) : BpfImage.Embedded.Bytes;

    private readonly BpfObject _bpf;
    private readonly IntervalSum _all = new(Grouping.Vcpu);
    private readonly MappedTable<kvmscope_control> _control;
    private readonly MappedTable<kvmscope_sketch> _sketches;
    private readonly int _exit, _entry, _return, _switch;
    private readonly kvmscope_losses[] _losses = new kvmscope_losses[Interop.Libbpf.libbpf_num_possible_cpus()];

    internal KernelSide(
        TraceOptions? options = null, TableSizes? sizes = null, HostView? host = null, FakeKernel? kernel = null,
        bool checkIdentity = false)
    {
        _bpf = BpfObject.Open(kernel is null ? s_object : WithoutFentry(), kernel?.TypesPath);
        sizes ??= new TableSizes(8, 400, 1);
        host ??= new HostView(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, Isa.Svm);
        sizes.Set(_bpf.SetMaxEntries);
        Knobs.Fill(ref _bpf.Section<kvmscope_knobs>(".rodata.knobs"), options ?? new TraceOptions(), host.Isa, checkIdentity);
        (string entry, string exit) = BpfObject.Programs.Pair(isTyped: false, options?.WantsMore == true);
        List<string> programs = [entry, exit];
        if (options?.WantWho == true) programs.Add(BpfObject.Programs.TaskSwitch);
        bool followsRuns = options?.FollowsRuns == true;
        if (followsRuns) programs.Add(BpfObject.Programs.UserspaceExit);
        if (options?.WantSplit == true && kernel is null) programs.AddRange([BpfObject.Programs.KnownVcpus, BpfObject.Programs.VcpuStates]);
        if (kernel is not null) programs.AddRange([.. s_functions, .. s_events]);
        int errno = _bpf.Load([.. programs]);
        if (errno != 0) throw new InvalidOperationException($"{Errno.Text(errno)}: {_bpf.LastMessage()}");
        _exit = Fd(exit);
        _entry = Fd(entry);
        _switch = options?.WantWho == true ? Fd(BpfObject.Programs.TaskSwitch) : -1;
        _return = followsRuns ? Fd(BpfObject.Programs.UserspaceExit) : -1;
        Free = new FreeLists(_bpf.MapFd, sizes);
        Free.Fill();
        Slots = new MappedTable<kvmscope_slot>(_bpf.MapFd("slots"), sizes.SlotEntries);
        Cells = new MappedTable<kvmscope_cell>(_bpf.MapFd("cells"), sizes.CellEntries);
        _control = new MappedTable<kvmscope_control>(_bpf.MapFd(".bss.control"), 1);
        _sketches = new MappedTable<kvmscope_sketch>(_bpf.MapFd("sketches"), sizes.SketchEntries);
        Vms = new VmDirectory(host.CommandOf, Slots, host.Forget);
        _control[0].returns_on = 1;
        Vmms = new MappedTable<kvmscope_vmm>(_bpf.MapFd("vmms"), sizes.VmmEntries);
        Returns = new MappedTable<kvmscope_cell>(_bpf.MapFd("return_cells"), sizes.ReturnEntries);
        Ring = new MappedTable<kvmscope_last>(_bpf.MapFd("last_exits"), sizes.LastEntries);
        if (options?.LastExits > 0) Last = new LastReader(Slots, Vmms, Ring, options.LastExits, Vms);
        Reader = new TableReader(
            Slots, Cells, Vms, options ?? new TraceOptions(), options?.WantReturns == true ? new ReturnReader(Vmms, Returns) : null,
            new KnownVcpus(host.Machines, (options ?? new TraceOptions()).Filter, host.IsAlive, Vms));
        Sweeper = new SlotSweeper(
            Slots, Cells, _sketches, Reader, Vms, Free, _bpf.MapFd("vcpu_to_slot"), _bpf.MapFd("extras"), _bpf.MapFd("threads"),
            host.IsAlive, host.HoldsVcpus, Last);
        Exchange = new CellExchange(Slots, Cells, _sketches, _control, Reader, _bpf.MapFd("extras"), () =>
        {
            _bpf.WaitForPrograms();
            DuringWait?.Invoke();
        });
        Slow = new SlowExitReader(_bpf.MapFd("slow_exits"), Slots, Vms, options?.WantSplit == true);
    }

    internal MappedTable<kvmscope_slot> Slots { get; }
    internal MappedTable<kvmscope_cell> Cells { get; }
    internal MappedTable<kvmscope_vmm> Vmms { get; }
    internal MappedTable<kvmscope_cell> Returns { get; }
    internal MappedTable<kvmscope_last> Ring { get; }
    internal LastReader? Last { get; }
    internal FreeLists Free { get; }
    internal VmDirectory Vms { get; }
    internal TableReader Reader { get; }
    internal SlotSweeper Sweeper { get; }
    internal SlowExitReader Slow { get; }
    internal CellExchange Exchange { get; }

    /// <summary>Runs after each wait of <see cref="Exchange"/>: what the vCPUs do meanwhile.</summary>
    internal Action? DuringWait { get; set; }

    /// <summary>kvm_exit(exit_reason, vcpu, isa), as kernels up to 5.15 have it.</summary>
    internal void Exit(ulong vcpu, uint code, uint isa = Vmx)
    {
        ulong* context = stackalloc ulong[3] { code, Address(vcpu), isa };
        Run(_exit, context, 3);
    }

    /// <summary>kvm_entry(vcpu).</summary>
    internal void Entry(ulong vcpu)
    {
        ulong* context = stackalloc ulong[1] { Address(vcpu) };
        Run(_entry, context, 1);
    }

    /// <summary>kvm_userspace_exit(reason, errno), in the thread of the vCPU that exited last.</summary>
    internal void Return(uint reason, int error = 0)
    {
        ulong* context = stackalloc ulong[2] { reason, (ulong)(long)error };
        Run(_return, context, 2);
    }

    /// <summary>sched_switch(preempt, prev, next): task_structs by their addresses.</summary>
    internal void Switch(ulong previous, ulong next)
    {
        ulong* context = stackalloc ulong[3] { 0, previous, next };
        Run(_switch, context, 3);
    }

    /// <summary>What the programs take for the number of a thread, wherever its task_struct is said to be.</summary>
    internal uint TidOf(ulong task)
    {
        // struct cpu_history: each switch but the first on a CPU leaves the pid of the task that ran in one of its stretches.
        const int Bytes = 664, FirstPid = 24 + 16, Stretch = 40, Stretches = 16, MostTries = 1000;
        byte[] all = new byte[Bytes * Interop.Libbpf.libbpf_num_possible_cpus()];
        for (int tries = 0; tries < MostTries; tries++)
        {
            Switch(task, Address(0));
            int zero = 0;
            fixed (byte* values = all)
                Assert.Equal(0, Interop.Libbpf.bpf_map_lookup_elem(MapFd("cpu_history"), &zero, values));
            for (int at = 0; at < all.Length; at += Bytes)
                for (int i = 0; i < Stretches; i++)
                    if (BitConverter.ToUInt32(all, at + FirstPid + i * Stretch) is not 0 and var pid) return pid;
        }
        throw new InvalidOperationException("no thread number there");
    }

    /// <summary>
    /// KVM_RUN begins: does what begin_run() does at kvm_arch_vcpu_ioctl_run, which a test cannot run; the return before it took so long.
    /// </summary>
    internal void BeginRun(ulong vcpu, ulong ns)
    {
        int number = NumberOf(vcpu);
        ref kvmscope_vmm vmm = ref Vmms[number];
        if (vmm.open >= kvmscope_open.KVMSCOPE_FIRST_CELL)
        {
            int kinds = kvmscope_limits.KVMSCOPE_RETURN_KINDS, kind = (int)vmm.open - kvmscope_open.KVMSCOPE_FIRST_CELL;
            ref kvmscope_cell cell = ref Returns[number * kinds + kind];
            cell.begun++;
            cell.ended++;
            cell.total_ns += ns;
            cell.max_ns = Math.Max(cell.max_ns, ns);
            cell.bins[HistogramLayout.BinOf(ns)]++;
        }
        vmm.open = kvmscope_vmm_open.KVMSCOPE_VMM_RUN;
    }

    /// <summary>Any other program, with the arguments of its event or function.</summary>
    internal void Run(string program, params ReadOnlySpan<ulong> arguments)
    {
        fixed (ulong* context = arguments) Run(Fd(program), context, (uint)arguments.Length);
    }

    /// <summary>The number of the slot of a vCPU.</summary>
    internal int NumberOf(ulong vcpu)
    {
        for (int i = 1; i < Slots.Count; i++)
            if (Slots[i].vcpu == Address(vcpu)) return i;
        throw new InvalidOperationException($"vCPU {vcpu} has no slot");
    }

    /// <summary>The slot of a vCPU.</summary>
    internal ref kvmscope_slot SlotOf(ulong vcpu) => ref Slots[NumberOf(vcpu)];

    /// <summary>The table with the round of the free slots and cells.</summary>
    internal ref kvmscope_control Control => ref _control[0];

    /// <summary>Meets the vCPUs that there are, and notes what they do, as if the trace began now.</summary>
    internal void MeetVcpus(ulong sinceNs)
    {
        Assert.Equal(0, _bpf.RunIterator(BpfObject.Programs.KnownVcpus));
        (Control.since_ns, Control.note_states) = (sinceNs, 1);
        Assert.Equal(0, _bpf.RunIterator(BpfObject.Programs.VcpuStates));
    }

    /// <summary>Every CPU saw this vCPU last, so that its slot is not looked up.</summary>
    internal void HintAt(ulong vcpu)
    {
        int zero = 0;
        Hint[] hints = new Hint[kvmscope_limits.KVMSCOPE_HINTS];
        Array.Fill(hints, new Hint { Slot = (uint)NumberOf(vcpu) });
        fixed (Hint* values = hints) Assert.Equal(0, Interop.Libbpf.bpf_map_update_elem(_bpf.MapFd(".bss"), &zero, values, 0));
    }

    // struct hint of bpf/maps.bpf.h.
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Hint
    {
        public uint Slot;
    }

    /// <summary>A map.</summary>
    internal int MapFd(string name) => _bpf.MapFd(name);

    /// <summary>Ends a vCPU: does what forget_vcpu() does at kvm_arch_vcpu_destroy, which a test cannot run.</summary>
    internal void Forget(ulong vcpu)
    {
        ref kvmscope_slot slot = ref SlotOf(vcpu);
        slot.ended_ns = (ulong)MonotonicClock.NowNs();
        slot.vcpu = 0;
        slot.ended = 1;
        ulong address = Address(vcpu);
        Assert.Equal(0, Interop.Libbpf.bpf_map_delete_elem(_bpf.MapFd("vcpu_to_slot"), &address));
    }

    /// <summary>Ends vCPUs, frees their slots and cells, and begins a new round.</summary>
    internal void End(params IEnumerable<ulong> vcpus)
    {
        foreach (ulong vcpu in vcpus) Forget(vcpu);
        Sweeper.Sweep();
        if (Sweeper.Sweep()) Control.free_round++;
    }

    /// <summary>What happened since the reading before.</summary>
    internal Interval ReadInterval(Grouping grouping = Grouping.Vcpu)
    {
        int zero = 0;
        fixed (kvmscope_losses* values = _losses)
            Assert.Equal(0, Interop.Libbpf.bpf_map_lookup_elem(_bpf.MapFd("losses"), &zero, values));
        kvmscope_losses sum = default;
        foreach (kvmscope_losses one in _losses)
        {
            sum.dropped_vcpus += one.dropped_vcpus;
            sum.dropped_exits += one.dropped_exits;
            sum.lost_returns += one.lost_returns;
        }
        return Reader.Read(grouping, sum, missedEvents: 0);
    }

    /// <summary>What happened since the beginning, from intervals that were read one after the other.</summary>
    internal Interval ReadAll(Grouping grouping = Grouping.Vcpu)
    {
        _all.Add(ReadInterval());
        IntervalSum sum = new(grouping);
        sum.Add(_all.ToInterval());
        return sum.ToInterval();
    }

    /// <summary>The same as rows and losses.</summary>
    internal (IReadOnlyList<Row> Rows, Accounting Accounting) Read(Grouping grouping = Grouping.Vcpu)
    {
        Interval all = ReadAll(grouping);
        return (all.Rows, all.Accounting);
    }

    // Below the first page that a process can map: reading fails there, and gives zeros.
    private static ulong Address(ulong vcpu) => 8 * vcpu;

    private int Fd(string program)
    {
        nint found = Interop.Libbpf.bpf_object__find_program_by_name(_bpf.Handle, program);
        return BpfCalls.bpf_program__fd(found);
    }

    // BPF_PROG_TEST_RUN has no way to run a fentry program with arguments of one's own: the names of their sections are changed.
    private static byte[] WithoutFentry()
    {
        byte[] bytes = [.. s_object];
        ReadOnlySpan<byte> fentry = "fentry/"u8, raw = "raw_tp/"u8;
        for (Span<byte> rest = bytes; rest.IndexOf(fentry) is >= 0 and var at; rest = rest[at..]) raw.CopyTo(rest[at..]);
        return bytes;
    }

    internal static void Run(int program, ulong* context, uint words)
    {
        BpfCalls.bpf_test_run_opts options = new()
        {
            sz = (nuint)sizeof(BpfCalls.bpf_test_run_opts),
            ctx_in = context,
            ctx_size_in = words * 8,
        };
        if (BpfCalls.bpf_prog_test_run_opts(program, &options) < 0)
            throw new InvalidOperationException(Errno.Text(Marshal.GetLastPInvokeError()));
    }

    public void Dispose()
    {
        Slow.Dispose();
        _bpf.Dispose();
        Slots.Dispose();
        Cells.Dispose();
        _sketches.Dispose();
        _control.Dispose();
        Vmms.Dispose();
        Returns.Dispose();
        Ring.Dispose();
    }
}

/// <summary>Tests that load BPF programs run one after the other, because some check which programs are loaded.</summary>
[CollectionDefinition(Name)]
public sealed class KernelGroup
{
    public const string Name = "kernel";
}
