using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>The drop-in names with their arguments and layouts: one run of a guest, traced by all of them at the same time.</summary>
internal static class DropInScenarios
{
    private const string Tracing = "Tracing... Hit Ctrl-C to end.";

    // HLT lasts until the VMM's timer, every 2 ms; an access to the port lasts 40 ms.
    private const string Plan = "hlt-in-kernel=31 cpuid=83 slow-port=5 slow=40";
    private const ulong Halts = 31;

    private static readonly Dictionary<string, string[]> s_tools = new()
    {
        ["count"] = ["kvm_vmexit_count"],
        ["time"] = ["kvm_vmexit_time.py"],
        ["hist"] = ["kvm_vmexit_time_hist"],
        ["hist 12"] = ["kvm_vmexit_time_hist", "12"],
        ["hist HLT"] = ["kvm_vmexit_time_hist", "HLT"],
        ["slower"] = ["kvm_vmexit_slower", "1"],
        ["slower excludes"] = ["kvm_vmexit_slower", "1", "--excludes", "12,"],
    };

    private static Dictionary<string, (IReadOnlyList<string> Lines, string Errors)>? s_answers;
    private static IReadOnlyDictionary<ExitKey, ulong> s_made = new Dictionary<ExitKey, ulong>();

    internal static IEnumerable<Case> Cases =>
    [
        new("drop-in/count", host => Table(host, "count")),
        new("drop-in/time", host => Table(host, "time")),
        new("drop-in/hist", host => Check.AtLeast(Halts + 83, Bars(host, "hist"), "exits in the bars")),
        new("drop-in/hist-12-is-hlt-alone", host => Check.Equal(Halts, Bars(host, "hist 12"), "exits in the bars")),
        new("drop-in/hist-hlt-by-name", host => Check.Equal(Halts, Bars(host, "hist HLT"), "exits in the bars")),
        new("drop-in/number-of-vmx-on-svm-is-said", SaysTranslation),
        new("drop-in/slower-shows-hlt", host => Check.True(Answers(host)["slower"].Lines.Any(IsHalt), "no HLT among the slow exits")),
        new("drop-in/slower-excludes", Excludes),
    ];

    private static void Excludes(LabHost host)
    {
        IReadOnlyList<string> lines = Answers(host)["slower excludes"].Lines;
        Check.Equal("Excludes: HLT", lines[0], "first line");
        Check.True(!lines.Skip(1).Any(IsHalt), "HLT among the slow exits");
        string number = host.IsSvm ? "123" : "30";
        int found = lines.Count(
            l => l.TrimStart().StartsWith(number + " ", StringComparison.Ordinal) && l.EndsWith("(L1)", StringComparison.Ordinal));
        Check.AtLeast(5, found, "lines of the slow port");
    }

    private static bool IsHalt(string line) => line.Contains(" HLT ", StringComparison.Ordinal);

    private static void SaysTranslation(LabHost host)
    {
        if (!host.IsSvm) throw new SuiteSkip("this is VMX");
        Check.Contains("12 is HLT on VMX", Answers(host)["hist 12"].Errors, "standard error");
    }

    /// <summary>The total and the L1 exits of each reason are as made.</summary>
    private static void Table(LabHost host, string tool)
    {
        IReadOnlyList<string> lines = Answers(host)[tool].Lines;
        foreach ((ExitKey key, ulong count) in s_made)
        {
            string line = lines.FirstOrDefault(l => l.TrimStart().StartsWith($"{key.Code} ", StringComparison.Ordinal))
                ?? throw new SuiteFailure($"no line of {key.Code}: {string.Join(" | ", lines)}");
            string[] figures = line.Split(' ', '(', ')').Where(w => ulong.TryParse(w, out _)).ToArray();
            Check.Equal($"{count}", figures[1], $"total of {key}");
            Check.Equal($"{count}", figures[tool == "time" ? 3 : 2], $"L1 of {key}");
        }
    }

    /// <summary>The sum of <c>low -> high : count |****|</c>.</summary>
    private static ulong Bars(LabHost host, string tool)
    {
        IEnumerable<string> bars = Answers(host)[tool].Lines.Where(l => l.Contains("->", StringComparison.Ordinal));
        return bars.Aggregate(0UL, (sum, line) => sum + ulong.Parse(line.Split(':', '|')[1]));
    }

    private static Dictionary<string, (IReadOnlyList<string> Lines, string Errors)> Answers(LabHost host)
    {
        if (s_answers is not null) return s_answers;
        Dictionary<string, ChildProcess> tools = [];
        Dictionary<string, (IReadOnlyList<string> Lines, string Errors)> answers = [];
        try
        {
            using GuestProcess guest = host.Guest(Plan);
            foreach ((string name, string[] words) in s_tools)
                tools[name] = new ChildProcess(host.Link(words[0], host.Kvmscope), words[1..]);
            var heads = tools.ToDictionary(t => t.Key, t => UpToTracing(t.Value));
            guest.Run();
            s_made = guest.Made;
            // slower writes each exit at once; when the last line of the port is there, all slow exits have been written.
            foreach (ChildProcess tool in tools.Values) tool.Signal(ChildProcess.SigInt);
            foreach ((string name, ChildProcess tool) in tools)
            {
                IReadOnlyList<string> lines = [.. heads[name], .. tool.ReadRest()];
                Check.Equal(0, tool.WaitForEnd(), $"status of {name} ({tool.Errors})");
                answers[name] = (lines, tool.Errors);
            }

            guest.End();
            return s_answers = answers;
        }
        finally
        {
            foreach (ChildProcess tool in tools.Values) tool.Dispose();
        }
    }

    private static List<string> UpToTracing(ChildProcess tool)
    {
        List<string> lines = [];
        while (true)
        {
            string line = tool.ReadLine() ?? throw new SuiteFailure($"no '{Tracing}': {tool.Errors}");
            if (line == Tracing) return lines;
            lines.Add(line);
        }
    }
}
