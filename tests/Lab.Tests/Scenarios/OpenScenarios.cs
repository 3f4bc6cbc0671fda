using System.Diagnostics;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Exits that do not end: vCPUs that hang, and vCPUs that end in an exit.</summary>
internal static class OpenScenarios
{
    internal static IEnumerable<Case> Cases =>
    [
        new("open/a-vcpu-that-hangs-in-its-vmm", Hangs),
        new("open/a-vm-that-ended-has-no-time", Ended),
    ];

    private static void Hangs(LabHost host)
    {
        string file = Path.Combine(host.Folder, $"hangs-{Guid.NewGuid():N}.kvmscope"), port = host.IsSvm ? "IOIO" : "IO_INSTRUCTION";
        using GuestProcess guest = host.Guest("slow-port=1 slow=9000 cpuid=5", "hung");
        using Tracer alone = Begin("assert max(exit)<1s"), beside = Begin("assert max(exit)<1s share(runq)<=100%"),
            above = Begin("assert max(exit)<3600s --format json"), recorder = Begin($"record -o {file} --interval 100ms"),
            count = Begin("count"), time = Begin("time --by vm --format json");
        guest.Go();
        Deadline.Until(() => Elapsed(guest) > TimeSpan.FromSeconds(2), () => "the clock stands");
        recorder.Finish();
        Check.Contains($"open: {port} of hung vCPU 0 for at least ", string.Join('\n', count.Finish()), "the table of count");
        Check.Contains($"\"open_exits\":[{{\"vm\":\"hung\",\"vm_pid\":{guest.Pid},\"vcpu\":0,", string.Join('\n', time.Finish()), "JSON");
        foreach (Tracer tracer in (Tracer[])[alone, beside])
        {
            string text = End(tracer, 1);
            Check.Contains("FAIL  max(exit)<1s", text, "the live rule");
            Check.Contains($"{port}, hung vCPU 0, L1", text, "the live rule");
        }
        Check.Contains("it has not ended", End(above, 5), "a rule that it may still break");
        guest.WaitDone();
        guest.End();
        (int status, string output, _) = host.Run($"assert max(exit)<1s {file}");
        Check.Equal(1, status, $"status of the recorded rule ({output})");
        Check.Contains($"{port}, hung vCPU 0, L1", output, "the recorded rule");

        Tracer Begin(string words) => host.Trace(words).WaitAttached();
    }

    private static TimeSpan Elapsed(GuestProcess guest) => Stopwatch.GetElapsedTime(guest.Began);

    private static string End(Tracer tracer, int status)
    {
        tracer.WriteLine();
        string text = string.Join(' ', tracer.ReadRest().Select(line => line.Trim()));
        Check.Equal(status, tracer.WaitForEnd(), $"status of assert ({text}; {tracer.Errors})");
        return text;
    }

    /// <summary>The guest's last exit waits in its VMM until the VM is gone: that is no handling time.</summary>
    private static void Ended(LabHost host)
    {
        string file = Path.Combine(host.Folder, $"ended-{Guid.NewGuid():N}.kvmscope");
        using GuestProcess guest = host.Guest("cpuid=20 out=10");
        using Tracer live = host.Trace("assert max(exit)<900ms count(exit)>=30").WaitAttached();
        using Tracer recorder = host.Trace($"record -o {file} --interval 50ms").WaitAttached();
        using var watch = new Watch(host, "count");
        guest.Run();
        Deadline.Until(() => Elapsed(guest) > TimeSpan.FromSeconds(2), () => "the clock stands");
        guest.Kill();
        watch.Take(3);
        watch.Finish();
        recorder.Finish();
        End(live, 0);
        Check.Equal((0UL, 1UL), (watch.Accounting("open"), watch.Accounting("final_exits")), "trust.open and trust.final_exits");
        (int status, string output, _) = host.Run($"assert max(exit)<900ms avg(exit)<900ms count(exit)>=30 {file}");
        Check.Equal(0, status, $"status of the recorded rules ({output})");
    }
}
