using System.Globalization;

namespace Kvmscope.Core.Output.Charts;

/// <summary>
/// The colours of pictures. Levels have one hue and even steps of lightness (Oklab), the highest farthest from the background; the mark's
/// hue also differs for the colour-blind.
/// </summary>
internal static class Palette
{
    /// <summary>How many levels a cell that is not empty can have.</summary>
    internal const int Levels = 12;

    /// <summary>How many inks there are.</summary>
    internal const int Inks = (int)Ink.Level1 + Levels;

    private static readonly int[] s_light =
    [
        0xffffff, 0xf6f7f9, 0xe2e5e9, 0xb4bac2, 0x1f2328, 0x59636e, 0xe8590c,
        0xb7d5ee, 0x9ac6e5, 0x7cb7dc, 0x62a7d2, 0x4e95c9, 0x3984bf, 0x2372b6, 0x1c62a1, 0x17528b, 0x114377, 0x0c3462, 0x08264f,
    ];

    private static readonly int[] s_dark =
    [
        0x0d1117, 0x151b23, 0x29303a, 0x4a535f, 0xe6edf3, 0x9198a1, 0xff7b1c,
        0x1d4a78, 0x22588d, 0x2767a3, 0x3376b5, 0x4586c1, 0x5796cc, 0x69a6d8, 0x7bb7e3, 0x96c6ea, 0xb1d4f0, 0xcbe3f6, 0xe6f2fc,
    ];

    /// <summary>Red, green and blue of the ink on a light background.</summary>
    internal static int Light(Ink ink) => s_light[(int)ink];

    /// <summary>Red, green and blue of the ink on a dark background.</summary>
    internal static int Dark(Ink ink) => s_dark[(int)ink];

    /// <summary>As in style sheets: <c>#08264f</c>.</summary>
    internal static string Hex(int color) => "#" + color.ToString("x6", CultureInfo.InvariantCulture);
}
