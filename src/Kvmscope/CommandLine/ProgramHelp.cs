using System.Reflection;

namespace Kvmscope.CommandLine;

/// <summary>The help of the program as a whole: the one source for its --help and for the man page.</summary>
internal static class ProgramHelp
{
    /// <summary>One line, for the head of --help and for NAME in the man page.</summary>
    public const string Summary = "shows where KVM guests lose time: their VM exits, by reason and level";

    /// <summary>The version, as set in Directory.Build.props.</summary>
    public static string Version { get; } =
        typeof(ProgramHelp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>One paragraph.</summary>
    public const string Description =
        "kvmscope traces VM exits of the KVM guests on this host with BPF: how many there are, how long KVM and the VMM take "
        + "to handle them, and for which VM, vCPU and nesting level. L1 is a guest of this host, L2 a guest of a guest. Handling time "
        + "runs from the exit to the next entry of the same vCPU. Exits that only wait (HLT and the like) are idle and are kept apart.";

    /// <summary>The option that shows the version.</summary>
    public static (string Name, string Says) VersionOption => ("--version", "Show the version.");

    /// <summary>The option that shows the licences.</summary>
    public static (string Name, string Says) LicensesOption =>
        ("--licenses", "Show the licences of kvmscope and of what it contains.");

    /// <summary>The options beside --help that need no command.</summary>
    public static IReadOnlyList<(string Name, string Says)> Options => [VersionOption, LicensesOption];

    /// <summary>Examples that show the breadth.</summary>
    public static IReadOnlyList<CommandExample> Examples { get; } =
    [
        new("kvmscope time --duration 10s", "Which exits happen, and how long they take."),
        new("kvmscope time --by vm --interval 1s", "Which VM is busy, each second."),
        new("kvmscope slower 50us --vm web1 --exclude HLT", "Single exits of one VM over 50 us, as they happen."),
        new("kvmscope count --format json -- sleep 5", "For a script."),
        new("kvmscope record --duration 1m -o before.kvmscope", "Record one minute, for 'report', 'diff' and 'assert'."),
    ];

    /// <summary>The exit statuses of the program.</summary>
    public static IReadOnlyList<(string Status, string Says)> ExitStatuses { get; } =
    [
        ("0", "Success; also after one Ctrl-C."),
        ("1", "Something failed while running."),
        ("2", "The command line is wrong."),
        ("3", "This host cannot be traced; the message says why."),
        ("4", "Not permitted; the message names the capability."),
        ("5", "assert: no rule failed, but one could not be measured; status 1 means that a rule failed."),
        ("130", "A second Ctrl-C ended it at once; import and export: Ctrl-C ended it before all was read."),
        ("COMMAND's",
            "With -- COMMAND, the status of COMMAND (except for assert, where the rules decide); "
            + "127 if it is not found, 126 if it cannot be executed, 128 + N if signal N ended it."),
    ];

    /// <summary>Variables of the environment.</summary>
    public static IReadOnlyList<(string Name, string Says)> Environment { get; } =
    [
        ("NO_COLOR", "If set and not empty, tables are not coloured unless --color always is given."),
    ];

    /// <summary>The drop-in names.</summary>
    public const string DropIns =
        "Started through a link named kvm_vmexit_count, kvm_vmexit_time, kvm_vmexit_time_hist or kvm_vmexit_slower (also with .py), "
        + "kvmscope takes the arguments of the script of that name and prints its layout.";
}
