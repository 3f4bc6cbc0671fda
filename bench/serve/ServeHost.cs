using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Tests.Tracing;

namespace Kvmscope.ServeBench;

/// <summary>A host on which a trace is that of simulated VMs.</summary>
internal sealed class ServeHost(int vms, int vcpus) : IHost
{
    public Isa Isa => Isa.Svm;

    public int UnreadableProcesses => 0;

    public bool HidesProcesses => false;

    public HostIdentity Identity() => new("simulated", "6.1", "simulated", 1, "bench");

    public IReadOnlyList<VirtualMachine> Machines() => [];

    public IReadOnlyList<HostCheck> Check() => [];

    public ITraceSession Trace(TraceOptions options) => new Session(vms, vcpus, options);

    public string? DropPrivileges(bool keepFiles, bool keepSignals) => null;

    private sealed class Session : ITraceSession
    {
        private const int Reasons = 10, ExitsOfEach = 3;

        private readonly SimulatedHost _host;
        private readonly SimulatedHost.Vm[] _vms;

        internal Session(int vms, int vcpus, TraceOptions options)
        {
            TimeProvider clock = TimeProvider.System;
            _host = new SimulatedHost(
                vms * vcpus, options, () => clock.GetTimestamp() * (1_000_000_000 / clock.TimestampFrequency), clock.GetUtcNow);
            _vms = [.. Enumerable.Range(0, vms).Select(
                i => _host.Start(string.Create(CultureInfo.InvariantCulture, $"vm-{i:000}"), vcpus))];
        }

        public Interval Read(Grouping grouping)
        {
            foreach (SimulatedHost.Vm vm in _vms) _host.Run(vm, ExitsOfEach, Reasons);
            return _host.Read(grouping);
        }

        // There are none: as long as the reader of a real trace waits for one.
        public int ReadSlow(TimeSpan timeout, Action<SlowExit> sink)
        {
            if (timeout > TimeSpan.Zero) Thread.Sleep(timeout);
            return 0;
        }

        public void ExchangeCells() => _host.ExchangeCells();

        public void Sweep() => _host.Sweep();

        public void Dispose() => _host.Dispose();
    }
}
