namespace Kvmscope.Core.Output;

/// <summary>Where output goes.</summary>
/// <param name="Writer">Takes text; those who write to it do not flush or close it.</param>
/// <param name="Style">The layout of text for people; other formats ignore it.</param>
/// <param name="Bytes">Takes what is not text; null where only text can be written.</param>
public sealed record Destination(TextWriter Writer, ViewStyle Style, Stream? Bytes = null);

/// <summary>How text for people is laid out.</summary>
/// <param name="Width">Columns; lines are not longer if anything can be left out.</param>
/// <param name="Color">Whether to colour; only ever on a terminal.</param>
/// <param name="Unicode">Whether µ and … can be shown; else u and ~.</param>
public sealed record ViewStyle(int Width = 80, bool Color = false, bool Unicode = true)
{
    /// <summary>Whether the output is a terminal; else lines may be long.</summary>
    public bool IsTerminal { get; init; }
}
