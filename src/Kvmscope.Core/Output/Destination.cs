namespace Kvmscope.Core.Output;

/// <summary>Where output goes.</summary>
/// <param name="writer">Takes text; those who write to it do not flush or close it.</param>
/// <param name="style">The layout of text for people, asked for at each answer: a window changes its size.</param>
/// <param name="bytes">Takes what is not text; null where only text can be written.</param>
public sealed class Destination(TextWriter writer, Func<ViewStyle> style, Stream? bytes = null)
{
    /// <summary>A destination whose layout does not change.</summary>
    public Destination(TextWriter writer, ViewStyle style, Stream? bytes = null)
        : this(writer, () => style, bytes)
    {
    }

    /// <summary>Takes text; those who write to it do not flush or close it.</summary>
    public TextWriter Writer => writer;

    /// <summary>The layout of text for people, as it is now; other formats ignore it.</summary>
    public ViewStyle Style => style();

    /// <summary>Takes what is not text; null where only text can be written.</summary>
    public Stream? Bytes => bytes;
}

/// <summary>How text for people is laid out.</summary>
/// <param name="Width">Columns of sentences and charts, and of tables unless they may be wider.</param>
/// <param name="Color">Whether to colour; only ever on a terminal.</param>
/// <param name="Unicode">Whether µ and … can be shown; else u and ~.</param>
public sealed record ViewStyle(int Width = 80, bool Color = false, bool Unicode = true)
{
    /// <summary>Whether tables may be as wide as what is in them: nothing is cut or left out for a file or a pipe.</summary>
    public bool HasWholeTables { get; init; }

    /// <summary>Columns of tables; lines are not longer if anything can be left out.</summary>
    public int TableWidth => HasWholeTables ? int.MaxValue : Width;
}
