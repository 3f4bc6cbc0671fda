using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>What is missing in an interval, in plain words, and what to do about it.</summary>
public static class AccountingText
{
    private static readonly AccountingField[] s_lines = [.. Accounting.Fields.Where(f => f.Problem is not null).OrderBy(f => f.Place)];

    /// <summary>One line per thing that was lost or not measured; empty where nothing is missing.</summary>
    public static IReadOnlyList<string> Lines(Interval interval)
    {
        Accounting accounting = interval.Accounting;
        var lines = new List<string>();
        ulong unnamed = interval.UnknownReasons - Math.Min(interval.UnknownReasons, accounting.UnreadReasons);
        foreach (AccountingField field in s_lines)
        {
            // Next to the other reasons without a name.
            if (field == Accounting.UnreadReasonsField && unnamed > 0)
                lines.Add($"{Plural.Of(unnamed, "exit has a reason", "exits have reasons")} without a name in this version: shown by " +
                    $"number");
            if (field.Line(accounting) is { } line) lines.Add(line);
        }
        if (interval.RestartedRows > 0) lines.Add(Restarted(interval.RestartedRows) + ": shown from there on");
        return lines;
    }

    /// <summary>The same for an answer that is about returns to the VMM and not about exits.</summary>
    internal static IEnumerable<string> ReturnLines(Interval interval) =>
        s_lines.Where(f => f.IsAboutReturns).Select(f => f.Line(interval.Accounting)).OfType<string>();

    /// <summary>The same for the last exits of vCPUs, with what is missing on this kernel.</summary>
    public static IEnumerable<string> OfHistories(Interval interval) => [.. SplitView.MissingLines(interval), .. ReturnLines(interval)];

    /// <summary>That slow exits were lost, and what to do about it; null where none was.</summary>
    public static string? LostEvents(Accounting accounting) => Accounting.LostEventsField.Line(accounting);

    /// <summary>That counters went backwards.</summary>
    internal static string Restarted(int rows) => $"{Plural.Of((ulong)rows, "counter", "counters")} restarted at zero";
}
