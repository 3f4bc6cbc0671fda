using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>The odd sequences of exits and entries. docs/pairing.md lists them, and those that cannot be made.</summary>
internal static class PairingScenarios
{
    internal static IEnumerable<Case> Cases =>
    [
        new("pairing/a-vcpu-run-by-two-threads-on-two-cpus", host => Compare(host, "rotate 211", 1)),
        new("pairing/a-thread-that-runs-two-vcpus", host => TwoVcpus(host)),
        new("pairing/kvm-run-that-never-enters", host => Compare(host, "interrupted 61", 1)),
        new("pairing/mmio-in-two-parts", host => Compare(host, "split-mmio 97", 1)),
        new("pairing/shutdown-stays-open", host => Compare(host, "shutdown 1", 1)),
        new("pairing/failed-vm-entry", host => FailedEntry(host)),
        new("pairing/deadline-timer", DeadlineTimer),
    ];

    private static TracedAnswer Compare(LabHost host, string words, int vcpus)
    {
        using GuestProcess guest = host.OddGuest(words);
        using Tracer tracer = host.Trace("hist --by vm,vcpu --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        Exact.Counts(host, guest.Made, answer.Rows);
        Exact.Accounting(host, answer, vcpus);
        Check.Equal((ulong)vcpus, answer.Open, "trust.open, the last exit of each vCPU");
        return answer;
    }

    private static void TwoVcpus(LabHost host)
    {
        TracedAnswer answer = Compare(host, "two-vcpus 103", 2);
        for (int id = 0; id < 2; id++)
            Check.Equal(
                103UL, TracedAnswer.Sum(answer.Rows.Where(r => r.Vcpu == id && r.Key.Code == (host.IsSvm ? 0x7bu : 30u))),
                $"port accesses of vCPU {id}");
    }

    private static void FailedEntry(LabHost host)
    {
        TracedAnswer answer = Compare(host, "failed-entry 13", 1);
        TracedRow failed = answer.Rows.Single(r => r.Key.Code == (host.IsSvm ? 0xffff_ffffu : 0x8000_0021u));
        Check.Equal(host.IsSvm ? "ERR" : "INVALID_STATE (failed entry)", failed.Reason, "name of the reason");
    }

    /// <summary>kvm_intel up to 5.15 enters again without kvm_entry: those exits are counted and not timed. All others are timed.</summary>
    private static void DeadlineTimer(LabHost host)
    {
        const ulong times = 151;
        using GuestProcess guest = host.OddGuest($"deadline-timer {times}");
        using Tracer tracer = host.Trace("hist --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        Exact.Counts(host, guest.Made, answer.Rows);
        Exact.Accounting(host, answer, 1, silentEntries: true);
        TracedRow write = answer.Rows.Single(r => r.Key.Code == (host.IsSvm ? 0x7cu : 32u));
        if (!host.HasSilentEntries)
        {
            Check.Equal(times, write.Timed, "timed writes");
            return;
        }

        // The kernel takes the slow path if something is pending, such as a host interrupt.
        Check.AtLeast(times * 9 / 10, answer.Accounting["unpaired_exits"], "trust.unpaired_exits");
        Check.AtMost(times / 10, write.Timed, "timed writes");
    }
}
