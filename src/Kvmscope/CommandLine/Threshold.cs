using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.CommandLine;

/// <summary>Reads the threshold of slow exits, and the part of the handling time that is compared with it.</summary>
internal static class Threshold
{
    /// <summary>10 ms, in ns, as in the original tool.</summary>
    public const ulong DefaultNs = 10_000_000;

    private const string Hint = "Give a number and a unit: 500ns, 50us, 2ms, 1s; a bare number is ms.";

    // All parts in which the guest does not run.
    private static readonly PartNames.PartInfo[] s_parts =
        [.. PartNames.All.Where(p => p.Part is not (TimePart.Guest or TimePart.Unattributed))];

    /// <summary>The parts of the handling time, as <c>--part</c> takes them.</summary>
    public static string[] Parts { get; } = [.. s_parts.Select(p => p.Name)];

    /// <summary>The threshold in ns.</summary>
    /// <param name="text">The text that the user typed; null for the default.</param>
    /// <exception cref="Core.KvmscopeException">It is not a time, or not one that an exit can take (status 2).</exception>
    public static ulong Parse(string? text)
    {
        if (text is null) return DefaultNs;
        if (!Durations.TryParse(text, "ms", out double ns)) throw UsageError.Of($"'{text}' is not a handling time", Hint);
        // Above an hour a typing error is more likely; 0 would mean every exit, and 'time' shows those.
        return ns is >= 1 and <= 3600e9 ? (ulong)ns : throw UsageError.Of($"threshold '{text}' is out of range: 1ns to 1h", Hint);
    }

    /// <summary>The part that <c>--part</c> names.</summary>
    /// <exception cref="Core.KvmscopeException">No part has this name (status 2).</exception>
    public static TimePart ParsePart(string text) =>
        Array.Find(s_parts, p => string.Equals(p.Name, text, StringComparison.OrdinalIgnoreCase))?.Part
            ?? throw UsageError.NotOneOf("--part", text, Parts);

    /// <summary>A part's name as <c>--part</c> takes it.</summary>
    public static string NameOf(TimePart part) => Array.Find(s_parts, p => p.Part == part)?.Name ?? "";
}
