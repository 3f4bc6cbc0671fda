using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.CommandLine;

/// <summary>The parts of a handling time that <c>--part</c> knows: a guest runs in none of them.</summary>
internal static class SlowPart
{
    private static readonly PartNames.PartInfo[] s_parts = [.. PartNames.All.Where(p => p.Part is not (TimePart.Guest or TimePart.Unattributed))];

    /// <summary>The part that is named.</summary>
    /// <exception cref="Core.KvmscopeException">There is none of this name (status 2).</exception>
    public static TimePart Parse(string text) =>
        Array.Find(s_parts, p => string.Equals(p.Name, text, StringComparison.OrdinalIgnoreCase))?.Part
            ?? throw UsageError.NotOneOf("--part", text, [.. s_parts.Select(p => p.Name)]);

    /// <summary>Its name as it is typed.</summary>
    public static string NameOf(TimePart part) => Array.Find(s_parts, p => p.Part == part)?.Name ?? "";
}
