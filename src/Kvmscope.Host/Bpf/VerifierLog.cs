namespace Kvmscope.Host.Bpf;

/// <summary>Makes a verifier log readable: its last lines say what was refused.</summary>
internal static class VerifierLog
{
    /// <summary>The refusal: the last line that is not a statistic, with the instruction before it; null if there is none.</summary>
    internal static string? Summary(string log)
    {
        string[] lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        int last = lines.Length - 1;
        while (last >= 0 && IsStatistic(lines[last])) last--;
        if (last < 0) return null;
        return last > 0 && IsInstruction(lines[last - 1]) ? $"{lines[last]} (at {lines[last - 1]})" : lines[last];
    }

    private static bool IsStatistic(string line) =>
        line.StartsWith("processed ", StringComparison.Ordinal) || line.StartsWith("verification time", StringComparison.Ordinal)
        || line.StartsWith("stack depth", StringComparison.Ordinal);

    private static bool IsInstruction(string line)
    {
        int colon = line.IndexOf(':');
        return colon > 0 && line.AsSpan(0, colon).IndexOfAnyExceptInRange('0', '9') < 0;
    }
}
