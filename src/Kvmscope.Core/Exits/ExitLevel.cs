namespace Kvmscope.Core.Exits;

/// <summary>Which guest was running when the exit happened.</summary>
public enum ExitLevel : byte
{
    /// <summary>A guest of this host.</summary>
    L1 = 1,

    /// <summary>A nested guest: a guest of a guest of this host.</summary>
    L2 = 2,
}
