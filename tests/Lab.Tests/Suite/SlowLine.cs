using System.Text.Json;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>An exit that <c>slower --format json</c> showed.</summary>
internal sealed record SlowLine(int VmPid, int Vcpu, ExitKey Key, string Reason, ulong DurationNs)
{
    /// <summary>The lines of exits. Of those, JSON has one more at the end, which says that none was lost.</summary>
    internal static IReadOnlyList<string> ExitsOf(IReadOnlyList<string> lines)
    {
        if (lines.Count == 0 || lines[^1] is not ['{', ..] last) return lines;
        Check.Contains("\"schema\":\"kvmscope/losses/1\"", last, "the last line of JSON");
        Check.Contains("\"sum\":true,\"lost_events\":0,", last, "what was lost");
        return [.. lines.SkipLast(1)];
    }

    internal static SlowLine Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        return new SlowLine(
            root.GetProperty("vm_pid").GetInt32(),
            root.GetProperty("vcpu").GetInt32(),
            new ExitKey(root.GetProperty("code").GetUInt64(), root.GetProperty("level").GetInt32()),
            root.GetProperty("reason").GetString()!,
            root.GetProperty("duration_ns").GetUInt64());
    }
}
