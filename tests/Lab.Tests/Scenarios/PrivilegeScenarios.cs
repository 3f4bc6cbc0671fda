using Kvmscope.Core.Sources;
using Kvmscope.Host;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Who is permitted to trace. docs/decisions/0004-privileges.md says what is needed and why.</summary>
internal static class PrivilegeScenarios
{
    private const string SetPriv = "/usr/bin/setpriv";
    private const string Nobody = "65534";

    internal static IEnumerable<Case> Cases =>
    [
        new("privileges/nobody-is-told", NobodyIsTold),
        new("privileges/least-set", LeastSet),
        new("privileges/bpf-and-perfmon-alone", TooFew),
        new("privileges/as-the-unit-for-always-on-recording", AsTheUnit),
    ];

    private static void NobodyIsTold(LabHost host)
    {
        foreach (string command in (string[])["count --duration 10ms", "check"])
        {
            (int status, string output, string errors) = As(host, "", command);
            Check.Equal(4, status, $"status of {command} ({output} {errors})");
            if (command != "check") Check.AtMost(3, errors.Split('\n').Length, "lines of the message");
        }
    }

    /// <summary>
    /// CAP_SYS_ADMIN for the BTF of modules, if the kernel has that; before 5.11 CAP_SYS_RESOURCE for the memory of maps.
    /// </summary>
    private static void LeastSet(LabHost host)
    {
        string caps = host.Kernel < new Version(5, 11) ? "bpf,perfmon,sys_resource" : "bpf,perfmon,sys_admin";
        (int status, string output, string errors) = As(host, caps, "count --duration 10ms --format json");
        Check.Equal(0, status, $"status with {caps} ({output} {errors})");
    }

    /// <summary>Shows whether the set is enough here. If not, the message must say that tracing is not permitted.</summary>
    private static void TooFew(LabHost host)
    {
        (int status, _, string errors) = As(host, "bpf,perfmon", "count --duration 10ms --format json");
        Console.WriteLine($"# bpf,perfmon: status {status} {errors.ReplaceLineEndings(" | ")}");
        Check.True(status is 0 or 4, $"status {status} with bpf,perfmon, expected 0 or 4 ({errors})");
        (int admin, _, string adminErrors) = As(host, "sys_admin", "count --duration 10ms --format json");
        Console.WriteLine($"# sys_admin alone: status {admin} {adminErrors.ReplaceLineEndings(" | ")}");
        Check.True(admin is 0 or 4, $"status {admin} with sys_admin, expected 0 or 4 ({adminErrors})");
    }

    /// <summary>
    /// The unit's capabilities are enough to record, to begin new files after the others were dropped, and to remove old ones.
    /// </summary>
    private static void AsTheUnit(LabHost host)
    {
        if (!File.Exists(SetPriv)) throw new SuiteSkip($"{SetPriv} is not here");
        using var reader = new StreamReader(typeof(PrivilegeScenarios).Assembly.GetManifestResourceStream("kvmscope-record.service")!);
        const string key = "CapabilityBoundingSet=";
        string line = reader.ReadToEnd().Split('\n').Single(l => l.StartsWith(key, StringComparison.Ordinal));
        string set = "-all," + string.Join(',', line[key.Length..].Split(' ').Select(c => "+" + c["CAP_".Length..].ToLowerInvariant()));
        string folder = Directory.CreateDirectory(Path.Combine(host.Folder, "state")).FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.StickyBit);
        (int status, string output, string errors) = LabHost.Run(SetPriv,
            ["--bounding-set", set, "--no-new-privs", "--", host.Kvmscope, "record", "--by", "vm", "--without", "qualifiers",
                "--interval", "100ms", "--rotate", "1s", "--keep", "2", "--duration", "3500ms", "-o", $"{folder}/host.kvmscope"]);
        Check.Equal((0, ""), (status, output + errors), $"status and words with {set}");
        string[] files = Directory.GetFiles(folder);
        Check.Equal(2, files.Length, "recordings that are kept");
        foreach (string file in files)
            Check.Equal(new FileOwner(0, 0), LinuxSystem.OwnerOf(file), "the owner of a file that was begun after root was dropped");
        foreach (string file in files)
        {
            (status, _, errors) = host.Run($"report {file} count");
            Check.Equal(
                (0, ""), (status, string.Join('\n', errors.Split('\n').Where(l => l.StartsWith("kvmscope:", StringComparison.Ordinal)))),
                "status and notes of a report");
        }
    }

    private static (int Status, string Output, string Errors) As(LabHost host, string caps, string words)
    {
        if (!File.Exists(SetPriv)) throw new SuiteSkip($"{SetPriv} is not here");
        string set = caps.Length == 0 ? "-all" : "-all," + string.Join(',', caps.Split(',').Select(c => "+" + c));
        return LabHost.Run(
            SetPriv,
            [
                "--reuid", Nobody, "--regid", Nobody, "--clear-groups", "--inh-caps", set, "--ambient-caps", set, "--", host.Kvmscope,
                .. words.Split(' '),
            ]);
    }
}
