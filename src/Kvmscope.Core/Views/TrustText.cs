using System.Globalization;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Views;

/// <summary>What an answer does not show, in plain words, with what to do about it.</summary>
public static class TrustText
{
    /// <summary>One line for each thing that was lost or not measured; empty where the answer is whole.</summary>
    public static IReadOnlyList<string> Lines(Answer answer)
    {
        Trust trust = answer.Trust;
        var lines = new List<string>();
        AddNotTimed(lines, trust);
        AddNotCounted(lines, trust);
        if (trust.OtherQualifiers > 0)
            lines.Add($"{Of(trust.OtherQualifiers, "exit", "exits")} had a qualifier for which the vCPU's table had no room: they are in 'other'");
        if (trust.MissedEvents > 0)
            lines.Add(MissedEvents(trust.MissedEvents));
        ulong unnamed = answer.UnknownReasons - Math.Min(answer.UnknownReasons, trust.UnreadReasons);
        if (unnamed > 0)
            lines.Add($"{Of(unnamed, "exit has a reason", "exits have reasons")} that this version has no name for: shown by number");
        if (trust.UnreadReasons > 0)
            lines.Add($"the reason of {Of(trust.UnreadReasons, "exit", "exits")} could not be read on this kernel: see 'kvmscope check'");
        if (answer.RestartedRows > 0)
            lines.Add($"{Of((ulong)answer.RestartedRows, "counter", "counters")} began again at zero meanwhile: shown from there on");
        return lines;
    }

    /// <summary>That slow exits were lost, and what to do about it.</summary>
    public static string LostEvents(ulong lost) =>
        Of(lost, "slow exit was", "slow exits were")
        + " lost because the buffer was full: raise the threshold, or filter with --vm, --reason or --exclude";

    /// <summary>How many vCPUs were not counted; beyond those that are told apart it is not known.</summary>
    internal static string DroppedVcpus(Trust trust) =>
        (trust.DroppedVcpus < Trust.MostDroppedVcpus ? "" : "at least ") + Of(trust.DroppedVcpus, "vCPU was", "vCPUs were");

    /// <summary>That events were passed over, and what may follow.</summary>
    internal static string MissedEvents(ulong missed) =>
        $"{Of(missed, "event was", "events were")} passed over by the kernel: of as many exits the qualifier or the poll time may be missing";

    /// <summary>Number and noun.</summary>
    internal static string Of(ulong number, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many)}");

    private static void AddNotTimed(List<string> lines, Trust trust)
    {
        if (trust.UnpairedExits > 0)
        {
            string exits = Of(trust.UnpairedExits, "exit", "exits");
            lines.Add($"{exits} had no entry after {Them(trust.UnpairedExits)} (fast path): counted, not timed");
        }
        if (trust.UnpairedEntries > 0)
        {
            string entries = Of(trust.UnpairedEntries, "entry", "entries");
            lines.Add($"{entries} had no exit before {Them(trust.UnpairedEntries)} (failed VM entry): nothing to count");
        }
        if (trust.Open > 0)
            lines.Add($"{Of(trust.Open, "exit has", "exits have")} no entry yet (open): counted, not timed");
        if (trust.LostEvents > 0) lines.Add(LostEvents(trust.LostEvents));
    }

    private static string Them(ulong number) => number == 1 ? "it" : "them";

    private static void AddNotCounted(List<string> lines, Trust trust)
    {
        if (trust.DroppedVcpus > 0)
            lines.Add($"{DroppedVcpus(trust)} not counted: raise --max-vcpus");
        if (trust.DroppedCells > 0)
            lines.Add($"{Of(trust.DroppedCells, "reason of a vCPU", "reasons of vCPUs")} found no room: raise --max-vcpus");
        if (trust.DroppedExits > 0)
            lines.Add($"{Of(trust.DroppedExits, "exit was", "exits were")} not counted for want of room");
    }
}
