using Kvmscope.Live.Screen;
using Kvmscope.Running;

namespace Kvmscope.Live;

/// <summary>
/// Joins a live screen and a terminal: what the user does goes in, and what there is to see comes out. One thread does all, so that a
/// trace is read and drawn by turns.
/// </summary>
/// <param name="app">What is shown.</param>
/// <param name="terminal">Where.</param>
/// <param name="end">Signals that end it.</param>
/// <param name="write">Writes what is shown to files; returns what there is to say about it.</param>
internal sealed class LiveProgram(LiveApp app, ILiveTerminal terminal, ITraceEnd end, Func<string> write)
{
    // A signal ends it within this time.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(100);

    private readonly CellGrid _grid = new();
    private bool _hasQuit;

    /// <summary>Draws what is shown now.</summary>
    public void Draw()
    {
        _grid.Reset(terminal.Columns, terminal.Rows);
        app.Draw(_grid);
        terminal.Show(_grid);
    }

    /// <summary>Does what the user asks for, for some time.</summary>
    /// <param name="time">How long; with zero or less only what has come already.</param>
    /// <param name="clock">Tells when that is over.</param>
    /// <returns>Whether it has to end.</returns>
    public bool Wait(TimeSpan time, TimeProvider clock)
    {
        long begin = clock.GetTimestamp();
        for (TimeSpan rest = time; ; rest = time - clock.GetElapsedTime(begin))
        {
            TimeSpan next = rest < s_longestWait ? rest : s_longestWait;
            if (HandleAll(next > TimeSpan.Zero ? next : TimeSpan.Zero)) Draw();
            if (_hasQuit || end.Wait(TimeSpan.Zero)) return true;
            if (rest <= s_longestWait) return false;
        }
    }

    // All that has come is handled before anything is drawn: a key that is held down does not run on after it is let go.
    private bool HandleAll(TimeSpan timeout)
    {
        bool draws = false;
        for (; !_hasQuit && terminal.Read(timeout) is { } input; timeout = TimeSpan.Zero)
        {
            switch (app.Handle(input))
            {
                case LiveEffect.Quit:
                    _hasQuit = true;
                    return false;
                case LiveEffect.Write:
                    app.Say(write());
                    draws = true;
                    break;
                case LiveEffect.None:
                    break;
                default:
                    draws = true;
                    break;
            }
        }
        return draws;
    }
}
