using System.Text.Json;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>The last exits of vCPUs, whose ends are known.</summary>
internal static class LastScenarios
{
    private const int ShortVms = 5;

    internal static IEnumerable<Case> Cases =>
    [
        new("last/triple-fault", TripleFault),
        new("last/failed-entry", FailedEntry),
        new("last/in-order-with-their-returns", InOrder),
        new("last/a-vm-that-is-killed", Killed),
        new("last/nothing-abnormal", Normal),
        new("last/many-short-vms", ShortLives),
        new("last/around-a-command", Around),
        new("arm64/last", Arm, OnlyByName: true),
    ];

    private static List<JsonElement> Trace(LabHost host, GuestProcess guest, string options)
    {
        using Tracer tracer = host.Trace($"last --format json {options}".TrimEnd()).WaitAttached();
        guest.Run();
        List<JsonElement> vcpus = [.. tracer.Finish().Select(line => JsonElement.Parse(line))];
        guest.End();
        return vcpus;
    }

    private static JsonElement[] Exits(JsonElement vcpu) => [.. vcpu.GetProperty("exits").EnumerateArray()];

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString() ?? "";

    private static void TripleFault(LabHost host)
    {
        using GuestProcess guest = host.OddGuest("shutdown 1");
        JsonElement vcpu = Trace(host, guest, "--abnormal").Single();
        Check.True(vcpu.GetProperty("abnormal").GetBoolean(), "abnormal");
        Check.Equal("SHUTDOWN", Text(vcpu.GetProperty("last_return"), "vmm_reason"), "its last return");
        JsonElement exit = Exits(vcpu)[^1];
        Check.Equal(host.IsSvm ? 0x7fUL : 2, exit.GetProperty("code").GetUInt64(), "its last exit");
        Check.Equal("SHUTDOWN", Text(exit, "vmm_reason"), "what the VMM got of it");
        Check.Equal(JsonValueKind.Null, exit.GetProperty("handling_ns").ValueKind, "its handling time: it never ran again");
    }

    private static void FailedEntry(LabHost host)
    {
        using GuestProcess guest = host.OddGuest("failed-entry 13");
        JsonElement vcpu = Trace(host, guest, "-n 5 --abnormal --exclude INTR,EXTERNAL_INTERRUPT").Single();
        JsonElement last = vcpu.GetProperty("last_return");
        Check.Equal("FAIL_ENTRY", Text(last, "vmm_reason"), "its last return");
        ulong reason = last.GetProperty("detail_raw").GetUInt64();
        Check.Equal(host.IsSvm ? 0xffff_ffffUL : 0x8000_0021, reason & 0xffff_ffff, "hardware_entry_failure_reason");
        Check.Contains("hardware_entry_failure_reason 0x", Text(last, "detail"), "its name");
        JsonElement[] exits = Exits(vcpu);
        Check.Equal(5, exits.Length, "exits");
        Check.Equal(14UL, vcpu.GetProperty("exits_seen").GetUInt64(), "exits seen");
        for (int i = 0; i < 5; i++)
        {
            Check.Equal(10UL + (ulong)i, exits[i].GetProperty("number").GetUInt64(), "number");
            Check.Equal(i < 4 ? "IO" : "FAIL_ENTRY", Text(exits[i], "vmm_reason"), $"return of exit {i}");
            if (i < 4) Check.Equal("0x10 out", Text(exits[i], "qualifier"), $"qualifier of exit {i}");
        }

        Check.Equal(host.IsSvm ? 0xffff_ffffUL : 0x8000_0021, exits[4].GetProperty("code").GetUInt64(), "the code of the last");
    }

    private static void InOrder(LabHost host)
    {
        using GuestProcess guest = host.Guest("cpuid=101 mmio-write=3 out=2");
        JsonElement vcpu = Trace(host, guest, "-n 9 --exclude INTR,EXTERNAL_INTERRUPT").Single();
        Check.True(!vcpu.GetProperty("ended").GetBoolean(), "it has not ended");
        Check.Equal("vmm", Text(vcpu, "place"), "where it is");
        JsonElement[] exits = Exits(vcpu);
        string cpuid = "CPUID", io = host.IsSvm ? "IOIO" : "IO_INSTRUCTION", mmio = host.IsSvm ? "NPF" : "EPT_MISCONFIG";
        Check.Equal(
            $"{cpuid} {cpuid} {cpuid} {mmio} {mmio} {mmio} {io} {io} {io}", string.Join(' ', exits.Select(e => Text(e, "reason"))),
            "reasons");
        Check.Equal("   MMIO MMIO MMIO IO IO IO", string.Join(' ', exits.Select(e => Text(e, "vmm_reason"))), "returns");
        for (int i = 0; i < exits.Length; i++)
        {
            Check.Contains("0x", Text(exits[i], "rip"), $"instruction pointer of exit {i}");
            if (i == 0) continue;
            Check.AtLeast(1UL, exits[i].GetProperty("since_ns").GetUInt64(), $"time since the exit before {i}");
            ulong before = exits[i - 1].GetProperty("handling_ns").GetUInt64();
            Check.AtLeast(before, exits[i].GetProperty("since_ns").GetUInt64(), $"that against the handling time of exit {i - 1}");
        }

        Check.Equal(Text(exits[0], "rip"), Text(exits[2], "rip"), "the guest's loop");
        Check.True(Text(exits[2], "rip") != Text(exits[3], "rip"), "another instruction");
        Check.Equal(JsonValueKind.Null, exits[^1].GetProperty("handling_ns").ValueKind, "the last is open");
    }

    private static void Killed(LabHost host)
    {
        using GuestProcess guest = host.Guest("cpuid=7 spin-port=1 loop", "killed");
        using Tracer tracer = host.Trace("last --format json").WaitAttached();
        ulong before = KvmCounters.Exits(guest.Pid);
        guest.Go().WaitFor("running");
        while (KvmCounters.Exits(guest.Pid) < before + 100) Thread.Yield();
        guest.Kill();
        JsonElement vcpu = JsonElement.Parse(tracer.Finish().Single());
        Check.Contains("killed", Text(vcpu, "vm"), "its name");
        Check.True(vcpu.GetProperty("ended").GetBoolean(), "it has ended");
        Check.True(!vcpu.GetProperty("abnormal").GetBoolean(), "it was killed, and did not fail");
        Check.AtLeast(1, Exits(vcpu).Length, "exits");
    }

    private static void Normal(LabHost host)
    {
        using GuestProcess guest = host.Guest("cpuid=7 out=3 hlt=2");
        using Tracer tracer = host.Trace("last --abnormal").WaitAttached();
        guest.Run();
        Check.Contains("no vCPU ended with SHUTDOWN", string.Join('\n', tracer.Finish()), "the answer");
        guest.End();
    }

    /// <summary>Each is printed when it has ended, with its own exits, whoever had the slot before.</summary>
    private static void ShortLives(LabHost host)
    {
        using Tracer tracer = host.Trace("last --format json -n 3 --max-vcpus 2 --reason CPUID").WaitAttached();
        for (int i = 1; i <= ShortVms; i++)
        {
            using (GuestProcess guest = host.Guest($"cpuid={10 + i}", $"short{i}"))
            {
                guest.Run();
                guest.End();
            }

            JsonElement vcpu = JsonElement.Parse(tracer.ReadLine() ?? throw new SuiteFailure($"short{i} was not printed"));
            Check.Contains($"short{i}", Text(vcpu, "vm"), "the VM");
            Check.True(vcpu.GetProperty("ended").GetBoolean(), $"short{i} has ended");
            Check.Equal(10 + i, vcpu.GetProperty("exits_seen").GetInt32(), $"exits of short{i}");
            Check.Equal(3, Exits(vcpu).Length, $"exits of short{i} that are kept");
        }

        Check.Equal(0, tracer.Finish().Count, "lines at the end");
    }

    private static void Around(LabHost host)
    {
        (int status, string output, string errors) = host.Run($"last -n 2 --abnormal -- {host.Suite} odd shutdown 1");
        Check.Equal(0, status, $"status ({errors})");
        Check.Contains(" ended at ", output, "the head");
        Check.Contains("KVM_RUN returned SHUTDOWN", output, "the head");
        Check.Contains(host.IsSvm ? "SHUTDOWN" : "TRIPLE_FAULT", output.Split('\n')[^2], "the last exit");
    }

    private static void Arm(LabHost host)
    {
        using GuestProcess guest = host.Guest("hvc=31 mmio-write=7");
        JsonElement vcpu = Trace(host, guest, "-n 10 --exclude IRQ").Single();
        JsonElement[] exits = Exits(vcpu);
        Check.Equal(
            "HVC64 HVC64 DABT_LOW DABT_LOW DABT_LOW DABT_LOW DABT_LOW DABT_LOW DABT_LOW DABT_LOW",
            string.Join(' ', exits.Select(e => Text(e, "reason"))), "reasons");
        Check.Equal(
            "  " + string.Join(' ', Enumerable.Repeat("MMIO", 8)), string.Join(' ', exits.Select(e => Text(e, "vmm_reason"))), "returns");
        foreach (JsonElement exit in exits) Check.Contains("0x", Text(exit, "rip"), "pc");
    }
}
