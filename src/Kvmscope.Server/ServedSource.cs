using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Server;

/// <summary>What is served.</summary>
/// <param name="Title">The host's name, or the recording's; foreign text.</param>
/// <param name="History">The intervals.</param>
/// <param name="Header">Which host it is about, and what is measured.</param>
/// <param name="Kind">Where the intervals come from.</param>
public sealed record ServedSource(string Title, IHistory History, RecordingHeader Header, SourceKind Kind)
{
    /// <summary>How many times as fast as it was a replay is; null for others.</summary>
    public double? Speed { get; init; }

    /// <summary>
    /// Tells places on the history's axis from those of another run, in ids of events: the same where both can be compared.
    /// </summary>
    public string Epoch { get; init; } = "0";

    /// <summary>Whether no reason and no level is left out, so that wall clocks are whole.</summary>
    public bool HasAllExits { get; init; } = true;

    /// <summary>What belongs beside its figures, one sentence each; foreign text.</summary>
    public Func<IReadOnlyList<string>> Notes { get; init; } = static () => [];

    /// <summary>What exits of a reason are kept apart by, at most.</summary>
    internal ExitParts Parts => (Header.HasQualifiers ? ExitParts.Qualifier : 0) | (Header.PageShift is null ? 0 : ExitParts.Page)
        | (Header.HasRips ? ExitParts.Rip : 0);
}

/// <summary>Where the intervals of a source come from.</summary>
public enum SourceKind
{
    /// <summary>A trace of this host.</summary>
    Live,

    /// <summary>Recordings; nothing more comes.</summary>
    Recording,

    /// <summary>Recordings that are played as if they were live.</summary>
    Replay,
}
