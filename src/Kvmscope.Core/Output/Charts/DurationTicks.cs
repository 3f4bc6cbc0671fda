using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Output.Charts;

/// <summary>
/// Round handling times for a <see cref="DurationScale"/>: powers of ten; with 2 and 5 between them where there is room, with gaps where
/// there is not.
/// </summary>
internal static class DurationTicks
{
    private const int MinTicks = 3;

    // The first and the last bin are not divided any further.
    private const ulong FirstNs = 100, LastNs = 1_000_000_000_000;

    /// <summary>The ticks from the bottom up, at least <paramref name="space"/> apart.</summary>
    internal static List<DurationTick> Of(DurationScale scale, int space)
    {
        List<DurationTick> ticks = At(scale, step: 0);
        if (ticks.Count < MinTicks && At(scale, step: -1) is var more && AreApart(more, space)) return more;
        for (int step = 1; !AreApart(ticks, space); step++) ticks = At(scale, step);
        return ticks;
    }

    private static List<DurationTick> At(DurationScale scale, int step) =>
        [.. Values(step).Where(ns => IsOn(scale, ns))
            .Select(ns => new DurationTick((int)Math.Round(scale.Position(ns)), TimelineText.Round(ns, unicode: true)))];

    // Step -1 is 1, 2 and 5 of each power of ten; 0 each power, 1 every second, and so on.
    private static IEnumerable<ulong> Values(int step)
    {
        int power = 0;
        for (ulong ns = FirstNs; ns <= LastNs; ns *= 10, power++)
        {
            // Counted from 1 µs, which is always kept.
            if (step <= 0 || (power + step) % (step + 1) == 0) yield return ns;
            if (step >= 0) continue;
            yield return 2 * ns;
            yield return 5 * ns;
        }
    }

    private static bool IsOn(DurationScale scale, ulong ns) => ns >= scale.LowNs(0) && ns < scale.LowNs(scale.Cells);

    private static bool AreApart(List<DurationTick> ticks, int space)
    {
        for (int i = 1; i < ticks.Count; i++)
            if (ticks[i].Up - ticks[i - 1].Up < space) return false;
        return true;
    }
}

/// <summary>A round handling time on the axis.</summary>
/// <param name="Up">How high it is above the bottom, in dots.</param>
/// <param name="Label">The time.</param>
internal readonly record struct DurationTick(int Up, string Label);
