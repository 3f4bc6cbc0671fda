using System.Globalization;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output.Charts;

/// <summary>Round times of the local clock for an axis of columns that are equally wide.</summary>
internal static class ClockTicks
{
    private const int Space = 24;
    private const long Ms = TimeSpan.TicksPerMillisecond, S = TimeSpan.TicksPerSecond, M = TimeSpan.TicksPerMinute,
        H = TimeSpan.TicksPerHour, D = TimeSpan.TicksPerDay;

    private static readonly long[] s_steps =
    [
        Ms, 2 * Ms, 5 * Ms, 10 * Ms, 20 * Ms, 50 * Ms, 100 * Ms, 200 * Ms, 500 * Ms, S, 2 * S, 5 * S, 10 * S, 15 * S, 30 * S,
        M, 2 * M, 5 * M, 10 * M, 15 * M, 30 * M, H, 2 * H, 3 * H, 6 * H, 12 * H, D, 2 * D, 7 * D, 14 * D, 28 * D, 91 * D, 364 * D,
    ];

    /// <summary>The ticks, from left to right; few enough that their labels do not touch.</summary>
    internal static List<ClockTick> Of(IReadOnlyList<TimelineColumn> columns, double columnSeconds, int columnWidth, int characterWidth)
    {
        bool isOneDay = columns[0].Started.Date == columns[^1].Ended.Date;
        long step =
            s_steps.FirstOrDefault(s => Fits(s, columnSeconds, columnWidth, Format(s, isOneDay).Length * characterWidth), s_steps[^1]);
        string format = Format(step, isOneDay);
        var ticks = new List<ClockTick>();
        for (int i = 0; i < columns.Count; i++)
            AddTicks(ticks, columns[i], i * columnWidth, columnWidth, step, format, (format.Length * characterWidth) + Space);
        return ticks;
    }

    // Not finer than the columns: times within a column are not known.
    private static bool Fits(long step, double columnSeconds, int columnWidth, int labelWidth)
    {
        double seconds = (double)step / S;
        return columnSeconds > 0 && seconds >= columnSeconds && seconds / columnSeconds * columnWidth >= labelWidth + Space;
    }

    private static void AddTicks(List<ClockTick> ticks, TimelineColumn column, int x, int width, long step, string format, int apart)
    {
        long begin = column.Started.DateTime.Ticks, end = column.Ended.DateTime.Ticks;
        // A column that is far longer than the others (the host slept) does not have room for all of its ticks.
        long stride = step * Math.Max(1, (end - begin) / step / width);
        for (long at = (begin + step - 1) / step * step; at < end; at += stride)
        {
            int tick = x + (int)Math.Round((double)(at - begin) / (end - begin) * width);
            // If the clock was set, or columns differ in length, labels can be closer than the step.
            if (ticks.Count == 0 || tick - ticks[^1].X >= apart)
                ticks.Add(new ClockTick(tick, new DateTime(at).ToString(format, CultureInfo.InvariantCulture)));
        }
    }

    private static string Format(long step, bool isOneDay) => step switch
    {
        < S => "HH:mm:ss.fff",
        >= D => "yyyy-MM-dd",
        < M => "HH:mm:ss",
        _ => isOneDay ? "HH:mm" : "MM-dd HH:mm",
    };
}

/// <summary>A clock time on the axis.</summary>
/// <param name="X">Its position in dots from the start of the axis.</param>
/// <param name="Label">The time.</param>
internal readonly record struct ClockTick(int X, string Label);
