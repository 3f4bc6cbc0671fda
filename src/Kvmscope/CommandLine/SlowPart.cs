using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.CommandLine;

/// <summary>The parts of a handling time that <c>--part</c> knows: all in which the guest does not run.</summary>
internal static class SlowPart
{
    private static readonly PartNames.PartInfo[] s_parts =
        [.. PartNames.All.Where(p => p.Part is not (TimePart.Guest or TimePart.Unattributed))];

    /// <summary>The part of this name.</summary>
    /// <exception cref="Core.KvmscopeException">No part has this name (status 2).</exception>
    public static TimePart Parse(string text) =>
        Array.Find(s_parts, p => string.Equals(p.Name, text, StringComparison.OrdinalIgnoreCase))?.Part
            ?? throw UsageError.NotOneOf("--part", text, [.. s_parts.Select(p => p.Name)]);

    /// <summary>Its name as it is typed.</summary>
    public static string NameOf(TimePart part) => Array.Find(s_parts, p => p.Part == part)?.Name ?? "";
}
