using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>The demo compares the counts itself; check finds no problem.</summary>
internal static class DemoScenarios
{
    internal static IEnumerable<Case> Cases =>
    [
        new("demo/plain", host => Run(host, "demo", "All counts are equal.")),
        new("demo/nested", host =>
        {
            host.WantNested();
            Run(host, "demo --nested", "All counts are equal.");
        }),
        new("demo/check", host => Run(host, "check", "")),
    ];

    private static void Run(LabHost host, string words, string wanted)
    {
        (int status, string output, string errors) = host.Run(words);
        Check.Equal(0, status, $"status ({output} {errors})");
        Check.Contains(wanted, output, words);
    }
}
