using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live;

/// <summary>A live screen without a terminal and without a clock: input goes in, a grid comes out.</summary>
/// <param name="source">What it is about.</param>
/// <param name="start">How it begins.</param>
/// <param name="unicode">Whether characters outside ASCII can be shown.</param>
internal sealed class LiveApp(LiveSource source, LiveState start, bool unicode)
{
    /// <summary>What is shown now.</summary>
    public LiveState State { get; private set; } = start;

    /// <summary>Draws all of it in the grid's size.</summary>
    public void Draw(CellGrid grid) => throw new NotImplementedException(source.Title + unicode);

    /// <summary>Does what a key or the mouse says, where it is on the grid that was drawn last.</summary>
    /// <returns>What the program has to do besides drawing again.</returns>
    public LiveEffect Handle(LiveInput input) => throw new NotImplementedException(input.ToString());
}

/// <summary>What the program has to do.</summary>
internal enum LiveEffect
{
    /// <summary>Draw again.</summary>
    Draw,

    /// <summary>Nothing: the screen is as it was.</summary>
    None,

    /// <summary>End.</summary>
    Quit,

    /// <summary>Write what is shown to a file, and say so (<see cref="LiveState.Message"/>).</summary>
    Write,

    /// <summary>The step of a live trace changed: <see cref="LiveState.StepNs"/>.</summary>
    Step,
}
