using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Tests.Fakes;

/// <summary>A host with two VMs, on which tracing works; each part can be replaced.</summary>
internal sealed class FakeHost(FakeClock clock) : IHost
{
    public Isa Isa { get; init; } = Isa.Vmx;

    public IReadOnlyList<VirtualMachine> Vms { get; init; } =
    [
        new(4242, "web1", "qemu", 1, [0, 1, 2, 3]),
        new(4711, "db1", "firecracker", 1, [0, 1]),
    ];

    public int UnreadableProcesses { get; init; }

    public bool HidesProcesses { get; init; }

    public IReadOnlyList<HostCheck> Checks { get; init; } =
    [
        new("kernel", CheckVerdict.Ok, "6.1.0"),
        new("module BTF", CheckVerdict.Limited, "none for kvm", "Tracing uses raw tracepoints instead."),
    ];

    public IReadOnlyList<Row> Rows { get; init; } =
        [Row(12, ExitLevel.L1, 100, 1_000_000), Row(10, ExitLevel.L1, 40, 1_500), Row(10, ExitLevel.L2, 7, 20_000)];

    /// <summary>The wall clocks of a second, if the split is asked for.</summary>
    public IReadOnlyList<VcpuTime> Times { get; init; } = [];

    /// <summary>The VMs of the rows.</summary>
    public IReadOnlyList<VmIdentity> Identities { get; init; } = [new(0, 4242, "web1"), new(1, 4711, "db1")];

    public Accounting Accounting { get; init; } = new();

    /// <summary>Exits without an entry since the beginning, by the seconds that have passed.</summary>
    public Func<double, ulong>? UnpairedExits { get; init; }

    /// <summary>What is open at every reading.</summary>
    public IReadOnlyList<OpenAge> OpenAges { get; init; } = [];

    public IReadOnlyList<SlowExit> Slow { get; init; } = [];

    /// <summary>Returns to the VMM; like the rows, they grow with each second if that is asked for.</summary>
    public IReadOnlyList<VmmReturns> Returns { get; init; } = [];

    public IReadOnlyList<VcpuState> States { get; init; } = [];

    /// <summary>The last exits of vCPUs: of those that ended when it first asks, of the others at the end.</summary>
    public IReadOnlyList<VcpuHistory> Histories { get; init; } = [];

    public bool GrowsEachSecond { get; init; }

    /// <summary>How long it takes to attach.</summary>
    public TimeSpan Attaching { get; init; }

    /// <summary>Thrown by <see cref="Trace"/>.</summary>
    public KvmscopeException? Refusal { get; init; }

    /// <summary>The calls, in order.</summary>
    public List<string> Log { get; init; } = [];

    /// <summary>The options given to <see cref="Trace"/>; null if it was not called.</summary>
    public TraceOptions? Asked { get; private set; }

    public FakeSession? Session { get; private set; }

    public static Row Row(ulong code, ExitLevel level, ulong count, ulong eachNs, Isa isa = Isa.Vmx)
    {
        var row = new Row(new GroupKey(0, 0, new ExitCode(isa, code), level))
        {
            Count = count,
            Timed = count,
            TotalNs = count * eachNs,
            MaxNs = eachNs,
        };
        row.Bins.Add(HistogramLayout.BinOf(eachNs), count);
        return row;
    }

    public HostIdentity Id { get; init; } = new("host1", "6.1.0-test", "a CPU", 4, "boot-1");

    public HostIdentity Identity() => Id;

    public IReadOnlyList<VirtualMachine> Machines() => Vms;

    public IReadOnlyList<HostCheck> Check() => Checks;

    /// <summary>What the trace remarks.</summary>
    public string? Remark { get; init; }

    /// <summary>What stays when privileges are dropped.</summary>
    public string? Undropped { get; init; }

    public string? DropPrivileges(bool keepFiles, bool keepSignals)
    {
        Log.Add(keepFiles ? "drop, and make files" : "drop");
        return Undropped;
    }

    public ITraceSession Trace(TraceOptions options)
    {
        Asked = options;
        if (Refusal is not null) throw Refusal;
        Log.Add("attach");
        clock.Advance(Attaching);
        return Session = new FakeSession(clock, this);
    }
}
