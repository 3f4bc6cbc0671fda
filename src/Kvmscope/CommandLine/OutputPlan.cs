using Kvmscope.Core.Reports;
using Kvmscope.Terminal;

namespace Kvmscope.CommandLine;

/// <summary>How the answer is written, and where to.</summary>
/// <param name="Format">Table, JSON or CSV.</param>
/// <param name="File">The file of <c>-o</c>; null for standard output.</param>
/// <param name="Color">When to colour a table.</param>
internal sealed record OutputPlan(OutputFormat Format, string? File, ColorWhen Color)
{
    /// <summary>The kind of picture that is wanted instead: svg, png or html; null for none.</summary>
    public string? Picture { get; init; }
}
