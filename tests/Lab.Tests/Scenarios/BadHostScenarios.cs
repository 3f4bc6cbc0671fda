using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Hosts that cannot be traced. Each group needs a lab that was booted with --no-kvm or --no-vendor.</summary>
internal static class BadHostScenarios
{
    internal static IEnumerable<Case> Cases =>
    [
        new("no-kvm/count", host => Refused(host, "count -- true", "kvm"), OnlyByName: true),
        new("no-kvm/top", host => Refused(host, "top --once", "kvm"), OnlyByName: true),
        new("no-kvm/demo", host => Refused(host, "demo", "/dev/kvm"), OnlyByName: true),
        new("no-kvm/check", host => Refused(host, "check", "kvm"), OnlyByName: true),
        new("no-vendor/count", host => Refused(host, "count -- true", "kvm_"), OnlyByName: true),
        new("no-vendor/check", host => Refused(host, "check", "kvm_"), OnlyByName: true),
    ];

    /// <summary>Status 3, and what is missing with its fix, in two lines.</summary>
    private static void Refused(LabHost host, string words, string wanted)
    {
        (int status, string output, string errors) = host.Run(words);
        Check.Equal(3, status, $"status ({output} {errors})");
        Check.Contains(wanted, words == "check" ? output : errors, "message");
        if (words != "check") Check.Equal(2, errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, $"lines of '{errors}'");
        Console.WriteLine($"# {words}: {errors.ReplaceLineEndings(" | ")}");
    }
}
