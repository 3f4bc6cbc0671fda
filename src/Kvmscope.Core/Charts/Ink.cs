namespace Kvmscope.Core.Charts;

/// <summary>What something is drawn with; a <see cref="Palette"/> says which colour that is.</summary>
internal enum Ink
{
    Page,
    Panel,
    Grid,
    Frame,
    Text,
    Dim,
    Mark,

    /// <summary>The lowest level of cells that are not empty; the others follow.</summary>
    Level1,
}
