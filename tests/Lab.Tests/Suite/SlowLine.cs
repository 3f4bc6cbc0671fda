using System.Text.Json;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>An exit that <c>slower --format json</c> showed.</summary>
internal sealed record SlowLine(int VmPid, int Vcpu, ExitKey Key, string Reason, ulong DurationNs)
{
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
