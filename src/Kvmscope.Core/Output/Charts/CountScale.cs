namespace Kvmscope.Core.Output.Charts;

/// <summary>From the number of exits of a cell to its level: logarithmic, for all panels together.</summary>
/// <param name="largest">The most exits that any cell has.</param>
internal sealed class CountScale(ulong largest)
{
    // A cell of one exit is never dark.
    private const ulong MinTop = 10;

    private readonly double _logTop = Math.Log(Math.Max(largest, MinTop));

    /// <summary>The upper end of the highest level.</summary>
    internal ulong Top { get; } = Math.Max(largest, MinTop);

    /// <summary>From 0 for one exit to 1 for the most.</summary>
    internal double Share(ulong count) => count <= 1 ? 0 : Math.Min(1, Math.Log(count) / _logTop);

    /// <summary>0 for no exits, else from 1 to <see cref="Palette.Levels"/>.</summary>
    internal byte Level(ulong count) => count == 0 ? (byte)0 : (byte)Math.Min(Palette.Levels, 1 + (int)(Share(count) * Palette.Levels));
}
