using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;

namespace Kvmscope.Live.State;

/// <summary>What is shown of a history, and how: never changed, only replaced.</summary>
internal sealed record LiveState
{
    /// <summary>What the rows are.</summary>
    public LiveView View { get; init; } = LiveView.Vms;

    /// <summary>What was chosen on the way here; null at the beginning.</summary>
    public PathStep? Path { get; init; }

    /// <summary>Whether rows and columns are swapped, where a view can do that (<see cref="LiveViews"/>).</summary>
    public bool Transposed { get; init; }

    /// <summary>Whether cells of a swapped table are shares of the busy time, and not exits per second.</summary>
    public bool Shares { get; init; }

    /// <summary>The order of rows; null is the view's own.</summary>
    public LiveSort? Sort { get; init; }

    /// <summary>Only rows with this in a name; empty for all.</summary>
    public string Filter { get; init; } = "";

    /// <summary>How long the shown time is, ns.</summary>
    public long StepNs { get; init; } = 1_000_000_000;

    /// <summary>The end of the shown time; null follows the newest.</summary>
    public long? At { get; init; }

    /// <summary>The selected row; null is the first, whichever that is.</summary>
    public Selection? Selected { get; init; }

    /// <summary>The first row that is shown, as long as the selected one is among them.</summary>
    public int Scroll { get; init; }

    /// <summary>Whether the lower pane is shown, where there is room.</summary>
    public bool Pane { get; init; } = true;

    /// <summary>What keys do.</summary>
    public LiveMode Mode { get; init; }

    /// <summary>What was typed so far in <see cref="LiveMode.GoTo"/>.</summary>
    public string Typed { get; init; } = "";

    /// <summary>The first line that is shown of a list (<see cref="LiveMode.Help"/>, <see cref="LiveMode.Notes"/>).</summary>
    public int Lines { get; init; }

    /// <summary>What the last action has to say, until the next; null for nothing.</summary>
    public string? Message { get; init; }

    /// <summary>Which exits are shown.</summary>
    public SummaryScope Scope => Path?.Scope ?? default;
}

/// <summary>What keys do.</summary>
internal enum LiveMode
{
    /// <summary>They are commands.</summary>
    Table,

    /// <summary>They are typed into the filter.</summary>
    Filter,

    /// <summary>They are typed into the time to go to.</summary>
    GoTo,

    /// <summary>The keys are listed.</summary>
    Help,

    /// <summary>What was lost and what is not measured is listed.</summary>
    Notes,
}

/// <summary>An order of rows.</summary>
/// <param name="Column">The column's name.</param>
/// <param name="IsTurned">Whether the order is the other way round: the smallest figure first, or the last name.</param>
internal sealed record LiveSort(string Column, bool IsTurned = false);

/// <summary>A selected row.</summary>
/// <param name="Key">Which row; it stays selected when it moves.</param>
/// <param name="Index">Where it was: that row is selected when it is gone.</param>
internal sealed record Selection(RowKey Key, int Index);

/// <summary>What tells a row from others in any interval.</summary>
/// <param name="Group">What it is about.</param>
/// <param name="Number">A time or a power of two where rows are no groups.</param>
internal readonly record struct RowKey(GroupKey Group, long Number = 0);

/// <summary>One step of the way from VMs to qualifiers.</summary>
/// <param name="Scope">What is shown from here on.</param>
/// <param name="From">What was shown before the step, for the way back; with the steps before this one.</param>
internal sealed record PathStep(SummaryScope Scope, LiveState From);
