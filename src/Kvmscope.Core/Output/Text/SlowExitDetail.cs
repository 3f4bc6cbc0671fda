using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>What is known of one slow exit beyond its line, below it: what it was about, and where its time went.</summary>
internal static class SlowExitDetail
{
    private static readonly (TimePart Part, string Name)[] s_parts =
    [
        (TimePart.Kvm, "KVM"), (TimePart.Vmm, "VMM"), (TimePart.Runq, "run queue"), (TimePart.Halt, "halt"), (TimePart.Poll, "poll"),
        (TimePart.Sleep, "sleep"), (TimePart.Unattributed, "unattributed"),
    ];

    internal static void Write(TextWriter output, in SlowExit exit, ViewStyle style)
    {
        List<string> facts = [];
        if (Qualifiers.Name(exit.Code, exit.Qualifier) is { } qualifier) facts.Add(qualifier);
        if (exit.Rip is { } rip) facts.Add(string.Create(CultureInfo.InvariantCulture, $"rip 0x{rip:x}"));
        if (exit.CpuAtExit is { } cpu)
            facts.Add("CPU " + Number(cpu) + (cpu == exit.Cpu ? "" : " to " + Number(exit.Cpu)));
        WriteLine(output, facts, style);
        if (exit.Parts is not { } parts) return;
        List<string> times = [];
        foreach ((TimePart part, string name) in s_parts)
            if (parts[part] > 0) times.Add($"{name} {ScaledText.Time(parts[part], style.Unicode)}");
        if (exit.RanInstead is { } task) times.Add(string.Create(CultureInfo.InvariantCulture, $"{task.Name} ({task.Pid}) ran instead"));
        WriteLine(output, times, style);
    }

    private static void WriteLine(TextWriter output, List<string> items, ViewStyle style)
    {
        if (items.Count > 0) FootNotes.WriteWrapped(output, "  " + string.Join(", ", items), RowTone.Dim, style);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
