namespace Kvmscope.Core.Views;

/// <summary>How text for people is laid out.</summary>
/// <param name="Width">Columns; lines are never longer, as far as anything can be left out.</param>
/// <param name="Color">Whether to colour; only ever on a terminal.</param>
/// <param name="Unicode">Whether µ and … can be shown; else u and ~.</param>
public sealed record ViewStyle(int Width = 80, bool Color = false, bool Unicode = true);
