using System.Diagnostics;
using System.Text.Json;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>
/// <c>time --split</c> against guests and VMMs whose time is known. A part is right within 5 % or 200 µs per exit, whichever is more.
/// </summary>
internal static class SplitScenarios
{
    private const double Share = 0.05, SumShare = 0.01;
    private const ulong SlackNs = 200_000, SleepNs = 3_000_000;
    private const string PollParameter = "/sys/module/kvm/parameters/halt_poll_ns";

    internal static IEnumerable<Case> Cases =>
    [
        new("split/vmm-sleeps", host => VmmTime(host, "slow-port", 97)),
        new("split/vmm-spins", host => VmmTime(host, "spin-port", 89)),
        new("split/halts-in-the-kernel", Halts),
        new("split/halt-polling", Polls),
        new("split/halts-that-do-not-wait-are-busy", Restless),
        new("split/a-guest-that-spins", Spins),
        new("split/two-vcpus-on-one-cpu", Overcommitted),
        new("split/a-killed-vm", Killed),
        new("split/filtered-has-no-wall-clock", Filtered),
        new("split/a-stopped-vmm", Stopped),
        new("split/a-vm-that-is-stopped-all-the-time", host => Silent(host, "loop cpuid=100 out=10", Stop, "vmm")),
        new("split/a-vm-that-waits-to-be-started", host => Silent(host, "cpuid=5", _ => { }, "vmm")),
        new("split/a-vcpu-that-is-halted-all-the-time", host => Silent(host, "hlt-in-kernel=1 wake=600000", Halt, "halt")),
        new("split/a-vm-that-is-made-while-traced", Later),
        new("split/odd-rotating-threads", host => Odd(host, "rotate 211", 1)),
        new("split/odd-two-vcpus-a-thread", host => Odd(host, "two-vcpus 103", 2)),
        new("split/odd-run-that-never-enters", host => Odd(host, "interrupted 61", 1)),
        new("split/odd-mmio-in-two-parts", host => Odd(host, "split-mmio 97", 1)),
        new("split/odd-shutdown", host => Odd(host, "shutdown 1", 1)),
        new("split/odd-failed-entry", host => Odd(host, "failed-entry 13", 1)),
    ];

    private static TracedAnswer Run(LabHost host, string plan, string options = "time --split --format json")
    {
        using GuestProcess guest = host.Guest(plan);
        using Tracer tracer = host.Trace(options).WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        Sums(answer);
        return answer;
    }

    // Every part exists, and none is larger than the whole; parsing refuses negative numbers.
    private static void Sums(TracedAnswer answer)
    {
        TracedRow[] walls = [.. answer.Rows.Where(r => r.WallNs is not null)];
        Check.AtLeast(1, walls.Length, "rows of wall clocks");
        foreach (TracedRow row in walls)
        {
            Check.Equal(8, row.Parts.Count, "available parts of a wall clock");
            ulong wall = row.WallNs!.Value, sum = row.Parts.Values.Aggregate(0UL, (a, b) => a + b);
            Near(wall, sum, SumShare, 0, "the sum of the parts");
            Check.AtMost((ulong)(wall * SumShare), row.Parts["unattributed"], "unattributed ns");
        }
        foreach (TracedRow row in answer.Rows.Where(r => r.WallNs is null))
            Check.Equal(7, row.Parts.Count, $"parts of {row.Reason}, without guest");
    }

    private static TracedRow Wall(TracedAnswer answer) => answer.Rows.Single(r => r.WallNs is not null);

    private static void Near(ulong expected, ulong got, double share, ulong slackNs, string what)
    {
        ulong slack = Math.Max((ulong)(expected * share), slackNs);
        Check.AtLeast(expected - Math.Min(expected, slack), got, $"{what} in ns, {expected} expected");
        Check.AtMost(expected + slack, got, $"{what} in ns, {expected} expected");
    }

    private static void VmmTime(LabHost host, string port, ulong times)
    {
        TracedAnswer answer = Run(host, $"cpuid=53 {port}={times} slow=3");
        TracedRow row = answer.Rows.Single(r => r.WallNs is null && r.Key == new ExitKey(host.IsSvm ? 0x7bu : 30u, 1));
        // The exit with which the guest ends is open, and in the VMM until the trace ends.
        ulong open = answer.Rows.Aggregate(0UL, (sum, r) => sum + (r.WallNs is null ? r.Parts["vmm"] : 0)) - row.Parts["vmm"];
        Check.AtLeast(times * SleepNs, row.Parts["vmm"] + row.Parts["runq"], "the port's time in the VMM in ns");
        ulong rest = row.Parts["kvm"] + row.Parts["halt"] + row.Parts["poll"] + row.Parts["sleep"];
        Check.AtMost(times * SlackNs, rest, "the port's other time in ns");
        Check.AtLeast(row.Parts["vmm"] + open, Wall(answer).Parts["vmm"] + 1, "the VM's time in the VMM in ns");
    }

    private static void Halts(LabHost host)
    {
        const ulong times = 31, wakeNs = 20_000_000;
        SetPolling("0");
        TracedAnswer answer = Run(host, $"hlt-in-kernel={times} wake=20");
        TracedRow row = answer.Rows.Single(r => r.WallNs is null && r.Key == new ExitKey(host.IsSvm ? 0x78u : 12u, 1));
        // The first halt begins at any time between two wake-ups.
        Near(times * wakeNs - (wakeNs / 2), row.Parts["halt"], Share, times * SlackNs + (wakeNs / 2), "halted");
        Check.Equal(0UL, Wall(answer).Parts["poll"], "polled");
    }

    /// <summary>A loop of HLT that the VMM resumes at once is not idle; live, the parts say so, and in a recording Busy.</summary>
    private static void Restless(LabHost host)
    {
        const ulong times = 20_000;
        string file = Path.Combine(host.Folder, $"restless-{Guid.NewGuid():N}.kvmscope");
        using GuestProcess guest = host.Guest($"hlt={times} cpuid=97");
        using Tracer tracer = host.Trace("time --split --format json").WaitAttached(),
            recorder = host.Trace($"record -o {file}").WaitAttached();
        guest.Run();
        recorder.Finish();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        var halt = new ExitKey(host.IsSvm ? 0x78u : 12u, 1);
        TracedRow row = answer.Rows.Single(r => r.WallNs is null && r.Key == halt);
        Check.Equal(times, row.Count, "HLT");
        Check.Equal(0UL, row.Parts["halt"] + row.Parts["poll"], "halted and polled ns");
        (int status, string output, string errors) = host.Run($"report {file} time --format json");
        Check.Equal(0, status, $"status of the report ({errors})");
        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement[] rows = [.. document.RootElement.GetProperty("rows").EnumerateArray()];
        Check.AtLeast(times + 97, Single("busy").GetProperty("count").GetUInt64(), "busy exits");
        Check.True(rows
            .Where(r => r.GetProperty("reason").ValueKind == JsonValueKind.String && r.GetProperty("reason").GetString() == "HLT")
            .All(r => !r.GetProperty("idle").GetBoolean()), "HLT that is idle");

        JsonElement Single(string kind) => rows.Single(r => r.GetProperty("row").GetString() == kind);
    }

    private static void Polls(LabHost host)
    {
        string before = SetPolling("4000000");
        try
        {
            using GuestProcess guest = host.Guest("hlt-in-kernel=101 wake=1");
            using Tracer tracer = host.Trace("time --split --format json").WaitAttached();
            guest.Run();
            TracedAnswer answer = tracer.FinishAnswer();
            ulong kernels = KvmCounters.Of(guest.Pid, "halt_poll_success_ns") + KvmCounters.Of(guest.Pid, "halt_poll_fail_ns");
            guest.End();
            Sums(answer);
            TracedRow wall = Wall(answer);
            Check.AtLeast(1_000UL, kernels, "what KVM says that it polled in ns");
            Check.Equal(kernels, wall.Parts["poll"], "polled in ns, as KVM itself counts it");
            TracedRow row = answer.Rows.Single(r => r.WallNs is null && r.Key == new ExitKey(host.IsSvm ? 0x78u : 12u, 1));
            Check.Equal(wall.Parts["poll"], row.Parts["poll"], "polled in HLT, and at all");
        }
        finally
        {
            SetPolling(before);
        }
    }

    private static string SetPolling(string ns)
    {
        string before = File.ReadAllText(PollParameter).Trim();
        File.WriteAllText(PollParameter, ns);
        return before;
    }

    private static void Spins(LabHost host)
    {
        TracedAnswer answer = Run(host, "spin=150000000");
        TracedRow wall = Wall(answer);
        // The last exit is open, in the VMM, until the trace ends: that time does not belong to the spinning.
        ulong spinning = wall.WallNs!.Value - wall.Parts["vmm"] - wall.Parts["runq"];
        Check.AtLeast((ulong)(spinning * 0.9), wall.Parts["guest"], $"the guest's time in ns of {spinning}");
    }

    private static void Overcommitted(LabHost host)
    {
        TracedAnswer answer = Run(host, "vcpus=2 spin=150000000", "time --split --by vcpu --format json");
        TracedRow[] walls = [.. answer.Rows.Where(r => r.WallNs is not null)];
        Check.Equal(2, walls.Length, "vCPUs");
        foreach (TracedRow wall in walls)
        {
            ulong both = wall.Parts["guest"] + wall.Parts["runq"];
            double waited = (double)wall.Parts["runq"] / both;
            Check.AtLeast(0.40, waited, $"share of the run queue of vCPU {wall.Vcpu}");
            Check.AtMost(0.60, waited, $"share of the run queue of vCPU {wall.Vcpu}");
        }
    }

    private static void Killed(LabHost host)
    {
        using GuestProcess guest = host.Guest("loop cpuid=100 out=10");
        using Tracer tracer = host.Trace("time --split --format json --interval 1s").WaitAttached();
        guest.Go();
        guest.WaitFor("running");
        guest.Kill();
        foreach (string line in tracer.Finish())
            foreach (TracedRow wall in TracedAnswer.Parse(line).Rows.Where(r => r.WallNs is not null))
                Near(wall.WallNs!.Value, wall.Parts.Values.Aggregate(0UL, (a, b) => a + b), SumShare, 0, "the sum of a killed VM's parts");
    }

    /// <summary>A stopped VMM (SIGSTOP, a debugger) has left the kernel's run loop: this time is the VMM's.</summary>
    private static void Stopped(LabHost host)
    {
        var pause = TimeSpan.FromMilliseconds(300);
        using GuestProcess guest = host.Guest("loop cpuid=100 out=10");
        using Tracer tracer = host.Trace("time --split --format json").WaitAttached();
        guest.Go();
        guest.WaitFor("running");
        guest.Signal(ChildProcess.SigStop);
        long stopped = Stopwatch.GetTimestamp();
        Deadline.Until(() => Stopwatch.GetElapsedTime(stopped) >= pause, () => "the clock stands");
        guest.Signal(ChildProcess.SigCont);
        ulong before = KvmCounters.Exits(guest.Pid);
        Deadline.Until(() => KvmCounters.Exits(guest.Pid) > before + 100, () => "the guest does not go on");
        TracedAnswer answer = tracer.FinishAnswer();
        guest.Kill();
        // At the end of the trace, a vCPU that waits for the only CPU may be between entry and exit (kvm_amd up to 6.1): unattributed.
        TracedRow wall = Wall(answer);
        Near(wall.WallNs!.Value, wall.Parts.Values.Aggregate(0UL, (a, b) => a + b), SumShare, 0, "the sum of the parts");
        Check.AtLeast((ulong)pause.TotalNanoseconds * 9 / 10, wall.Parts["vmm"], "the VMM's time in ns, with 300 ms stopped");
    }

    /// <summary>A VM that makes no exit while it is traced is there with its whole wall clock, and where that went.</summary>
    private static void Silent(LabHost host, string plan, Action<GuestProcess> quieten, string part)
    {
        string file = Path.Combine(host.Folder, $"silent-{Guid.NewGuid():N}.kvmscope");
        using GuestProcess guest = host.Guest(plan, "silent");
        quieten(guest);
        ulong before = KvmCounters.Exits(guest.Pid);
        using Tracer tracer = host.Trace("time --split --format json").WaitAttached(),
            rule = host.Trace($"assert share({part},vm=silent)>=99% share(exit)<=1%").WaitAttached(),
            recorder = host.Trace($"record -o {file} --interval 100ms").WaitAttached(),
            unsplit = host.Trace("time --by vm --format json").WaitAttached();
        long begin = Stopwatch.GetTimestamp();
        Deadline.Until(() => Stopwatch.GetElapsedTime(begin) >= TimeSpan.FromMilliseconds(500), () => "the clock stands");
        recorder.Finish();
        rule.Finish();
        string row = unsplit.Finish().Single();
        TracedAnswer live = tracer.FinishAnswer();
        Check.Equal(before, KvmCounters.Exits(guest.Pid), "exits of a silent VM");
        guest.Kill();
        (int status, string output, string errors) = host.Run($"report {file} --by vm --format json");
        Check.Equal(0, status, $"status of the report ({errors})");
        foreach (string answer in (string[])[row, output]) HasNoExits("silent", JsonElement.Parse(answer));
        (status, output, errors) = host.Run($"report {file} --split --format json");
        Check.Equal(0, status, $"status of the report ({errors})");
        foreach (TracedAnswer answer in (TracedAnswer[])[live, TracedAnswer.Parse(output)])
        {
            TracedRow wall = Wall(answer);
            Check.Equal("silent", wall.Vm, "VM");
            Near((ulong)(answer.Seconds * 1e9), wall.WallNs!.Value, SumShare, 0, "the wall clock");
            Check.Equal(wall.WallNs.Value, wall.Parts.Values.Aggregate(0UL, (a, b) => a + b), "the sum of the parts in ns");
            Check.Equal(wall.WallNs.Value, wall.Parts[part], $"{part} ns");
            Check.Equal(0UL, answer.Exits + answer.Open, "exits");
        }
    }

    // It has the only row, and what is not known of it is not there.
    private static void HasNoExits(string vm, JsonElement answer)
    {
        JsonElement[] rows = [.. answer.GetProperty("rows").EnumerateArray().Where(r => r.GetProperty("row").GetString() == "group")];
        Check.Equal(1, rows.Length, "rows of VMs");
        Check.Equal(vm, rows[0].GetProperty("vm").GetString(), "VM");
        Check.Equal(0UL, rows[0].GetProperty("count").GetUInt64(), "exits");
        Check.Equal(JsonValueKind.Null, rows[0].GetProperty("avg_ns").ValueKind, "the average");
    }

    private static void Stop(GuestProcess guest)
    {
        guest.Go();
        guest.WaitFor("running");
        guest.Signal(ChildProcess.SigStop);
        // Its threads stop one after the other, each when it is back in user space.
        Deadline.Until(() => Threads(guest, "stat").All(text => text[(text.LastIndexOf(')') + 2)..][0] == 'T'), () => "it does not stop");
    }

    private static void Halt(GuestProcess guest)
    {
        guest.Go();
        // It made its HLT, and its thread sleeps in ioctl(KVM_RUN): the file says "running" of one that does not sleep. Before its HLT it
        // may sleep there for another reason.
        Deadline.Until(
            () => KvmCounters.Of(guest.Pid, "halt_exits") > 0
                && Threads(guest, "syscall").Any(text => text.Contains(" 0xae80 ", StringComparison.Ordinal)),
            () => "it does not halt");
    }

    private static IEnumerable<string> Threads(GuestProcess guest, string file) =>
        Directory.GetDirectories($"/proc/{guest.Pid}/task").Select(thread => File.ReadAllText(Path.Combine(thread, file)));

    /// <summary>A VM that is made while it is traced and does not run is known from its first vCPU on.</summary>
    private static void Later(LabHost host)
    {
        using Tracer tracer = host.Trace("time --split --by vcpu --format json").WaitAttached();
        using GuestProcess guest = host.Guest("vcpus=2 cpuid=5", "later");
        long begin = Stopwatch.GetTimestamp();
        Deadline.Until(() => Stopwatch.GetElapsedTime(begin) >= TimeSpan.FromSeconds(1), () => "the clock stands");
        TracedAnswer answer = tracer.FinishAnswer();
        guest.Kill();
        Sums(answer);
        TracedRow[] walls = [.. answer.Rows.Where(r => r.WallNs is not null)];
        Check.Equal("later 0 later 1", string.Join(' ', walls.Select(w => $"{w.Vm} {w.Vcpu}")), "VMs and vCPUs");
        foreach (TracedRow wall in walls)
        {
            Check.AtLeast(1_000_000_000UL, wall.WallNs!.Value, "the wall clock");
            Check.AtMost((ulong)(answer.Seconds * 1e9), wall.WallNs.Value, "the wall clock");
            Check.AtLeast(1_000_000_000UL, wall.Parts["vmm"], "ns in the VMM");
        }
    }

    /// <summary>
    /// Odd sequences may leave time unattributed, but each wall clock still adds up, and no part is negative or larger than the whole.
    /// </summary>
    private static void Odd(LabHost host, string words, int vcpus)
    {
        using GuestProcess guest = host.OddGuest(words);
        using Tracer tracer = host.Trace("time --split --by vcpu --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        TracedRow[] walls = [.. answer.Rows.Where(r => r.WallNs is not null)];
        Check.Equal(vcpus, walls.Length, "vCPUs");
        foreach (TracedRow wall in walls)
        {
            Near(
                wall.WallNs!.Value, wall.Parts.Values.Aggregate(0UL, (a, b) => a + b), SumShare, 0,
                $"the sum of the parts of vCPU {wall.Vcpu}");
            foreach ((string part, ulong ns) in wall.Parts) Check.AtMost(wall.WallNs.Value, ns, $"{part} ns");
        }
    }

    private static void Filtered(LabHost host)
    {
        using GuestProcess guest = host.Guest("cpuid=20 out=10");
        using Tracer tracer = host.Trace("time --split --reason CPUID --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        Check.Equal(1, answer.Rows.Length, "rows");
        Check.True(answer.Rows[0].WallNs is null, "a wall clock without all exits");
        Check.Equal(20UL, answer.Rows[0].Count, "CPUID");
    }
}
