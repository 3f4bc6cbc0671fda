using System.Text.Json;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>The details that <c>slower</c> shows of an exit.</summary>
internal static class DossierScenarios
{
    private const string Plan = "cpuid=43 slow-port=5 slow=150";
    private const ulong SleepNs = 150_000_000;
    private const int Slow = 5;
    private const string SlowPort = "1283"; // 0x503
    private static readonly string[] s_ownNames = ["kvmscope", "lab-suite", ".NET"];

    internal static IEnumerable<Case> Cases =>
    [
        new("dossier/the-vmm-slept", Slept),
        new("dossier/part", Part),
        new("dossier/who", Who),
    ];

    private static IReadOnlyList<string> Run(LabHost host, string plan, string options)
    {
        using GuestProcess guest = host.Guest(plan);
        using Tracer tracer = host.Trace(options).WaitAttached();
        guest.Run();
        IReadOnlyList<string> lines = SlowLine.ExitsOf(tracer.Finish());
        guest.End();
        return lines;
    }

    // Those of the port at which the VMM sleeps: when an emulated host stands still for 100 ms, some other exit is slow too.
    private static List<JsonElement> RunSlowPort(LabHost host, string options) =>
    [
        .. Run(host, Plan, options).Select(line => JsonElement.Parse(line))
            .Where(exit => exit.TryGetProperty("qualifier_raw", out JsonElement raw) && raw.GetRawText() == SlowPort),
    ];

    private static void Slept(LabHost host)
    {
        List<JsonElement> exits = RunSlowPort(host, "slower 100ms --format json");
        Check.Equal(Slow, exits.Count, "slow exits");
        foreach (JsonElement exit in exits)
        {
            Check.Contains("0x503 out", exit.GetProperty("qualifier").GetString()!, "qualifier");
            Check.Contains("0xa0", exit.GetProperty("rip").GetString()!, "rip");
            Check.AtLeast(0, exit.GetProperty("cpu_exit").GetInt32(), "CPU at the exit");
            Check.AtLeast(0, exit.GetProperty("cpu_entry").GetInt32(), "CPU at the entry");
            JsonElement parts = exit.GetProperty("parts_ns");
            Check.AtLeast(SleepNs, parts.GetProperty("vmm").GetUInt64() + parts.GetProperty("runq").GetUInt64(), "VMM's time in ns");
            Check.AtMost(SleepNs / 5, parts.GetProperty("kvm").GetUInt64(), "KVM's time in ns");
            Check.Equal(
                exit.GetProperty("duration_ns").GetUInt64(), parts.EnumerateObject().Aggregate(0UL, (sum, p) => sum + p.Value.GetUInt64()),
                "sum of the parts");
            Check.Equal(JsonValueKind.Null, exit.GetProperty("ran_instead").ValueKind, "ran_instead without --who");
        }
    }

    private static void Part(LabHost host)
    {
        Check.Equal(0, RunSlowPort(host, "slower 100ms --part kvm --format json").Count, "exits that were in KVM for so long");
        Check.Equal(Slow, RunSlowPort(host, "slower 100ms --part vmm --format json").Count, "exits that were in the VMM for so long");
    }

    // Two vCPUs on one CPU: an exit that waits for the CPU waits for the other vCPU, or for kvmscope or its reader. How often for
    // which depends on the speed of the lab. Kernel threads run in between all the time, but never for long.
    private static void Who(LabHost host)
    {
        string turns = string.Join(' ', Enumerable.Repeat("spin=1000000 cpuid=200", 40));
        IReadOnlyList<string> lines = Run(host, $"vcpus=2 {turns}", "slower 1ms --part runq --who --format json");
        Check.AtLeast(1, lines.Count, "exits that waited for the CPU");
        int others = 0, programs = 0, all = 0;
        foreach (string line in lines)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement exit = document.RootElement, who = exit.GetProperty("ran_instead");
            if (who.ValueKind == JsonValueKind.Null) continue;
            string name = who.GetProperty("name").GetString()!;
            bool isOther = name.StartsWith("guest-vcpu", StringComparison.Ordinal);
            all++;
            if (isOther) others++;
            if (isOther || s_ownNames.Any(own => name.StartsWith(own, StringComparison.Ordinal))) programs++;
            Check.True(who.GetProperty("pid").GetInt32() != exit.GetProperty("tid").GetInt32(), "another task than the thread itself");
        }
        Check.AtLeast(1, others, $"exits of {all} for which the other vCPU's thread is named");
        Check.AtLeast((all + 1) / 2, programs, $"exits of {all} for which a program is named");
    }
}
