namespace Kvmscope.Core.Exits;

/// <summary>What to look at next for a reason: commands of this program, by the kind of reason.</summary>
public static class ReasonAdvice
{
    /// <summary>Command lines, each with what it shows; never empty.</summary>
    public static IReadOnlyList<(string Command, string Shows)> LookAt(ExitCode code)
    {
        string name = ExitReasons.Name(code);
        List<(string Command, string Shows)> lines = [];
        if (Qualifiers.InfoOf(code) is { } argument) lines.Add(($"kvmscope time --by qualifier --reason {name}", argument.Shows));
        switch (ExitReasons.ClassOf(code))
        {
            // The vCPU ends or is reset with these, so that their handling time says nothing.
            case "fatal" or "entry-fail":
                lines.Add(($"kvmscope count --by vcpu --reason {name}", "which VMs and vCPUs it happened to"));
                return lines;
            case "idle":
                lines.Add(("kvmscope time --split", "how much of it is sleep, and how much is halt polling"));
                lines.Add(($"kvmscope hist {name}", "many short halts, or few long ones"));
                break;
            case "nested":
                lines.Add(("kvmscope time --nested", "which exits of L2 are reflected to L1, and what a round costs"));
                break;
            case "host-irq":
                lines.Add(("kvmscope time --split", "whether the vCPU then waits for a CPU (run queue)"));
                break;
            default:
                lines.Add(($"kvmscope time --split --reason {name}", "KVM, the VMM, or waiting for a CPU"));
                break;
        }
        lines.Add(($"kvmscope slower 1ms --reason {name} --verbose", "each slow one, and where its time went"));
        return lines;
    }
}
