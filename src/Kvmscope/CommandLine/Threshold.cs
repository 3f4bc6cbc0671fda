namespace Kvmscope.CommandLine;

/// <summary>Reads the threshold of <c>slower</c>.</summary>
internal static class Threshold
{
    /// <summary>10 ms, in ns, as in the original tool.</summary>
    public const ulong DefaultNs = 10_000_000;

    private const string Hint = "Give a number and a unit: 500ns, 50us, 2ms, 1s; a bare number is ms.";

    /// <summary>The threshold in ns.</summary>
    /// <param name="text">As typed; null for the default.</param>
    /// <exception cref="Core.KvmscopeException">It is not a time, or not one that an exit can take (status 2).</exception>
    public static ulong Parse(string? text)
    {
        if (text is null) return DefaultNs;
        if (!Durations.TryParse(text, "ms", out double ns)) throw UsageError.Of($"'{text}' is not a handling time", Hint);
        // Above an hour a typing error is more likely; 0 would mean every exit, and 'time' shows those.
        return ns is >= 1 and <= 3600e9 ? (ulong)ns : throw UsageError.Of($"threshold '{text}' is out of range: 1ns to 1h", Hint);
    }
}
