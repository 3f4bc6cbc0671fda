using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.Recordings;

/// <summary>Says where and how a trace is made, for whoever keeps or serves it.</summary>
internal static class RecordingHeaders
{
    /// <summary>The header of a trace, except its start.</summary>
    public static RecordingHeader Of(
        HostIdentity identity, IHost host, TimeSpan interval, Grouping grouping, TraceOptions detail, Selection selection) => new()
        {
            Program = CommandLine.ProgramHelp.Version,
            Host = identity.Name,
            Kernel = identity.Kernel,
            Cpu = identity.Cpu,
            Cpus = identity.Cpus,
            BootId = identity.BootId,
            Isa = host.Isa,
            IntervalNs = interval.Ticks * 100,
            Grouping = grouping,
            HasTime = detail.WantTime,
            HasSplit = detail.WantSplit,
            HasQualifiers = detail.WantQualifiers,
            PageShift = detail.PageShift,
            HasRips = detail.WantRips,
            HasNested = detail.WantNested,
            HasReturns = detail.WantReturns,
            HasAllExits = selection.HasAllExits,
            SlowNs = detail.SlowNs,
            SlowPart = detail.SlowPart,
            HasWho = detail.WantWho,
            Selection = selection,
            Machines = [.. selection.Traced(host.Machines()).Select(m => new KnownVm(m.Pid, m.Name, m.Labels))],
        };
}
