namespace Kvmscope.Core.Charts;

/// <summary>A rectangle in whole dots, from its upper left corner.</summary>
internal readonly record struct Box(int X, int Y, int Width, int Height);
