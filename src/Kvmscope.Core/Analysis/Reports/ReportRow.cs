using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>One group of a report; a key that the report is not grouped by is null.</summary>
public sealed class ReportRow
{
    private TallySum _total, _l1, _l2;

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
    public TimeParts? Parts => Total.Parts;

    /// <summary>What became of reflected exits; null where none was, or it was not asked for.</summary>
    public ReflectedRounds? Rounds => Total.Rounds;

    /// <summary>Both levels.</summary>
    public Tally Total => _total.Value;

    /// <summary>Exits of L1.</summary>
    public Tally L1 => _l1.Value;

    /// <summary>Exits of L2.</summary>
    public Tally L2 => _l2.Value;

    internal void Add(Tally tally, ExitLevel level)
    {
        _total.Add(tally);
        if (level == ExitLevel.L2) _l2.Add(tally);
        else _l1.Add(tally);
    }
}
