
namespace Kvmscope.Core.Output.Text;

/// <summary>Values as one line of bars, each as high as its part of the largest.</summary>
internal static class Sparkline
{
    private const string UnicodeRamp = " ▁▂▃▄▅▆▇█", AsciiRamp = " .:-=+*#";

    /// <summary>Writes a character a value into <paramref name="to"/>. What is null or 0 is empty; all else is seen, however small.</summary>
    internal static void Write(Span<char> to, IReadOnlyList<double?> values, bool unicode)
    {
        string ramp = unicode ? UnicodeRamp : AsciiRamp;
        int highest = ramp.Length - 1;
        double largest = values.Max() ?? 0;
        for (int i = 0; i < values.Count; i++)
        {
            double value = values[i] ?? 0;
            int level = value > 0 ? Math.Clamp((int)Math.Round(value / largest * highest), 1, highest) : 0;
            to[i] = ramp[level];
        }
    }
}
