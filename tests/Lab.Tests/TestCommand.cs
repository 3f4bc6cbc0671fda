using System.Diagnostics;
using Kvmscope.Lab.Tests.Scenarios;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests;

/// <summary><c>lab-suite test</c>: runs the cases on this machine, which should be the lab.</summary>
internal static class TestCommand
{
    private static IEnumerable<Case> Cases =>
    [
        .. CountScenarios.Cases, .. SamplerScenarios.Cases, .. MachineScenarios.Cases, .. TimeScenarios.Cases, .. SlowerScenarios.Cases,
        .. SplitScenarios.Cases, .. OpenScenarios.Cases, .. QualifierScenarios.Cases, .. PlaceScenarios.Cases, .. RoundScenarios.Cases,
        .. ReturnScenarios.Cases, .. LastScenarios.Cases, .. OptionScenarios.Cases, .. DossierScenarios.Cases,
        .. PerfEventScenarios.Cases, .. LifeScenarios.Cases, .. RecordScenarios.Cases, .. ImportScenarios.Cases,
        .. PairingScenarios.Cases, .. RunScenarios.Cases, .. TopScenarios.Cases, .. ServeScenarios.Cases,
        .. DropInScenarios.Cases, .. PrivilegeScenarios.Cases, .. DemoScenarios.Cases, .. BadHostScenarios.Cases,
        .. NestedLinuxScenarios.Cases, .. ArmScenarios.Cases, .. ArmLinuxScenarios.Cases,
        .. AtomicScenarios.Cases,
    ];

    // In CI a case that cannot run has failed: nobody would notice a skip.
    private static readonly bool s_mustRun = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"));

    internal static int Run(ReadOnlySpan<string> arguments)
    {
        string kvmscope = "out/kvmscope";
        List<string> only = [], except = [];
        bool list = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--list") list = true;
            else if (arguments[i] is "--kvmscope" or "--only" or "--except" && i + 1 == arguments.Length)
                throw new ArgumentException($"{arguments[i]} needs a value");
            else if (arguments[i] == "--kvmscope") kvmscope = arguments[++i];
            else if (arguments[i] == "--only") only.Add(arguments[++i]);
            else if (arguments[i] == "--except") except.Add(arguments[++i]);
            else throw new ArgumentException($"test has no argument '{arguments[i]}'");
        }

        // Otherwise nobody would notice a misspelled name.
        if (only.Concat(except).FirstOrDefault(name => !Cases.Any(c => IsMeant(c, name))) is { } unknown)
            throw new ArgumentException($"no case is named '{unknown}'");
        Case[] chosen =
        [
            .. Cases.Where(c => only.Count == 0 ? !c.OnlyByName : only.Exists(o => IsMeant(c, o)))
                .Where(c => !except.Exists(e => IsMeant(c, e))),
        ];
        if (chosen.Length == 0) throw new ArgumentException("no case is left");
        if (!list) return RunAll(new LabHost(kvmscope), chosen);
        foreach (Case one in chosen) Console.WriteLine(one.Name);
        return 0;
    }

    /// <summary>Whether a case is in this group or has this name.</summary>
    private static bool IsMeant(Case one, string name) => one.Name == name || one.Name.StartsWith(name + "/", StringComparison.Ordinal);

    private static int RunAll(LabHost host, IEnumerable<Case> cases)
    {
        int passed = 0, failed = 0, skipped = 0;
        foreach (Case one in cases)
        {
            long start = Stopwatch.GetTimestamp();
            string took() => $"({Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s)";
            try
            {
                one.Body(host);
                Console.WriteLine($"ok {one.Name} {took()}");
                passed++;
            }
            catch (SuiteSkip e) when (!s_mustRun)
            {
                Console.WriteLine($"skip {one.Name}: {e.Message}");
                skipped++;
            }
            catch (Exception e)
            {
                // Any other exception is a failure of this case, too; the other cases run nevertheless.
                Console.WriteLine(
                    $"not ok {one.Name}: {(e is SuiteFailure or SuiteSkip ? e.Message : e.ToString()).ReplaceLineEndings(" | ")} {took()}");
                failed++;
            }
        }

        string cpu = Directory.Exists("/sys/module/kvm_amd") ? "svm"
            : Directory.Exists("/sys/module/kvm_intel") ? "vmx"
            : host.IsArm ? "arm64"
            : "none";
        Console.WriteLine($"LAB {host.Kernel} {cpu}: {passed} passed, {failed} failed, {skipped} skipped");
        Directory.Delete(host.Folder, recursive: true);
        return failed == 0 ? 0 : 1;
    }
}
