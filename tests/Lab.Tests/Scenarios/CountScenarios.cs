using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Shows as many exits as were made; the trust counters; KVM's own counter.</summary>
internal static class CountScenarios
{
    // Primes, so that no count can be confused with another.
    private const string Plain = "cpuid=311 out=211 in=101 mmio-write=97 mmio-read=53 rdmsr=127 wrmsr=89 hlt=61 hypercall=43";
    private const string Nested = "cpuid=103 out=31 l2.cpuid=113 l2.out=71 l2.hlt=47 l2.rdmsr=29 l2.hypercall=19";

    internal static IEnumerable<Case> Cases =>
    [
        new("counts/each-kind-of-work", host => Compare(host, Plain, 1)),
        new("counts/two-levels", host =>
        {
            host.WantNested();
            Compare(host, Nested, 1);
        }),
        new("counts/three-vcpus", host => Compare(host, "vcpus=3 cpuid=67 out=41 hlt=23", 3)),
        new("counts/halts-in-the-kernel", host => Compare(host, "hlt-in-kernel=37 cpuid=59", 1)),
        new("counts/time-and-hist-agree-with-count", AllThree),
    ];

    /// <summary>Exact counts, no losses, and the sum over all reasons and both levels is the increase of KVM's own counter.</summary>
    private static void Compare(LabHost host, string plan, int vcpus)
    {
        using GuestProcess guest = host.Guest(plan);
        ulong before = KvmCounters.Exits(guest.Pid);
        using Tracer tracer = host.Trace("hist --by vm,vcpu --format json").WaitAttached();
        guest.Run();
        ulong rise = KvmCounters.Exits(guest.Pid) - before;
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        Exact.Counts(host, guest.Made, answer.Rows);
        Exact.Accounting(host, answer, vcpus);
        Check.Equal((ulong)vcpus, answer.Open, "trust.open, the last exit of each vCPU");
        Check.Equal(rise, answer.Exits, "exits against the rise of KVM's own counter");
    }

    private static void AllThree(LabHost host)
    {
        using GuestProcess guest = host.Guest("cpuid=83 hlt=41");
        Tracer[] tracers = [.. ((string[])["count", "time", "hist"]).Select(c => host.Trace($"{c} --format json"))];
        try
        {
            foreach (Tracer tracer in tracers) tracer.WaitAttached();
            guest.Run();
            TracedAnswer[] answers = [.. tracers.Select(t => t.FinishAnswer())];
            foreach (TracedAnswer answer in answers)
            {
                Exact.Counts(host, guest.Made, answer.Rows, answer.Command);
                Exact.Accounting(host, answer, 1);
                Check.Equal(answers[0].Exits, answer.Exits, $"exits of {answer.Command} against count");
            }

            guest.End();
        }
        finally
        {
            foreach (Tracer tracer in tracers) tracer.Dispose();
        }
    }
}
