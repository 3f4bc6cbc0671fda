using System.Globalization;
using Kvmscope.Core.Sources;
using Kvmscope.Host;
using Kvmscope.Host.Privileges;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Who is permitted to trace. docs/decisions/0004-privileges.md says what is needed and why.</summary>
internal static class PrivilegeScenarios
{
    internal const string SetPriv = "/usr/bin/setpriv";

    /// <summary>It sets limits of a program, as units do.</summary>
    internal const string PrLimit = "/usr/bin/prlimit";

    private const string Nobody = "65534";

    // dash, whose ulimit -p is -u of others; or busybox's, which has none.
    private const string Shell = "/bin/sh";

    // Of the range from which systemd takes dynamic users.
    private const string UnitUser = "61234";

    internal static IEnumerable<Case> Cases =>
    [
        new("privileges/nobody-is-told", NobodyIsTold),
        new("privileges/least-set", LeastSet),
        new("privileges/bpf-and-perfmon-alone", TooFew),
        new("privileges/as-the-unit-for-always-on-recording", AsTheUnit),
        new("privileges/as-the-pod-of-kubernetes", AsThePod),
        new("privileges/root-drops-on-all-threads", RootDrops),
        new("privileges/a-refused-drop-is-said", RefusedDrop),
        new("privileges/below-a-folder-that-is-roots-alone", BelowRootsFolder),
        new("privileges/limits-are-said", LimitsAreSaid),
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

    /// <summary>What is missing is said: on 5.10 room for the maps, later the right to read the types of KVM's modules.</summary>
    private static void TooFew(LabHost host)
    {
        bool isOld = host.Kernel < new Version(5, 11);
        Expect("bpf,perfmon", isOld ? "ulimit -l is too small on this kernel" : "not permitted to trace: CAP_SYS_ADMIN missing");
        // Enough, except for that room.
        Expect("sys_admin", isOld ? "ulimit -l is too small on this kernel" : null);

        void Expect(string caps, string? missing)
        {
            (int status, _, string errors) = As(host, caps, "count --duration 10ms --format json");
            Check.Equal(missing is null ? 0 : 4, status, $"status with {caps} ({errors})");
            if (missing is not null) Check.Contains(missing, errors, $"what is said with {caps}");
        }
    }

    /// <summary>
    /// The unit's user and capabilities are enough to record, to begin new files after they were dropped, and to remove old ones; and
    /// --require-drop finds nothing that stays.
    /// </summary>
    private static void AsTheUnit(LabHost host)
    {
        string folder = FolderOfUnit(host, "state");
        string[] unit = AsUnit("kvmscope-record.service");
        (int status, string output, string errors) = LabHost.Run(PrLimit,
        [
            .. unit, host.Kvmscope, "record", "--by", "vm", "--without", "qualifiers", "--interval", "100ms", "--rotate",
            "1s", "--keep", "2", "--require-drop", "--duration", "3500ms", "-o", $"{folder}/host.kvmscope",
        ]);
        Check.Equal((0, ""), (status, output + errors), $"status and words with {string.Join(' ', unit)}");
        string[] files = Directory.GetFiles(folder);
        Check.Equal(2, files.Length, "recordings that are kept");
        uint user = uint.Parse(UnitUser, CultureInfo.InvariantCulture);
        foreach (string file in files)
        {
            Check.Equal(new FileOwner(user, user), LinuxSystem.OwnerOf(file), "the owner of a file that was begun after the drop");
            (status, _, errors) = host.Run($"report {file} count");
            Check.Equal(
                (0, ""), (status, string.Join('\n', errors.Split('\n').Where(l => l.StartsWith("kvmscope:", StringComparison.Ordinal)))),
                "status and notes of a report");
        }
    }

    /// <summary>Root with the capabilities of the DaemonSet can attach and become another user, with a root that is read-only.</summary>
    private static void AsThePod(LabHost host)
    {
        if (!File.Exists(SetPriv)) throw new SuiteSkip($"{SetPriv} is not here");
        using var reader = new StreamReader(typeof(PrivilegeScenarios).Assembly.GetManifestResourceStream("daemonset.yaml")!);
        string[] lines = [.. reader.ReadToEnd().Split('\n').Select(line => line.Trim())];
        string set = "-all," + string.Join(',', lines.Where(line => line.StartsWith("- ", StringComparison.Ordinal)
            && line[2..].All(c => char.IsAsciiLetterUpper(c) || c == '_')).Select(line => "+" + line[2..].ToLowerInvariant()));
        string token = Path.Combine(host.Folder, "token");
        File.WriteAllText(token, "a-token-of-this-pod\n");
        File.SetUnixFileMode(token, UnixFileMode.UserRead);
        string words = lines.Single(line => line.StartsWith("args: [", StringComparison.Ordinal))["args: [".Length..^1]
            .Replace(",", "", StringComparison.Ordinal).Replace("'0.0.0.0:7780'", "0.0.0.0:0", StringComparison.Ordinal)
            .Replace("/etc/kvmscope/token/token", token, StringComparison.Ordinal);
        string[] run = [SetPriv, "--bounding-set", set, "--", host.Kvmscope, .. words.Split(' '), "--duration", "1500ms"];
        (int status, string output, string errors) = LabHost.Run(
            Shell, ["-c", "exec unshare -m sh -c 'mount -o remount,bind,ro / && exec \"$0\" \"$@\"' \"$0\" \"$@\"", .. run]);
        Check.Equal((0, ""), (status, output), $"status and output with {set} ({errors})");
        Check.Contains("serving at", errors, "what it says");
        Check.True(!errors.Contains("privileges", StringComparison.Ordinal), $"nothing is kept that should not be ({errors})");
    }

    /// <summary>Root's files belong to root, also those that it begins after it is root no more; and no thread keeps what it had.</summary>
    private static void RootDrops(LabHost host)
    {
        string folder = Directory.CreateDirectory(Path.Combine(host.Folder, "root")).FullName;
        // The command looks at the tracer, its parent, at a time when the drop is done: a second file has been begun.
        const string look = "until [ $(ls $1 | wc -l) -ge 2 ]; do sleep 0.1; done; cat /proc/$PPID/task/*/status > $1/status; "
            + "ls /proc/$PPID/task | wc -l";
        (int status, string output, string errors) = LabHost.Run(host.Kvmscope,
        [
            "record", "--by", "vm", "--interval", "100ms", "--rotate", "1s", "--require-drop", "-o", $"{folder}/host.kvmscope", "--",
            "sh", "-c", look, "look", folder,
        ]);
        Check.Equal((0, ""), (status, errors), "status and words");
        string[] lines = File.ReadAllLines(Path.Combine(folder, "status"));
        int threads = int.Parse(output, CultureInfo.InvariantCulture);
        Check.AtLeast(3, threads, "threads of the tracer");
        string[] users = [.. lines.Where(l => l.StartsWith("Uid:", StringComparison.Ordinal))];
        Check.AtLeast(threads - 1, users.Length, "threads that were read");
        Check.Equal("", string.Join(' ', users.Where(l => l.Split('\t')[1..].Contains("0"))), "threads that are root");
        ulong kept = CapabilitySet.Of(
            Capability.Bpf, Capability.Kill, Capability.DacOverride, Capability.Chown, Capability.Fowner).Bits;
        foreach (string line in lines.Where(l => l.StartsWith("CapPrm:", StringComparison.Ordinal)))
            Check.Equal(0UL, ulong.Parse(line.Split('\t')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & ~kept, line);
        foreach (string file in Directory.GetFiles(folder, "*.kvmscope"))
            Check.Equal(new FileOwner(0, 0), LinuxSystem.OwnerOf(file), "the owner of a file that was begun after root was dropped");
    }

    /// <summary>Where the drop is refused, it is said, and with --require-drop it is an error; COMMAND does not run on.</summary>
    private static void RefusedDrop(LabHost host)
    {
        if (!File.Exists(SetPriv)) throw new SuiteSkip($"{SetPriv} is not here");
        string[] without = ["--bounding-set", "-setuid", "--", host.Kvmscope, "count"];
        (int status, _, string errors) = LabHost.Run(SetPriv, [.. without, "--duration", "10ms"]);
        Check.Equal(0, status, $"status ({errors})");
        Check.True(errors.Contains("privileges were not dropped: it is still root", StringComparison.Ordinal), $"it is said ({errors})");
        (status, string output, errors) = LabHost.Run(SetPriv, [.. without, "--require-drop", "--", "sleep", "1000"]);
        Check.Equal((4, ""), (status, output), $"status and output with --require-drop ({errors})");
    }

    /// <summary>
    /// Where only root may pass the root folder (mode 0700), nothing can be opened by its path after the drop; that costs nothing.
    /// </summary>
    private static void BelowRootsFolder(LabHost host)
    {
        const string jail = "set -e; cd $1; mount -t tmpfs none jail; "
            + "for d in bin dev etc lib lib64 proc sys usr; do [ ! -e /$d ] || { mkdir jail/$d; mount -o rbind /$d jail/$d; }; done; "
            + "mkdir -m 1777 jail/tmp; cp $2 jail/kvmscope; chmod 700 jail; "
            + "exec chroot jail sh -c 'cd /tmp; "
            + "/kvmscope record --require-drop --interval 100ms --rotate 1s --keep 2 --duration 2500ms -o a.kvmscope; "
            + "echo $? $(ls | wc -l); "
            + "/kvmscope count --require-drop -- sh -c \"exit 3\" > /dev/null; echo $?'";
        Directory.CreateDirectory(Path.Combine(host.Folder, "jail"));
        (int status, string output, string errors) = LabHost.Run(
            Shell, ["-c", "exec unshare -m sh -c \"$0\" jail \"$1\" \"$2\"", jail, host.Folder, host.Kvmscope]);
        Check.Equal((0, "0 2\n3", ""), (status, output, errors), "statuses, files and words");
    }

    /// <summary>What a limit of the shell does not allow is said, with the limit's name.</summary>
    private static void LimitsAreSaid(LabHost host)
    {
        // 400000: with less the runtime may end before the program begins (docs/limits.md).
        foreach ((string limit, string says) in ((string, string)[])[
            ("-n 32", "ulimit -n is 32"), ("-p 1", "ulimit -u"), ("-f 0", "the file is too large"), ("-v 400000", "ulimit -v is 400000")])
        {
            if (LabHost.Run(Shell, ["-c", $"ulimit {limit}"]).Errors.Length > 0)
            {
                Console.WriteLine($"# this shell has no ulimit {limit[..2]}");
                continue;
            }
            string words = limit == "-f 0" ? $"man > {host.Folder}/man" : "count --duration 10ms";
            (int status, _, string errors) = LabHost.Run(Shell, ["-c", $"ulimit {limit}; exec {host.Kvmscope} {words}"]);
            Check.Equal(1, status, $"status with ulimit {limit} ({errors})");
            Check.Contains(says, errors, $"what is said with ulimit {limit}");
            Check.AtMost(3, errors.Split('\n').Length, $"lines of it ({errors})");
        }
    }

    /// <summary>A folder of the user as which <see cref="AsUnit"/> runs programs.</summary>
    internal static string FolderOfUnit(LabHost host, string name)
    {
        string folder = Directory.CreateDirectory(Path.Combine(host.Folder, name)).FullName;
        (int status, string output, string errors) = LabHost.Run(Shell, ["-c", $"chown {UnitUser}:{UnitUser} {folder}"]);
        Check.Equal(0, status, $"status of chown ({output}{errors})");
        return folder;
    }

    /// <summary>The arguments of prlimit for a program that has what a unit gives it.</summary>
    internal static string[] AsUnit(string name)
    {
        if (Array.Find([SetPriv, PrLimit], tool => !File.Exists(tool)) is { } missing) throw new SuiteSkip($"{missing} is not here");
        using var reader = new StreamReader(typeof(PrivilegeScenarios).Assembly.GetManifestResourceStream(name)!);
        string[] unit = reader.ReadToEnd().Split('\n');
        string set = Capabilities(unit, "AmbientCapabilities=");
        Check.Equal(set, Capabilities(unit, "CapabilityBoundingSet="), "what it may have beside what it has");
        Check.Equal(true, unit.Contains("LimitMEMLOCK=infinity"), "no limit on locked memory");
        return
        [
            "--memlock=unlimited:unlimited", SetPriv, "--reuid", UnitUser, "--regid", UnitUser, "--clear-groups",
            "--inh-caps", set, "--ambient-caps", set, "--bounding-set", set, "--no-new-privs", "--",
        ];
    }

    private static string Capabilities(string[] unit, string key)
    {
        string line = unit.Single(l => l.StartsWith(key, StringComparison.Ordinal));
        return "-all," + string.Join(',', line[key.Length..].Split(' ').Select(c => "+" + c["CAP_".Length..].ToLowerInvariant()));
    }

    private static (int Status, string Output, string Errors) As(LabHost host, string caps, string words)
    {
        if (!File.Exists(SetPriv)) throw new SuiteSkip($"{SetPriv} is not here");
        string set = caps.Length == 0 ? "-all" : "-all," + string.Join(',', caps.Split(',').Select(c => "+" + c));
        // The limit as kernels up to 5.15 have it: other cases raise the suite's.
        return LabHost.Run(
            "/bin/sh",
            [
                "-c", "ulimit -l 64 && exec \"$0\" \"$@\"", SetPriv, "--reuid", Nobody, "--regid", Nobody, "--clear-groups",
                "--inh-caps", set, "--ambient-caps", set, "--", host.Kvmscope, .. words.Split(' '),
            ]);
    }
}
