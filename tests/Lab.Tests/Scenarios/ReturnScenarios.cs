using System.Text.Json;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Returns to the VMM: as many as the VMM itself counted, whether or not there was an exit.</summary>
internal static class ReturnScenarios
{
    private const ulong SlowNs = 150_000_000;

    internal static IEnumerable<Case> Cases =>
    [
        new("returns/each-reason", host => Compare(host, host.Guest("out=211 in=97 mmio-write=53 mmio-read=31 hlt=41 cpuid=83"),
            ("IO", 211 + 97 + 1), ("MMIO", 53 + 31), ("HLT", 41))), // the last port access ends the guest
        new("returns/kvm-run-that-never-enters", NeverEnters),
        new("returns/between-exit-and-entry", host => Compare(host, host.OddGuest("interrupted 61"), ("IO", 61), ("INTR", 3 * 61))),
        new("returns/two-vcpus-of-one-thread", TwoVcpus),
        new("returns/two-threads-of-one-vcpu", host => Compare(host, host.OddGuest("rotate 211"), ("IO", 211))),
        new("returns/mmio-in-two-parts", host => Compare(host, host.OddGuest("split-mmio 97"), ("IO", 97), ("MMIO", 2 * 97))),
        new("returns/shutdown", host => Compare(host, host.OddGuest("shutdown 1"), ("SHUTDOWN", 1))),
        new("returns/failed-entry", host => Compare(host, host.OddGuest("failed-entry 13"), ("IO", 13), ("FAIL_ENTRY", 1))),
        new("returns/three-busy-vms-on-one-cpu", Busy),
        new("returns/until-it-ran-again", Slow),
        new("returns/a-vcpu-that-does-nothing", Silent),
        new("returns/recorded", Recorded),
        new("arm64/returns", host => Compare(host, host.Guest("hvc=311 mmio-write=97 mmio-read=53 wfi=5"), ("MMIO", 97 + 53 + 1)),
            OnlyByName: true),
    ];

    private static JsonElement Trace(LabHost host, GuestProcess guest, string options)
    {
        using Tracer tracer = host.Trace(options).WaitAttached();
        guest.Run();
        string line = tracer.Finish().Single();
        guest.End();
        return JsonElement.Parse(line);
    }

    // Without the total.
    private static IEnumerable<JsonElement> Rows(JsonElement answer) =>
        answer.GetProperty("rows").EnumerateArray().Where(row => row.GetProperty("row").GetString() != "total");

    private static JsonElement Compare(LabHost host, GuestProcess guest, params (string Reason, ulong Count)[] made)
    {
        using (guest)
        {
            JsonElement answer = Trace(host, guest, "time --by vmm --format json");
            Compare(answer, made);
            return answer;
        }
    }

    private static void Compare(JsonElement answer, params (string Reason, ulong Count)[] made)
    {
        var seen = Rows(answer)
            .ToDictionary(r => r.GetProperty("vmm_reason").GetString() ?? "none", r => r.GetProperty("count").GetUInt64());
        foreach ((string reason, ulong count) in made) Check.Equal(count, seen.GetValueOrDefault(reason), $"returns with {reason}");
        Check.Equal(made.Length, seen.Count, $"reasons ({string.Join(' ', seen.Keys)})");
        JsonElement trust = answer.GetProperty("trust");
        Check.True(!trust.TryGetProperty("lost_returns", out JsonElement lost), $"lost returns: {lost}");
        Check.True(!answer.TryGetProperty("missing", out JsonElement missing), $"missing: {missing}");
    }

    /// <summary>KVM_RUN returns at once, thousands of times: there is no exit, and each return is seen.</summary>
    private static void NeverEnters(LabHost host)
    {
        const ulong times = 20_011;
        JsonElement answer = Compare(host, host.OddGuest($"kicked {times}"), ("INTR", times));
        Check.Equal(0UL, answer.GetProperty("trust").GetProperty("exits").GetUInt64(), "exits");
        JsonElement row = Rows(answer).Single();
        Check.AtLeast(1UL, row.GetProperty("avg_ns").GetUInt64(), "average time until the next call in ns");
        Check.AtLeast(
            row.GetProperty("avg_ns").GetUInt64() * (times - 1), row.GetProperty("total_ns").GetUInt64() + times, "their sum in ns");
    }

    private static void TwoVcpus(LabHost host)
    {
        using GuestProcess guest = host.OddGuest("two-vcpus 103");
        JsonElement answer = Trace(host, guest, "count --by vcpu,vmm --format json");
        for (int id = 0; id < 2; id++)
        {
            JsonElement row = Rows(answer).Single(r => r.GetProperty("vcpu").GetInt32() == id);
            Check.Equal("IO", row.GetProperty("vmm_reason").GetString(), $"reason of vCPU {id}");
            Check.Equal(103UL, row.GetProperty("count").GetUInt64(), $"returns of vCPU {id}");
        }
    }

    /// <summary>Their threads preempt each other all the time, on some kernels also within a program: no return may be missed.</summary>
    private static void Busy(LabHost host)
    {
        const ulong times = 20_011;
        using GuestProcess first = host.Guest($"out={times}", "first"), second = host.Guest($"out={times}", "second"),
            third = host.Guest($"out={times}", "third");
        GuestProcess[] guests = [first, second, third];
        using Tracer tracer = host.Trace("time --by vm,vmm --format json").WaitAttached();
        foreach (GuestProcess guest in guests) guest.Go();
        foreach (GuestProcess guest in guests) guest.WaitDone();
        JsonElement answer = JsonElement.Parse(tracer.Finish().Single());
        Check.True(!answer.GetProperty("trust").TryGetProperty("lost_returns", out JsonElement lost), $"lost returns: {lost}");
        foreach (GuestProcess guest in guests)
        {
            JsonElement row = Rows(answer).Single(r => r.GetProperty("vm_pid").GetInt32() == guest.Pid);
            Check.Equal(("IO", times + 1), (row.GetProperty("vmm_reason").GetString(), row.GetProperty("count").GetUInt64()), "returns");
            guest.End();
        }
    }

    private static void Slow(LabHost host)
    {
        using GuestProcess guest = host.Guest("out=17 slow-port=5 slow=150");
        JsonElement answer = Trace(host, guest, "time --by vmm --format json");
        JsonElement row = Rows(answer).Single();
        Check.Equal(17 + 5 + 1UL, row.GetProperty("count").GetUInt64(), "returns");
        Check.AtLeast(5 * SlowNs, row.GetProperty("total_ns").GetUInt64(), "time in ns");
        Check.AtLeast(SlowNs, row.GetProperty("max_ns").GetUInt64(), "the longest in ns");
        Check.AtMost(SlowNs, row.GetProperty("p50_ns").GetUInt64(), "the median in ns");
    }

    // Warmed up before the trace: its vCPU waits in the VMM, and makes no event.
    private static void Silent(LabHost host)
    {
        using GuestProcess guest = host.Guest("cpuid=1", "silent");
        using Tracer tracer = host.Trace("count --by vcpu,vmm --format json").WaitAttached();
        JsonElement row = Rows(JsonElement.Parse(tracer.Finish().Single())).Single();
        Check.Equal("silent", row.GetProperty("vm").GetString(), "its VM");
        Check.Equal(0, row.GetProperty("vcpu").GetInt32(), "its vCPU");
        Check.Equal(JsonValueKind.Null, row.GetProperty("vmm_reason").ValueKind, "its reason");
        Check.Equal(0UL, row.GetProperty("count").GetUInt64(), "its returns");
        Check.Equal("unknown", row.GetProperty("place").GetString(), "its place");
        guest.Kill();
    }

    private static void Recorded(LabHost host)
    {
        string path = Path.Combine(host.Folder, "returns.kvmscope");
        using GuestProcess guest = host.Guest("out=101 hlt=53");
        using (Tracer tracer = host.Trace($"record --with vmm --interval 100ms -o {path}").WaitAttached())
        {
            guest.Run();
            tracer.Finish();
        }

        guest.End();
        (int status, string output, string errors) = host.Run($"report {path} --by vmm --format json");
        Check.Equal(0, status, $"status ({errors})");
        Compare(JsonElement.Parse(output), ("IO", 101 + 1), ("HLT", 53));
        (_, output, _) = host.Run($"report {path} count --format json");
        TracedAnswer exits = TracedAnswer.Parse(output);
        Exact.Counts(host, guest.Made, exits.Rows);
    }
}
