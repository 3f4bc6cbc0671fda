using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Live.Data;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>One drawing: what it is of, and where its parts are on the screen.</summary>
/// <param name="source">What it is about.</param>
/// <param name="reader">What happened in the shown time.</param>
/// <param name="look">What can be shown.</param>
internal sealed class LiveFrame(LiveSource source, LiveReader reader, LiveLook look)
{
    /// <summary>What it is about.</summary>
    public LiveSource Source => source;

    /// <summary>What happened in the shown time.</summary>
    public LiveReader Reader => reader;

    /// <summary>What can be shown.</summary>
    public LiveLook Look => look;

    /// <summary>The names.</summary>
    public LiveNames Names => reader.Names;

    /// <summary>The state that is drawn.</summary>
    public LiveState State { get; private set; } = new();

    /// <summary>The screen.</summary>
    public CellGrid Grid { get; private set; } = new();

    /// <summary>How many rows there are, after the filter.</summary>
    public int Count { get; set; }

    /// <summary>How many there are without the filter.</summary>
    public int CountOfAll { get; set; }

    /// <summary>The selected row; -1 where there is none.</summary>
    public int Selected { get; set; }

    /// <summary>The first row that is shown.</summary>
    public int Scroll { get; set; }

    /// <summary>The line of the headings.</summary>
    public int HeadingLine { get; set; }

    /// <summary>How many rows are shown at once.</summary>
    public int Page { get; set; }

    /// <summary>The busy time of all rows, ns.</summary>
    public double BusyNs { get; set; }

    /// <summary>The name of the column that rows are ordered by.</summary>
    public string Sorted { get; set; } = "";

    /// <summary>That column's heading.</summary>
    public string SortedBy { get; set; } = "";

    /// <summary>Whether the largest are first.</summary>
    public bool IsFalling { get; set; }

    /// <summary>The columns that are shown, from the left, with their places.</summary>
    public List<ShownColumn> Columns { get; } = [];

    /// <summary>The names of all columns that rows can be ordered by, also of those that are not shown.</summary>
    public List<string> Orders { get; } = [];

    /// <summary>Trends of the rows; null where they are not shown.</summary>
    public Trends? Trends { get; set; }

    /// <summary>What is shown instead of rows, in lines; null where there are rows.</summary>
    public string? Empty { get; set; }

    /// <summary>The seconds that were observed.</summary>
    public double Seconds => reader.Interval?.Seconds ?? 0;

    /// <summary>What the rows are, in words.</summary>
    public string Title { get; set; } = "";

    /// <summary>Whether it is drawn for a file.</summary>
    public bool IsText { get; private set; }

    /// <summary>Begins a drawing.</summary>
    public void Begin(LiveState state, CellGrid grid, bool isText)
    {
        (State, Grid, IsText, Title) = (state, grid, isText, state.View.Title);
        (Count, CountOfAll, Selected, Scroll, HeadingLine, Page, BusyNs) = (0, 0, -1, 0, 0, 0, 0);
        (Trends, Empty, Sorted, SortedBy, IsFalling, HasL2) = (null, null, "", "", false, false);
        Columns.Clear();
        Orders.Clear();
    }

    /// <summary>Whether rows have a wall clock of their own, split.</summary>
    public bool HasWall => source.Detail.WantSplit && source.HasAllExits;

    /// <summary>Whether any row has exits of L2.</summary>
    public bool HasL2 { get; set; }

    /// <summary>Whether a part of the wall clock is measured.</summary>
    public bool Has(TimePart part) => (reader.MissingParts & (1 << (int)part)) == 0;

    /// <summary>How many per second.</summary>
    public double PerSecond(double number) => Seconds > 0 ? number / Seconds : double.NaN;

    /// <summary>The name of a reason.</summary>
    public string Reason(ExitCode code) => Names.Reason(code);
}

/// <summary>A column on the screen.</summary>
/// <param name="Name">Its name.</param>
/// <param name="From">Its first place.</param>
/// <param name="End">One after its last.</param>
/// <param name="Sorts">Whether rows can be ordered by it.</param>
internal readonly record struct ShownColumn(string Name, int From, int End, bool Sorts);
