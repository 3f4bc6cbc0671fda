using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>A view: it makes rows of the shown time and draws those that are seen.</summary>
internal abstract class LiveRows
{
    /// <summary>A view of its own.</summary>
    public static LiveRows Of(LiveView view) => view switch
    {
        LiveView.Vms => new VmsView(),
        LiveView.Vcpus => new VcpusView(),
        LiveView.Reasons => new ReasonsView(),
        LiveView.Qualifiers => new QualifiersView(),
        LiveView.Nested => new NestedRows(),
        LiveView.Latency => new LatencyView(),
        LiveView.Slow => new SlowView(),
        _ => new PlacesView(),
    };

    /// <summary>
    /// Makes the rows in their order and says how many there are; says why (<see cref="LiveFrame.Empty"/>) where there can be none.
    /// </summary>
    public abstract void Read(LiveFrame frame);

    /// <summary>What tells a row from the others.</summary>
    public abstract RowKey Key(int index);

    /// <summary>Draws headings and rows where the frame says.</summary>
    public abstract void Draw(LiveFrame frame);

    /// <summary>The columns that rows can be ordered by.</summary>
    public abstract IEnumerable<string> Orders { get; }

    /// <summary>What follows when a row is chosen: which exits, and as which view; null where there is nothing below it.</summary>
    public virtual (SummaryScope Scope, LiveView View)? Drill(LiveFrame frame, int index) => null;

    /// <summary>Why nothing follows.</summary>
    public virtual string WhyNoDrill(LiveFrame frame) => "there is nothing below this row";

    /// <summary>Draws the details of a row.</summary>
    /// <param name="frame">The drawing.</param>
    /// <param name="index">The row.</param>
    /// <param name="top">The pane's first line; its last is the last but one of the screen.</param>
    public virtual void DrawPane(LiveFrame frame, int index, int top)
    {
    }
}
