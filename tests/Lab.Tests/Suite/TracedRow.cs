namespace Kvmscope.Lab.Tests.Suite;

/// <summary>A row of an answer, as its JSON has it.</summary>
/// <param name="Vm">The VM's name; null if rows are not by VM.</param>
/// <param name="VmPid">Its process.</param>
/// <param name="Vcpu">The vCPU; null if rows are not by vCPU.</param>
/// <param name="Isa">vmx, svm or none.</param>
/// <param name="Key">Code and level.</param>
/// <param name="Reason">The name.</param>
/// <param name="Count">Exits.</param>
/// <param name="AverageNs">The average of the timed exits; null for count.</param>
/// <param name="MaxNs">The longest; null for count.</param>
/// <param name="Timed">Durations in the histogram; 0 for any other command.</param>
internal sealed record TracedRow(
    string? Vm, int? VmPid, int? Vcpu, string Isa, ExitKey Key, string Reason, ulong Count, ulong? AverageNs, ulong? MaxNs, ulong Timed)
{
    /// <summary>The qualifier as printed; null if there is none.</summary>
    internal string? Qualifier { get; init; }

    /// <summary>Its numbers, as text.</summary>
    internal string? Raw { get; init; }

    /// <summary>The page's address as printed; null if there is none.</summary>
    internal string? Page { get; init; }

    /// <summary>The instruction's address as printed; null if there is none.</summary>
    internal string? Rip { get; init; }

    /// <summary>The instruction's symbol.</summary>
    internal string? Symbol { get; init; }

    /// <summary>The sum of the durations; 0 for count.</summary>
    internal ulong TotalNs { get; init; }

    /// <summary>The wall clock, in a row of a wall clock.</summary>
    internal ulong? WallNs { get; init; }

    /// <summary>parts_ns; without those that are null.</summary>
    internal IReadOnlyDictionary<string, ulong> Parts { get; init; } = new Dictionary<string, ulong>();

    internal ulong? Handled { get; init; }

    internal ulong? Reflected { get; init; }

    internal ulong? RoundAverageNs { get; init; }

    internal double? L1ExitsPerRound { get; init; }
}

/// <summary>The key by which counts are compared.</summary>
internal readonly record struct ExitKey(ulong Code, int Level)
{
    public override string ToString() => $"0x{Code:x} of L{Level}";
}
