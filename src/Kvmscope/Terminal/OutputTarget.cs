using Kvmscope.CommandLine;
using Kvmscope.Core.Output;

namespace Kvmscope.Terminal;

/// <summary>Where an answer goes: standard output, or the file of <c>-o</c>.</summary>
internal sealed class OutputTarget : IDisposable
{
    private readonly OutputFile? _file;
    private bool _hasBegun;

    private OutputTarget(OutputFile? file, TextWriter writer, ViewStyle style) =>
        (_file, To) = (file, new Destination(writer, style, file?.Bytes));

    /// <summary>Takes the answer; flush after each.</summary>
    public Destination To { get; }

    /// <summary>Its text.</summary>
    public TextWriter Writer => To.Writer;

    /// <summary>Width and colour of tables there.</summary>
    public ViewStyle Style => To.Style;

    /// <summary>Opens it.</summary>
    /// <exception cref="Core.KvmscopeException">The file cannot be written (status 2).</exception>
    public static OutputTarget Open(OutputPlan plan, CommandContext context)
    {
        if (plan.File is not { } path) return new OutputTarget(null, context.Out, context.Screen.Style(plan.Color));
        OutputFile file = OutputFile.Open(path);
        return new OutputTarget(file, file.Writer, context.Screen.AsFile.Style(plan.Color));
    }

    /// <summary>Called before the first output: empties the file.</summary>
    public void Begin()
    {
        // Once: later calls must not remove what was written since.
        if (!_hasBegun) _file?.Empty();
        _hasBegun = true;
    }

    /// <summary>Closes the file; standard output stays open.</summary>
    public void Dispose() => _file?.Dispose();
}
