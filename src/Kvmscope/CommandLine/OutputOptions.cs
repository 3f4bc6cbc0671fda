using System.CommandLine;
using Kvmscope.Core.Reports;
using Kvmscope.Terminal;

namespace Kvmscope.CommandLine;

/// <summary>The options that say how the answer is written, and where to.</summary>
internal sealed class OutputOptions
{
    private static readonly string[] s_withCsv = ["table", "json", "csv"];
    private static readonly string[] s_withoutCsv = ["table", "json"];

    private readonly string[] _formats, _pictures;
    private readonly Option<string> _format;
    private readonly Option<string> _output =
        OptionFactory.Value("--output", "FILE", "Write the answer to FILE and not to standard output.", "-o");
    private readonly Option<string> _color =
        OptionFactory.Value("--color", "WHEN", "auto (on a terminal, and NO_COLOR unset), always or never.");

    /// <summary>Makes the options.</summary>
    /// <param name="csv">Whether the command's answer has rows for CSV.</param>
    /// <param name="pictures">Kinds of pictures that the command can draw.</param>
    public OutputOptions(bool csv = true, params string[] pictures)
    {
        _pictures = pictures;
        _formats = [.. csv ? s_withCsv : s_withoutCsv, .. pictures];
        _format = OptionFactory.Value("--format", string.Join('|', _formats), "How to write the answer; a table unless said.");
    }

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group => new("Output", [_format, _output, _color]);

    /// <summary>Reads the options.</summary>
    /// <exception cref="Core.KvmscopeException">A value that is not known (status 2).</exception>
    public OutputPlan Read(ParseResult result)
    {
        OutputFormat format = (result.Text(_format) ?? "table") switch
        {
            "table" => OutputFormat.Table,
            "json" => OutputFormat.Json,
            "csv" when _formats.Contains("csv") => OutputFormat.Csv,
            var picture when _pictures.Contains(picture) => OutputFormat.Table,
            var other => throw UsageError.NotOneOf("--format", other, _formats),
        };
        ColorWhen color = (result.Text(_color) ?? "auto") switch
        {
            "auto" => ColorWhen.Auto,
            "always" => ColorWhen.Always,
            "never" => ColorWhen.Never,
            var other => throw UsageError.NotOneOf("--color", other, ["auto", "always", "never"]),
        };
        // "-" is standard output, as elsewhere.
        string? file = result.Text(_output) is { } path and not "-" ? path : null;
        if (file is "") throw UsageError.Of("-o has an empty name", "Give a file, or leave -o out.");
        return new OutputPlan(format, file, color) { Picture = result.Text(_format) is { } kind && _pictures.Contains(kind) ? kind : null };
    }
}
