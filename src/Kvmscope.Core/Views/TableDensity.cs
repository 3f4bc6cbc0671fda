namespace Kvmscope.Core.Views;

/// <summary>How closely a table is set.</summary>
/// <param name="Gap">Spaces between columns.</param>
/// <param name="Compact">Whether large numbers are scaled and times have no space before their unit.</param>
/// <param name="Shorten">Whether texts may be shortened to their column's comfortable width.</param>
internal readonly record struct TableDensity(int Gap, bool Compact, bool Shorten);
