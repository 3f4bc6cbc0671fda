using System.CommandLine;
using Kvmscope.Core.Output;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.CommandLine;

/// <summary>The options that say how the answer is written, and where to.</summary>
internal sealed class OutputOptions
{
    private static readonly string[] s_colors = ["auto", "always", "never"];

    private readonly OutputFormat[] _formats;
    private readonly Option<string> _format;
    private readonly Option<string> _output =
        OptionFactory.Value("--output", "FILE", "Write to FILE instead of standard output.");
    private readonly Option<string> _color =
        OptionFactory.Value("--color", "WHEN", "auto (colour on a terminal unless NO_COLOR is set), always or never.")
            .Of(s_colors);

    /// <summary>Makes the options.</summary>
    /// <param name="formats">The formats that the command has.</param>
    public OutputOptions(IEnumerable<OutputFormat> formats)
    {
        _formats = [.. formats.Distinct()];
        _format = OptionFactory.Value("--format", string.Join('|', _formats.Select(f => f.Name)),
            "The format of the output (default: table).");
    }

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group => new("Output", [_format, _output, _color]);

    /// <summary>Reads the options.</summary>
    /// <exception cref="Core.KvmscopeException">An unknown value (status 2).</exception>
    public OutputPlan Read(ParseResult result)
    {
        string name = result.Text(_format) ?? OutputFormat.Table.Name;
        int at = Array.FindIndex(_formats, f => f.Name == name);
        if (at < 0) throw UsageError.NotOneOf("--format", name, [.. _formats.Select(f => f.Name)]);
        ColorWhen color = (result.Text(_color) ?? "auto") switch
        {
            "auto" => ColorWhen.Auto,
            "always" => ColorWhen.Always,
            "never" => ColorWhen.Never,
            var other => throw UsageError.NotOneOf("--color", other, s_colors),
        };
        // "-" is standard output, as in other programs.
        string? file = result.Text(_output) is { } path and not "-" ? path : null;
        if (file is "") throw UsageError.Of("-o has an empty name", "Give a file, or leave -o out.");
        return new OutputPlan(_formats[at], file, color);
    }
}

/// <summary>How the answer is written, and where to.</summary>
/// <param name="Format">Its format.</param>
/// <param name="File">The file of <c>-o</c>; null for standard output.</param>
/// <param name="Color">When to colour a table.</param>
internal sealed record OutputPlan(OutputFormat Format, string? File, ColorWhen Color)
{
    /// <summary>
    /// Whether the answer has names of the host's tasks or addresses in the guests' code: only the file's owner may read it.
    /// </summary>
    public bool IsPrivate { get; init; }

    /// <summary>Refuses to overwrite an input with the output; called before the file of <c>-o</c> is opened.</summary>
    /// <param name="system">Tells which file a path refers to.</param>
    /// <param name="inputs">The files that are read.</param>
    /// <exception cref="Core.KvmscopeException">The output file is one of them (status 2).</exception>
    public void RefuseOverwrite(IOperatingSystem system, params IReadOnlyList<string> inputs)
    {
        if (File is null || system.IdentityOf(File) is not { } written) return;
        if (inputs.FirstOrDefault(input => system.IdentityOf(input) == written) is not { } input) return;
        string same = input == File ? "" : $", which is '{input}'";
        throw UsageError.Of($"-o '{File}'{same}: the output would overwrite its own input", "Give another file with -o, or leave it out.");
    }
}
