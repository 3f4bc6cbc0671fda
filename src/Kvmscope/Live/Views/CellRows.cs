using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;

namespace Kvmscope.Live.Views;

/// <summary>A view with a column per group, and one for all: more of them than a screen has room for.</summary>
internal abstract class CellRows : LiveRows
{
    /// <summary>The name of the column of the sum.</summary>
    protected const string All = "all";

    private const int Gutter = 1, LeastName = 8, MostName = 10;

    private readonly List<string> _names = [];
    private int _first;

    /// <inheritdoc/>
    public override IEnumerable<string> Orders => [All];

    /// <summary>The groups that have a column, the most important first.</summary>
    protected List<GroupKey> Groups { get; } = [];

    /// <summary>The chosen column: one of <see cref="Groups"/>, or -1 for the sum.</summary>
    protected int Chosen { get; private set; } = -1;

    /// <summary>Names the columns, and finds the chosen one.</summary>
    protected void ReadColumns(LiveFrame frame, bool isFalling)
    {
        _names.Clear();
        frame.Orders.Add(All);
        foreach (GroupKey key in Groups)
        {
            _names.Add(NameOf(frame, key));
            frame.Orders.Add(_names[^1]);
        }
        Chosen = frame.State.Sort is { } sort ? _names.IndexOf(sort.Column) : -1;
        frame.Sorted = frame.SortedBy = Chosen < 0 ? All : _names[Chosen];
        bool isTurned = frame.State.Sort is { IsTurned: true } asked && asked.Column == frame.Sorted;
        frame.IsFalling = isFalling != isTurned;
    }

    /// <summary>The heading of the rows, its width, and of the columns' figures.</summary>
    protected abstract (string Header, int Width, int Figures) Layout(LiveFrame frame);

    /// <summary>Writes the name of a row.</summary>
    protected abstract void DrawName(LiveFrame frame, LivePlace place, int index);

    /// <summary>Writes a figure.</summary>
    /// <param name="to">Takes it.</param>
    /// <param name="frame">The drawing.</param>
    /// <param name="row">The row.</param>
    /// <param name="column">The column; -1 for the sum.</param>
    /// <param name="tone">How it looks.</param>
    protected abstract int Figure(Span<char> to, LiveFrame frame, int row, int column, out CellTone tone);

    /// <inheritdoc/>
    public override void Draw(LiveFrame frame)
    {
        (string header, int nameWidth, int figures) = Layout(frame);
        CellGrid grid = frame.Grid;
        int width = LeastName;
        foreach (string name in _names) width = Math.Max(width, Math.Min(MostName, TextWidth.Of(name)));
        width = Math.Max(width, figures);
        int at = Gutter + nameWidth + 1, room = Math.Max(0, (grid.Columns - at - figures) / (width + 1));
        // The chosen column is seen; the others stay where they are, as far as they can.
        if (Chosen >= 0 && Chosen < _first) _first = Chosen;
        if (Chosen >= _first + room) _first = Chosen - room + 1;
        _first = Math.Clamp(_first, 0, Math.Max(0, Groups.Count - room));
        LiveText.Paint(grid, frame.HeadingLine, 0, grid.Columns, CellTone.Heading);
        LiveText.Left(grid, frame.HeadingLine, Gutter, nameWidth, header, CellTone.Heading, frame.Look);
        DrawHeading(frame, at, figures, All, isChosen: Chosen < 0);
        for (int i = 0; i < room && _first + i < Groups.Count; i++)
            DrawHeading(frame, at + figures + 1 + (i * (width + 1)), width, _names[_first + i], Chosen == _first + i);
        for (int i = 0; i < frame.Page && frame.Scroll + i < frame.Count; i++)
            DrawRow(frame, frame.Scroll + i, frame.HeadingLine + 1 + i, (nameWidth, figures, width, room));
    }

    private void DrawRow(LiveFrame frame, int row, int line, (int Name, int Figures, int Width, int Room) layout)
    {
        bool isSelected = row == frame.Selected;
        int at = Gutter + layout.Name + 1;
        if (isSelected) LiveText.Left(frame.Grid, line, 0, Gutter, frame.Look.Mark, CellTone.Selected, frame.Look);
        DrawName(frame, new LivePlace(frame.Grid, line, Gutter, layout.Name, CellTone.Plain), row);
        Span<char> to = stackalloc char[LiveText.MostFigure];
        int length = Figure(to, frame, row, -1, out _);
        LiveText.Right(frame.Grid, line, at, layout.Figures, to[..length], CellTone.Plain);
        // The sum and the name are selected, so that the shades stay.
        if (isSelected) LiveText.Paint(frame.Grid, line, 0, at + layout.Figures, CellTone.Selected);
        at += layout.Figures + 1;
        for (int i = 0; i < layout.Room && _first + i < Groups.Count; i++, at += layout.Width + 1)
        {
            length = Figure(to, frame, row, _first + i, out CellTone tone);
            LiveText.Right(frame.Grid, line, at, layout.Width, to[..length], tone);
        }
    }

    private static void DrawHeading(LiveFrame frame, int at, int width, string name, bool isChosen)
    {
        int own = Math.Min(width, TextWidth.Of(name));
        CellTone tone = isChosen ? CellTone.Selected : CellTone.Heading;
        LiveText.Left(frame.Grid, frame.HeadingLine, at + width - own, own, name, tone, frame.Look, middle: true);
        frame.Columns.Add(new ShownColumn(name, at, at + width, Sorts: true));
    }

    private static string NameOf(LiveFrame frame, GroupKey key)
    {
        if (key.Code != default) return frame.Reason(key.Code);
        if (key.VcpuId is not { } vcpu) return frame.Names.Vm(key.Vm);
        return frame.State.Scope.Vm is null ? $"{frame.Names.Vm(key.Vm)}/{frame.Names.Number(vcpu)}" : frame.Names.Vcpu(vcpu);
    }
}
