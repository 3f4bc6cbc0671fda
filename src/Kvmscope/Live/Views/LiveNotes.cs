using System.Globalization;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>The way to what is shown.</summary>
internal static class LivePath
{
    /// <summary>Its steps in words, and the view.</summary>
    public static IEnumerable<string> Steps(LiveFrame frame)
    {
        SummaryScope scope = frame.State.Scope;
        if (scope.Vm is { } vm) yield return frame.Names.Vm(vm);
        if (scope.Vcpu is { } vcpu) yield return "vCPU " + frame.Names.Number(vcpu);
        if (scope.Code is { } code)
        {
            yield return frame.Reason(code) + (scope.Level == ExitLevel.L2 ? " (L2)" : "");
            if (scope.Qualifier is { } qualifier) yield return frame.Names.Argument(code, qualifier);
        }
        yield return frame.State.Mode switch
        {
            LiveMode.Help => "keys",
            LiveMode.Notes => "what was lost, and what is not measured",
            _ => Ordered(frame),
        };
    }

    private static string Ordered(LiveFrame frame) => frame.SortedBy.Length == 0
        ? frame.Title
        : $"{frame.Title} by {frame.SortedBy} {(frame.IsFalling ? frame.Look.Falling : frame.Look.Rising)}";
}

/// <summary>What was lost.</summary>
internal static class LiveLosses
{
    /// <summary>Exits, events and returns that were lost in the shown time.</summary>
    public static ulong Of(Interval? interval) => interval is null ? 0
        : interval.Accounting.Lost() + interval.Accounting.MissedEvents + interval.Accounting.LostReturns + interval.Accounting.CutExits
            + interval.Accounting.LostRecords
            + (interval.Accounting.DroppedExits == 0 ? interval.Accounting.DroppedVcpus + interval.Accounting.DroppedCells : 0);
}

/// <summary>What the user should know of what is shown.</summary>
internal static class LiveNotes
{
    /// <summary>As much as fits in a line, what matters most first.</summary>
    public static string Short(LiveFrame frame)
    {
        var parts = new List<string>();
        if (frame.State.Mode is LiveMode.Table or LiveMode.Filter && frame.State.Filter.Length > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"/{frame.State.Filter}: {frame.Count} of {frame.CountOfAll}"));
        Interval? interval = frame.Reader.Interval;
        if (interval?.ObservedNs is not null) parts.Add("with a gap");
        else if (interval?.IsAfterGap == true && frame.Reader.To - frame.Reader.From > 0) parts.Add("after a gap");
        if (frame.Reader.Detail.StepNs > frame.Source.History.StepNs) parts.Add("kept coarser here");
        if (IsBad(frame)) parts.Add("see i");
        parts.AddRange(frame.Source.Notes.Select(note => ForeignText.Clean(note)));
        return string.Join("   ", parts);
    }

    /// <summary>Whether something was lost or is not measured although it was asked for.</summary>
    public static bool IsBad(LiveFrame frame) =>
        LiveLosses.Of(frame.Reader.Interval) > 0 || frame.Reader.Interval?.Missing.Count > 0 || frame.Reader.Interval?.RestartedRows > 0;

    /// <summary>All of it, one thing each.</summary>
    public static IEnumerable<string> Long(LiveFrame frame)
    {
        foreach (string note in frame.Source.Notes) yield return note;
        if (frame.Reader.Interval is not { } interval)
        {
            yield return LiveNeeds.NoInterval(frame);
            yield break;
        }
        bool hasAny = false;
        foreach (string line in AccountingText.Lines(interval).Concat(interval.Missing.Select(missing => missing.Text).Distinct()))
        {
            hasAny = true;
            yield return line;
        }
        if (!hasAny) yield return "nothing was lost in this time";
        if (interval.SuspendedNs > 0)
            yield return "the host was suspended for " + ScaledText.Time((ulong)interval.SuspendedNs, frame.Look.Unicode);
        foreach (string line in NotMeasured(frame)) yield return line;
        yield return "what is kept: " + LiveTime.Span(frame.Source.History);
    }

    private static IEnumerable<string> NotMeasured(LiveFrame frame)
    {
        if (!frame.Source.Detail.WantTime) yield return "handling times are not measured";
        if (!frame.Source.Detail.WantSplit) yield return "where the wall clock went is not measured";
        else if (!frame.Source.HasAllExits) yield return "the wall clock needs all exits: leave out --reason, --exclude and --level";
        if (!frame.Source.Detail.WantQualifiers) yield return "the reasons' arguments are not kept apart";
        if (!frame.Source.Detail.WantNested) yield return "nested rounds are not followed";
        if (frame.Source.Detail.SlowNs == 0) yield return "slow exits are not listed";
    }
}

/// <summary>Lines of text instead of rows.</summary>
internal static class NotesView
{
    /// <summary>Draws them.</summary>
    public static void Draw(LiveFrame frame)
    {
        List<string> lines = [.. LiveNotes.Long(frame).SelectMany(text => LiveText.Wrap("- " + text, frame.Grid.Columns - 2))];
        frame.Count = lines.Count;
        frame.Scroll = Math.Clamp(frame.State.Lines, 0, Math.Max(0, lines.Count - frame.Page));
        for (int i = 0; i < frame.Page && frame.Scroll + i < lines.Count; i++)
        {
            string text = lines[frame.Scroll + i];
            LiveText.Left(frame.Grid, frame.HeadingLine + 1 + i, 1, frame.Grid.Columns - 1, text, CellTone.Plain, frame.Look);
        }
    }
}
