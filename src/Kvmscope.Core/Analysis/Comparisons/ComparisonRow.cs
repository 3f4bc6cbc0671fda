using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>One group of both sides; a key that rows are not grouped by is null.</summary>
public sealed class ComparisonRow
{
    internal ComparisonRow(ReportRow keys) => Keys = keys;

    /// <summary>The VM, as it was first seen; on the other side it may have another process.</summary>
    public VmIdentity? Vm => Keys.Vm;

    /// <summary>The vCPU's id.</summary>
    public int? Vcpu => Keys.Vcpu;

    /// <summary>The reason.</summary>
    public ExitCode? Code => Keys.Code;

    /// <summary>The level.</summary>
    public ExitLevel? Level => Keys.Level;

    /// <summary>Whether these exits are idle waiting; null in the row of all exits.</summary>
    public bool? Idle => Keys.Idle;

    /// <summary>The reason's argument; none where rows are not grouped by it.</summary>
    public Qualifier Qualifier => Keys.Qualifier;

    /// <summary>The first side.</summary>
    public required ComparisonFigures A { get; init; }

    /// <summary>The second side.</summary>
    public required ComparisonFigures B { get; init; }

    /// <summary>Handling time in ns for each second of wall clock, B's less A's: what rows are ordered by. For idle exits it is waiting.</summary>
    public required long Change { get; init; }

    /// <summary>The figures that changed beyond what noise between the samples explains.</summary>
    public required ChangedFigures Marks { get; init; }

    /// <summary>Whether any figure changed beyond noise.</summary>
    public bool Marked => Marks != ChangedFigures.None;

    /// <summary>The keys alone, as reports have them.</summary>
    internal ReportRow Keys { get; }
}
