using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>
/// A guest in a Linux guest: the script in LAB_L1 boots Linux as L1 and runs <c>lab-suite guest</c> in it, which makes the exits of L2.
/// </summary>
internal static class NestedLinuxScenarios
{
    internal static IEnumerable<Case> Cases => [new("nested-linux/exits-of-l2-are-exact", Exits, OnlyByName: true)];

    private static void Exits(LabHost host)
    {
        string l1 = Environment.GetEnvironmentVariable("LAB_L1") is { Length: > 0 } path
            ? path
            : throw new SuiteSkip("the lab was not asked for a Linux guest (--l1)");
        string answers = Path.Combine(host.Folder, "answer");
        (int status, string output, string errors) = LabHost.Run(
            host.Kvmscope, "count", "--format", "json", "-o", answers, "--", "/bin/sh", l1);
        Check.Equal(0, status, $"status of L1 ({errors})");
        IReadOnlyDictionary<ExitKey, ulong> made = GuestProcess.ParseMade(output.Split('\n').Single(l => l.StartsWith('{')));
        TracedAnswer answer = TracedAnswer.Parse(File.ReadAllText(answers));
        // Level 1 as L1 sees it is level 2 here.
        foreach ((ExitKey key, ulong count) in made)
            Check.Equal(count, answer.CountOf(key with { Level = 2 }), $"L2 exits of code 0x{key.Code:x}");
        Check.AtLeast(3, made.Count, "reasons compared");
    }
}
