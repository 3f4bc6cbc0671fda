using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Reports;

/// <summary>One group of a report; a key that the report is not grouped by is null.</summary>
public sealed class ReportRow
{
    /// <summary>The VM.</summary>
    public VmIdentity? Vm { get; init; }

    /// <summary>The vCPU's id.</summary>
    public int? Vcpu { get; init; }

    /// <summary>The reason.</summary>
    public ExitCode? Code { get; init; }

    /// <summary>The level.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>Whether these exits are idle waiting; null where idle and busy exits are together.</summary>
    public bool? Idle { get; init; }

    /// <summary>The reason's argument; none where rows are not grouped by it.</summary>
    public Qualifier Qualifier { get; init; }

    /// <summary>Where the time went, open exits included; null without the split.</summary>
    public TimeParts? Parts { get; private set; }

    /// <summary>What became of reflected exits; null where none was, or it was not asked for.</summary>
    public ReflectedRounds? Rounds { get; private set; }

    /// <summary>Both levels.</summary>
    public Measure Total { get; } = new();

    /// <summary>Exits of L1.</summary>
    public Measure L1 { get; } = new();

    /// <summary>Exits of L2.</summary>
    public Measure L2 { get; } = new();

    internal void Add(TimeParts parts)
    {
        parts.Add(Parts ?? default);
        Parts = parts;
    }

    internal void Add(ReflectedRounds more)
    {
        ReflectedRounds sum = Rounds ??= new ReflectedRounds();
        sum.Reflected += more.Reflected;
        sum.Ended += more.Ended;
        sum.TotalNs += more.TotalNs;
        sum.HandlingNs += more.HandlingNs;
        sum.L1Exits += more.L1Exits;
        sum.MaxNs = Math.Max(sum.MaxNs, more.MaxNs);
        Histogram.Add(sum.Bins, more.Bins);
    }

    internal void Add(Measure measure, ExitLevel level)
    {
        Total.Add(measure);
        (level == ExitLevel.L2 ? L2 : L1).Add(measure);
    }
}
