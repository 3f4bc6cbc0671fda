using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Tests.Foreign;

/// <summary>A host with the canary in each string that it gives.</summary>
internal sealed class CanaryHost(IHost inner) : IHost
{
    public Isa Isa => inner.Isa;

    public int UnreadableProcesses => 2;

    public bool HidesProcesses => true;

    public HostIdentity Identity() => Canary.In(inner.Identity());

    public IReadOnlyList<VirtualMachine> Machines() => [.. inner.Machines().Select(m => Canary.In(m))];

    public IReadOnlyList<HostCheck> Check() => [.. inner.Check().Select(c => Canary.In(c))];

    public ITraceSession Trace(TraceOptions options) => new Session(inner.Trace(options));

    public string? DropPrivileges(bool keepFiles, bool keepSignals) => Canary.Text;

    private sealed class Session(ITraceSession inner) : ITraceSession
    {
        public long? SinceNs => inner.SinceNs;

        public string? Remark => Canary.Text;

        public Interval Read(Grouping grouping) =>
            Canary.In(inner.Read(grouping) with { Missing = [new(TimePart.Poll, ""), new(null, "")], RestartedRows = 1 });

        public int ReadSlow(TimeSpan timeout, Action<SlowExit> sink) => inner.ReadSlow(timeout, exit => sink(Canary.In(exit)));

        public IReadOnlyList<VcpuHistory> TakeHistories(bool all) => [.. inner.TakeHistories(all).Select(h => Canary.In(h))];

        public void Sweep() => inner.Sweep();

        public void ExchangeCells() => inner.ExchangeCells();

        public void Dispose() => inner.Dispose();
    }
}
