using Kvmscope.Core.Reports;
using Kvmscope.Core.Sources;
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

    /// <summary>Refuses to write the answer over what it is made of, before the file of <c>-o</c> is opened.</summary>
    /// <param name="system">Tells which file a name leads to.</param>
    /// <param name="inputs">What is read; by whatever name.</param>
    /// <exception cref="Core.KvmscopeException">The answer's file is one of them (status 2).</exception>
    public void Spare(IOperatingSystem system, params IReadOnlyList<string> inputs)
    {
        if (File is null || system.IdentityOf(File) is not { } written) return;
        if (inputs.FirstOrDefault(input => system.IdentityOf(input) == written) is not { } input) return;
        string same = input == File ? "" : $", which is '{input}'";
        throw UsageError.Of($"-o '{File}'{same}: the answer would be written over what it is made of", "Give another file with -o, or leave it out.");
    }
}
