using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;

namespace Kvmscope.Server.Metrics;

/// <summary>How many series there are, and how long.</summary>
public sealed record MetricsOptions
{
    /// <summary>How many VMs that ended keep their series at most; those that ended first lose them first.</summary>
    public const int MostEndedVms = 1000;

    /// <summary>How many reasons of a VM have series of their own, and how many kinds of returns to the VMM.</summary>
    public int Reasons { get; init; } = 12;

    /// <summary>Whether exits and wall clocks are by vCPU.</summary>
    public bool Vcpus { get; init; }

    /// <summary>How long a VM that ended keeps its series.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The version of kvmscope.</summary>
    public string Version { get; init; } = "";
}

/// <summary>What a trace measures: the rest has no series.</summary>
public sealed record MeasuredKinds
{
    /// <summary>Handling times.</summary>
    public bool Times { get; init; } = true;

    /// <summary>Where the wall clock went. Not where exits were filtered out by reason or level.</summary>
    public bool Split { get; init; }

    /// <summary>Reflected exits of L2.</summary>
    public bool Nested { get; init; }

    /// <summary>Exits over a threshold.</summary>
    public bool Slow { get; init; }

    /// <summary>Returns to the VMM.</summary>
    public bool Returns { get; init; }

    /// <summary>What a trace with these options measures.</summary>
    public static MeasuredKinds Of(TraceOptions options) => new()
    {
        Times = options.WantTime || options.WantNested,
        Split = options.WantSplit && options.Filter.PassesAllExits,
        Nested = options.WantNested,
        Slow = options.SlowNs > 0,
        Returns = options.WantReturns,
    };

    /// <summary>What a recording has.</summary>
    public static MeasuredKinds Of(RecordingHeader header) => new()
    {
        Times = header.HasTime,
        Split = header.HasSplit && header.HasAllExits,
        Nested = header.HasNested,
        Slow = header.SlowNs > 0,
        Returns = header.HasReturns,
    };
}
