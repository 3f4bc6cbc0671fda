namespace Kvmscope.Core.Exits;

/// <summary>What to look at next for a reason: commands of this program, by the kind of reason.</summary>
public static class ReasonAdvice
{
    /// <summary>All lines, in the order in which they are shown. Each has a test with reasons that have it, and others.</summary>
    internal static IReadOnlyList<ReasonAdviceLine> Lines { get; } =
    [
        new("ended", "kvmscope count --by vcpu --reason {0}", "which VMs and vCPUs it happened to", code => !Returns(code)),
        new("qualifier", "kvmscope time --by qualifier --reason {0}", null, code => Returns(code) && Qualifiers.InfoOf(code) is not null),
        new("halts", "kvmscope time --split", "how much of it is sleep, and how much is halt polling", ExitReasons.IsIdle),
        new("halt-lengths", "kvmscope hist {0}", "many short halts, or few long ones", ExitReasons.IsIdle),
        new("nested", "kvmscope time --nested", "which exits of L2 are reflected to L1, and what a round costs", IsNested),
        new("preempted", "kvmscope time --split", "whether the vCPU then waits for a CPU (run queue)", IsHostIrq),
        new("split", "kvmscope time --split --reason {0}", "KVM, the VMM, or waiting for a CPU",
            code => IsWork(code) && !IsNested(code) && !IsHostIrq(code)),
        new("slower", "kvmscope slower 1ms --reason {0} --verbose", "each slow one, and where its time went", IsWork),
    ];

    /// <summary>Command lines, each with what it shows; never empty.</summary>
    public static IReadOnlyList<(string Command, string Shows)> LookAt(ExitCode code)
    {
        string name = ExitReasons.Name(code);
        return
        [
            .. Lines.Where(l => l.Applies(code))
                .Select(l => (l.Command.Replace("{0}", name, StringComparison.Ordinal), l.Shows ?? Qualifiers.InfoOf(code)!.Shows)),
        ];
    }

    // After these the vCPU ends, or is reset: there is no handling time. KVM does not go on from what it does not know, either, except
    // where the guest gets an exception.
    private static bool Returns(ExitCode code) =>
        ExitReasons.ClassOf(code) is not ("fatal" or "entry-fail")
        && (ExitReasons.Find(code)?.Handler != "no" || IsaInfo.Of(code.Isa).GoesOnUnhandled);

    // A long halt is not a slow exit.
    private static bool IsWork(ExitCode code) => Returns(code) && !ExitReasons.IsIdle(code);

    private static bool IsNested(ExitCode code) =>
        Returns(code) && ExitReasons.ClassOf(code) == "nested" && IsaInfo.Of(code.Isa).HasLevels;

    private static bool IsHostIrq(ExitCode code) => ExitReasons.ClassOf(code) == "host-irq";
}

/// <summary>One line of what to look at.</summary>
/// <param name="Name">Its name, for tests.</param>
/// <param name="Command">The command line; <c>{0}</c> is the reason.</param>
/// <param name="Shows">What it shows; null for what the reason's qualifier is.</param>
/// <param name="Applies">Which reasons have it.</param>
internal sealed record ReasonAdviceLine(string Name, string Command, string? Shows, Func<ExitCode, bool> Applies);
