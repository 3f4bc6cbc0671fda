using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Live;

/// <summary>What a live screen is about.</summary>
/// <param name="Title">The host's name, or the recording's; foreign text.</param>
/// <param name="History">The intervals.</param>
/// <param name="IsLive">Whether it grows; else it is a recording.</param>
internal sealed record LiveSource(string Title, IHistory History, bool IsLive)
{
    /// <summary>What is measured: views of what is not there say so.</summary>
    public required TraceOptions Detail { get; init; }

    /// <summary>The finest grouping that is there.</summary>
    public Grouping Grouping { get; init; } = Grouping.Vcpu;

    /// <summary>Whether reasons or levels are left out, so that wall clocks are not whole.</summary>
    public bool HasAllExits { get; init; } = true;

    /// <summary>What the user should know of the source, as 'damaged' or 'filtered'; foreign text.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
