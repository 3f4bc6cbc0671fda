using System.Globalization;
using Kvmscope.Live.Screen;

namespace Kvmscope.TerminalProbe;

/// <summary>What the probe shows.</summary>
internal sealed class Page
{
    private readonly List<string> _inputs = [];
    private int _refreshes;

    public void Add(LiveInput input)
    {
        if (input.Key != LiveKey.Resize) _inputs.Add(Words(input));
    }

    public void Draw(CellGrid grid, ILiveTerminal terminal)
    {
        grid.Reset(terminal.Columns, terminal.Rows);
        string size = string.Create(CultureInfo.InvariantCulture, $"size {grid.Columns}x{grid.Rows}");
        grid.Put(0, 0, $"{size} color {terminal.HasColor} unicode {terminal.Unicode}", CellTone.Heading);
        grid.Put(1, 0, string.Create(CultureInfo.InvariantCulture, $"refresh {_refreshes++}"), CellTone.Dim);
        // The last ones, as many as there is room for.
        int column = 0, row = 2;
        foreach (string input in _inputs)
        {
            if (column + input.Length > grid.Columns) (column, row) = (0, row + 1);
            column = 1 + grid.Put(row, column, input, CellTone.Bold);
        }
        grid.Put(grid.Rows - 2, 0, "|漢字|e\u0301|▏▂█|\u1100|\u001b[31m|");
        // The last place of the screen too.
        for (int i = 0; i < grid.Columns; i++)
            grid.Put(grid.Rows - 1, i, i == grid.Columns - 1 ? "$" : "-", (CellTone)(i % ((int)CellTone.Heat5 + 1)));
    }

    private static string Words(LiveInput input) => input.Key switch
    {
        LiveKey.Character => $"'{input.Character}'",
        LiveKey.Click or LiveKey.DoubleClick or LiveKey.WheelUp or LiveKey.WheelDown =>
            string.Create(CultureInfo.InvariantCulture, $"{input.Key}({input.Column},{input.Row})"),
        _ => input.Key.ToString(),
    };
}
