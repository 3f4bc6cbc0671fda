namespace Kvmscope.Live.State;

/// <summary>What is shown of a history, and how: never changed, only replaced.</summary>
internal sealed record LiveState
{
    /// <summary>How long the shown time is, ns.</summary>
    public long StepNs { get; init; } = 1_000_000_000;

    /// <summary>The end of the shown time; null follows the newest.</summary>
    public long? At { get; init; }

    /// <summary>What the last action has to say, until the next; null for nothing.</summary>
    public string? Message { get; init; }
}
