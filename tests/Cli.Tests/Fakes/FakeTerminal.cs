using Kvmscope.Live.Screen;
using Kvmscope.Live.Views;

namespace Kvmscope.Tests.Fakes;

/// <summary>A terminal whose user does one thing after another, each at its time; waiting moves the clock.</summary>
internal sealed class FakeTerminal(FakeClock clock, List<string> log) : ILiveTerminal
{
    /// <summary>What the user does, and at which second, in order.</summary>
    public Queue<(double Second, LiveInput Input)> Inputs { get; init; } = [];

    /// <summary>Each screen, with the second in which it was shown.</summary>
    public List<(double Second, string Text)> Screens { get; } = [];

    /// <summary>Whether it was given back.</summary>
    public bool IsFree { get; private set; }

    public int Columns { get; set; } = 100;

    public int Rows { get; set; } = 24;

    public bool HasColor => false;

    public bool Unicode => true;

    public void Show(CellGrid grid) => Screens.Add((clock.Now.TotalSeconds, LiveText.Of(grid)));

    public LiveInput? Read(TimeSpan timeout)
    {
        TimeSpan until = clock.Now + timeout;
        bool comes = Inputs.TryPeek(out (double Second, LiveInput Input) next) && next.Second <= until.TotalSeconds;
        clock.Advance((comes ? TimeSpan.FromSeconds(next.Second) : until) - clock.Now);
        if (!comes) return null;
        Inputs.Dequeue();
        return next.Input;
    }

    public void Dispose()
    {
        IsFree = true;
        log.Add("terminal given back");
    }
}
