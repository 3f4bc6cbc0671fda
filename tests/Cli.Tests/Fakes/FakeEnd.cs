using Kvmscope.Core;
using Kvmscope.Running;

namespace Kvmscope.Tests.Fakes;

/// <summary>Ends a trace at a time of the fake clock; waiting moves the clock, by more than was asked if the machine is slow.</summary>
internal sealed class FakeEnd(FakeClock clock, List<string> log) : ITraceEnd
{
    /// <summary>When it ends.</summary>
    public TimeSpan At { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How late each wait comes back.</summary>
    public TimeSpan Late { get; init; }

    /// <summary>What happens when the command is started.</summary>
    public KvmscopeException? StartFails { get; init; }

    /// <summary>The command's status.</summary>
    public int CommandStatus { get; init; }

    public bool ByCtrlC { get; init; }

    public bool Interrupted => ByCtrlC && clock.Now >= At;

    public int Status { get; private set; }

    public void Start(IReadOnlyList<string> command)
    {
        log.Add($"start {string.Join(' ', command)}");
        if (StartFails is not null) throw StartFails;
        Status = CommandStatus;
    }

    /// <summary>Called when it begins to listen.</summary>
    public Action? Listening { get; init; }

    public void Listen()
    {
        log.Add("listen");
        Listening?.Invoke();
    }

    public void StopCommand() => log.Add("stop the command");

    /// <summary>Called before each wait with the time of the fake clock.</summary>
    public Action<TimeSpan>? Waiting { get; init; }

    public bool Wait(TimeSpan timeout)
    {
        Waiting?.Invoke(clock.Now);
        TimeSpan until = clock.Now + (timeout > TimeSpan.Zero ? timeout + Late : TimeSpan.Zero);
        clock.Advance((until < At ? until : At) - clock.Now);
        return clock.Now >= At;
    }

    public void Dispose()
    {
    }
}
