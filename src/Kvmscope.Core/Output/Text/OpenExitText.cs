using System.Globalization;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>What hangs, in lines under a table: <c>open: IOIO of web-1 vCPU 0 for 8.10 s</c>.</summary>
internal static class OpenExitText
{
    private const int MaxLines = 3;

    /// <summary>A line for each of the oldest exits, and how many more there are; empty where nothing hangs.</summary>
    internal static IEnumerable<string> Lines(Interval interval, ViewStyle style)
    {
        IReadOnlyList<OpenAge> open = LongOpen.Of(interval);
        foreach (OpenAge one in open.Take(MaxLines)) yield return $"open: {Exit(interval, one)} for {Age(one, style)}";
        ulong more = open.Skip(MaxLines).Aggregate(0UL, (sum, one) => sum + one.Count);
        if (more > 0) yield return string.Create(CultureInfo.InvariantCulture, $"open: and {more} more for over 1 s");
    }

    private static string Exit(Interval interval, OpenAge open)
    {
        GroupKey key = open.Key;
        string text = (open.Count > 1 ? open.Count.ToString(CultureInfo.InvariantCulture) + " " : "") + ExitReasons.Name(key.Code);
        if (interval.VmOf(key) is { } vm) text += $" of {vm.Name}";
        if (key.VcpuId is { } vcpu) text += string.Create(CultureInfo.InvariantCulture, $" vCPU {vcpu}");
        return key.Level == ExitLevel.L2 ? text + " (L2)" : text;
    }

    private static string Age(OpenAge open, ViewStyle style) =>
        (open.IsAtLeast ? "at least " : open.Count > 1 ? "up to " : "") + ScaledText.Time(open.Ns, style.Unicode);
}
