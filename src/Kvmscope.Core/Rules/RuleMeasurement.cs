namespace Kvmscope.Core.Rules;

/// <summary>What was measured for a rule.</summary>
/// <param name="Value">The value in the base unit; null where there is none.</param>
/// <param name="Bound">How it stands to the true value.</param>
/// <param name="Note">Whose it is; empty where nothing is to be said.</param>
/// <param name="Caveat">What limits it, or why there is no value; null where nothing does.</param>
internal readonly record struct RuleMeasurement(ExactNumber? Value, RuleBound Bound, string Note, string? Caveat)
{
    /// <summary>Nothing was measured.</summary>
    internal static RuleMeasurement None(string why) => new(null, RuleBound.Exact, "", why);

    /// <summary>A value that can only be too low where something was lost.</summary>
    internal static RuleMeasurement Lowest(ExactNumber value, string note, string? loss, string? caveat = null) =>
        new(value, loss is null ? RuleBound.Exact : RuleBound.AtLeast, note, loss ?? caveat);
}
