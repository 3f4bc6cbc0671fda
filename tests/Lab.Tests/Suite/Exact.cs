namespace Kvmscope.Lab.Tests.Suite;

/// <summary>Compares what guests made with what was traced.</summary>
internal static class Exact
{
    /// <summary>
    /// The exits that the host can cause at any time (see GuestExpectations): interrupts, NMIs, SMIs and their windows, first
    /// accesses of L2 to its memory, the VMX preemption timer.
    /// </summary>
    private static readonly ExitKey[] s_svmHost =
    [
        new(0x60, 1), new(0x61, 1), new(0x62, 1), new(0x64, 1),
        new(0x60, 2), new(0x61, 2), new(0x62, 2), new(0x64, 2), new(0x400, 2),
    ];

    /// <summary>IRQ: host interrupts, including that of the virtual timer.</summary>
    private static readonly ExitKey[] s_armHost = [new(0, 1)];

    private static readonly ExitKey[] s_vmxHost =
    [
        new(0, 1), new(1, 1), new(7, 1), new(8, 1), new(48, 1), new(52, 1),
        new(0, 2), new(1, 2), new(7, 2), new(8, 2), new(48, 2), new(52, 2),
        new(23, 1), new(25, 1), // for fields that the host could not shadow
    ];

    /// <summary>Each count is equal, and there are no other exits except those that the host causes.</summary>
    internal static void Counts(
        LabHost host, IReadOnlyDictionary<ExitKey, ulong> made, IEnumerable<TracedRow> rows, string whose = "the guest")
    {
        var seen = rows.GroupBy(r => r.Key).ToDictionary(g => g.Key, TracedAnswer.Sum);
        foreach ((ExitKey key, ulong count) in made) Check.Equal(count, seen.GetValueOrDefault(key), $"{whose}: exits {key}");
        ExitKey[] fromHost = host.IsArm ? s_armHost : host.IsSvm ? s_svmHost : s_vmxHost;
        foreach (TracedRow row in rows)
        {
            Check.Equal(host.IsaName, row.Isa, $"{whose}: ISA of {row.Reason}");
            if (!made.ContainsKey(row.Key) && !fromHost.Contains(row.Key))
                throw new SuiteFailure($"{whose}: expected no {row.Reason} ({row.Key}), got {row.Count}");
        }
    }

    /// <summary>Nothing is lost, no sequence is odd, and the exits add up.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="answer">What was traced.</param>
    /// <param name="vcpus">The number of traced vCPUs: the last exit of each has no entry.</param>
    /// <param name="silentEntries">Whether there may be entries without kvm_entry.</param>
    internal static void Accounting(LabHost host, TracedAnswer answer, int vcpus, bool silentEntries = false)
    {
        string[] losses = ["unpaired_entries", "lost_events", "dropped_cells", "dropped_vcpus", "dropped_exits", "unknown_reasons"];
        foreach (string name in losses)
            Check.Equal(0UL, answer.Accounting[name], $"trust.{name}");
        if (!silentEntries || !host.HasSilentEntries) Check.Equal(0UL, answer.Accounting["unpaired_exits"], "trust.unpaired_exits");
        Check.AtMost((ulong)vcpus, answer.Open, "trust.open");
        AddsUp(answer);
    }

    /// <summary>The exits are those that were timed, those that cannot be timed, and those that are open.</summary>
    internal static void AddsUp(TracedAnswer answer)
    {
        Check.Equal(TracedAnswer.Sum(answer.Rows), answer.Exits, "trust.exits against the rows");
        ulong timed = answer.Command == "hist"
            ? answer.Rows.Aggregate(0UL, (sum, row) => sum + row.Timed)
            : answer.Accounting["entries"] - answer.Accounting["unpaired_entries"];
        Check.Equal(answer.Exits, timed + answer.Accounting["unpaired_exits"] + answer.Open + answer.Final,
            "exits against timed + unpaired + open + final");
        Check.Equal(
            answer.Accounting["entries"], timed + answer.Accounting["unpaired_entries"], "trust.entries against timed + unpaired entries");
    }
}
