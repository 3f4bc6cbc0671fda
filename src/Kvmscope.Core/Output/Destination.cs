namespace Kvmscope.Core.Output;

/// <summary>Where an answer goes.</summary>
/// <param name="Writer">Takes text; neither flushed nor closed by those who write an answer.</param>
/// <param name="Style">How text for people is laid out there; other formats have no style.</param>
/// <param name="Bytes">Takes what is not text; null where only text can be written.</param>
public sealed record Destination(TextWriter Writer, ViewStyle Style, Stream? Bytes = null);

/// <summary>How text for people is laid out.</summary>
/// <param name="Width">Columns; lines are never longer, as far as anything can be left out.</param>
/// <param name="Color">Whether to colour; only ever on a terminal.</param>
/// <param name="Unicode">Whether µ and … can be shown; else u and ~.</param>
public sealed record ViewStyle(int Width = 80, bool Color = false, bool Unicode = true)
{
    /// <summary>Whether somebody reads along; else there is room for long lines.</summary>
    public bool IsTerminal { get; init; }
}
