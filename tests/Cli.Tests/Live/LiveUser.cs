using System.Text;
using Kvmscope.Live;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;
using Kvmscope.Live.Views;

namespace Kvmscope.Tests.Live;

/// <summary>Somebody in front of a live screen: presses keys, and looks.</summary>
internal sealed class LiveUser
{
    private readonly CellGrid _grid = new();

    internal LiveUser(LiveSource source, LiveState? start = null, int columns = 80, int rows = 24, bool unicode = true)
    {
        App = new LiveApp(source, start ?? new LiveState(), unicode);
        (Columns, Rows) = (columns, rows);
        Look();
    }

    internal LiveApp App { get; }

    internal int Columns { get; set; }

    internal int Rows { get; set; }

    internal LiveState State => App.State;

    internal CellGrid Grid => _grid;

    /// <summary>The screen as text.</summary>
    internal string Screen => LiveText.Of(_grid);

    internal string Line(int row) => Screen.Split('\n')[row];

    internal LiveUser Look()
    {
        _grid.Reset(Columns, Rows);
        App.Draw(_grid);
        return this;
    }

    /// <summary>Presses keys.</summary>
    internal LiveUser Press(params LiveKey[] keys)
    {
        foreach (LiveKey key in keys) Do(new LiveInput(key));
        return this;
    }

    /// <summary>Types.</summary>
    internal LiveUser Type(string text)
    {
        foreach (Rune rune in text.EnumerateRunes()) Do(new LiveInput(LiveKey.Character, rune));
        return this;
    }

    internal LiveEffect Do(LiveInput input)
    {
        LiveEffect effect = App.Handle(input);
        Look();
        return effect;
    }
}
