using Kvmscope.Core.Output;
using Kvmscope.Host;
using Kvmscope.Terminal;

namespace Kvmscope.CommandLine;

/// <summary>How the answer is written, and where to.</summary>
/// <param name="Format">One that the answer has.</param>
/// <param name="File">The file of <c>-o</c>; null for standard output.</param>
/// <param name="Color">When to colour a table.</param>
internal sealed record OutputPlan(OutputFormat Format, string? File, ColorWhen Color)
{
    /// <summary>Refuses to write the answer over what it is made of, before the file of <c>-o</c> is opened.</summary>
    /// <param name="inputs">What is read; by whatever name.</param>
    /// <exception cref="Core.KvmscopeException">The answer's file is one of them (status 2).</exception>
    public void Spare(params IReadOnlyList<string> inputs)
    {
        if (File is null || FileIdentity.OfRegularFile(File) is not { } written) return;
        if (inputs.FirstOrDefault(input => FileIdentity.OfRegularFile(input) == written) is not { } input) return;
        string same = input == File ? "" : $", which is '{input}'";
        throw UsageError.Of($"-o '{File}'{same}: the answer would be written over what it is made of", "Give another file with -o, or leave it out.");
    }
}
