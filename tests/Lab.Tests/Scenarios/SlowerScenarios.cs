using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>
/// <c>slower</c> shows the exits that a guest made slow, and no others. One run of a guest, and a tracer for each command line.
/// </summary>
internal static class SlowerScenarios
{
    // The VMM sleeps 800 ms at every fourth of 11 accesses; everything else takes much less than 500 ms.
    private const string Plan = "cpuid=43 hlt=17 slow-port=11 every=4 slow=800";
    private const int Slow = 2;
    private const ulong SleepNs = 800_000_000;

    private static readonly string[] s_looks = ["json", "text", "csv", "above", "reason", "other-reason", "exclude", "l2"];
    private static Dictionary<string, IReadOnlyList<string>>? s_lines;
    private static int s_pid;

    internal static IEnumerable<Case> Cases =>
    [
        new("slower/exactly-the-slow-ones", Exactly),
        new("slower/text-agrees-with-json", Text),
        new("slower/csv-agrees-with-json", host => Check.Equal(1 + Slow, Lines(host)["csv"].Count, "lines of CSV with the head")),
        new("slower/none-above", host => Check.Equal(0, Lines(host)["above"].Count, "lines above the threshold")),
        new("slower/reason", host => Check.Equal(Slow, Lines(host)["reason"].Count, "lines of the reason")),
        new("slower/other-reason", host => Check.Equal(0, Lines(host)["other-reason"].Count, "lines of another reason")),
        new("slower/exclude", host => Check.Equal(0, Lines(host)["exclude"].Count, "lines of excluded exits")),
        new("slower/level", host => Check.Equal(0, Lines(host)["l2"].Count, "lines of L2")),
    ];

    private static string Port(LabHost host) => host.IsSvm ? "IOIO" : "IO_INSTRUCTION";

    private static void Exactly(LabHost host)
    {
        IReadOnlyList<string> lines = Lines(host)["json"];
        Check.Equal(Slow, lines.Count, "slow exits");
        foreach (SlowLine slow in lines.Select(SlowLine.Parse))
        {
            Check.Equal(new ExitKey(host.IsSvm ? 0x7bu : 30u, 1), slow.Key, "code and level");
            Check.Equal(Port(host), slow.Reason, "reason");
            Check.Equal(s_pid, slow.VmPid, "VM");
            Check.Equal(0, slow.Vcpu, "vCPU");
            Check.AtLeast(SleepNs, slow.DurationNs, "duration in ns");
        }
    }

    private static void Text(LabHost host)
    {
        string[] lines = [.. Lines(host)["text"].Skip(1)];
        Check.Equal(Slow, lines.Length, "lines under the head");
        foreach (string line in lines)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Check.Contains("slowvm", line, "VM");
            Check.Contains(" L1 ", line, "level");
            Check.Contains($" {Port(host)} ", line, "reason");
            Check.True(words[^1].EndsWith('s'), $"a duration at the end of '{line}'");
        }
    }

    private static Dictionary<string, IReadOnlyList<string>> Lines(LabHost host)
    {
        if (s_lines is not null) return s_lines;
        List<Tracer> tracers = [];
        try
        {
            using GuestProcess guest = host.Guest(Plan, "slowvm");
            s_pid = guest.Pid;
            tracers.AddRange(s_looks.Select(look => host.Trace(Words(host, look))));
            foreach (Tracer tracer in tracers) tracer.WaitAttached();
            guest.Run();
            var lines = s_looks.Zip(tracers, (look, tracer) => (look, SlowLine.ExitsOf(tracer.Finish())))
                .ToDictionary(l => l.look, l => l.Item2);
            guest.End();
            return s_lines = lines;
        }
        finally
        {
            tracers.ForEach(t => t.Dispose());
        }
    }

    private static string Words(LabHost host, string look) => look switch
    {
        "json" => "slower 500ms --format json",
        "text" => "slower 500ms",
        "csv" => "slower 500 --format csv",
        "above" => "slower 30s --format json",
        "reason" => $"slower 500ms --reason {Port(host)} --format json",
        "other-reason" => "slower 500ms --reason CPUID --format json",
        "exclude" => $"slower 500ms --exclude {Port(host)} --format json",
        _ => "slower 500ms --level l2 --format json",
    };
}
