using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Exits of KVM/arm64: counts, qualifiers and the wall clock of known guests.</summary>
internal static class ArmScenarios
{
    private const ulong Irq = 0x000, Wfx = 0x201, Sys64 = 0x218, DataAbort = 0x224;
    private const string Plan = "hvc=311 smc=211 mrs=127 msr=89 sgi=67 mmio-write=97 mmio-read=53 gic-read=83 fault=71 wfi=23";

    internal static IEnumerable<Case> Cases =>
    [
        new("arm64/each-kind-of-work", host => Compare(host, Plan, 1), OnlyByName: true),
        new("arm64/three-vcpus", host => Compare(host, "vcpus=3 hvc=67 mmio-write=41 wfi=5", 3), OnlyByName: true),
        new("arm64/two-vms", TwoVms, OnlyByName: true),
        new("arm64/time-and-hist-agree-with-count", AllThree, OnlyByName: true),
        new("arm64/interrupts-have-no-class", Interrupts, OnlyByName: true),
        new("arm64/attach-while-a-guest-runs", Attach, OnlyByName: true),
        new("arm64/qualifiers", ByQualifier, OnlyByName: true),
        new("arm64/pages-and-instructions", Places, OnlyByName: true),
        new("arm64/filters", Filters, OnlyByName: true),
        new("arm64/split-wfi-and-vmm", Split, OnlyByName: true),
        new("arm64/split-two-vcpus-on-one-cpu", Overcommitted, OnlyByName: true),
        new("arm64/slower", Slower, OnlyByName: true),
        new("arm64/record", Record, OnlyByName: true),
        new("arm64/top", host => TopScenarios.Once(host, "hvc=50 loop", "HVC64"), OnlyByName: true),
        new("arm64/list-and-check", ListAndCheck, OnlyByName: true),
        new("arm64/demo", Demo, OnlyByName: true),
        new("arm64/no-nested-guest", NoNested, OnlyByName: true),
    ];

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

    // 31 first writes to pages one after the other, by one instruction.
    private static void Places(LabHost host)
    {
        const int faults = 31;
        const ulong first = Kvmscope.Guests.Arm64.ArmLayout.Ram + Kvmscope.Guests.Arm64.ArmLayout.Faults;
        using GuestProcess guest = host.Guest($"hvc=17 fault={faults} mmio-read:5=23");
        using Tracer pages = host.Trace("count --by page --format json --top 1000").WaitAttached();
        using Tracer rips = host.Trace("count --by rip --format json --top 1000").WaitAttached();
        guest.Run();
        TracedAnswer byPage = pages.FinishAnswer(), byRip = rips.FinishAnswer();
        guest.End();
        for (ulong i = 0; i < faults; i++)
            Check.Equal(1UL, TracedAnswer.Sum(byPage.Rows.Where(r => r.Page == $"0x{first + (4096 * i):x}")), $"faults at page {i}");
        Check.Equal(23UL, TracedAnswer.Sum(byPage.Rows.Where(r => r.Page == "0xa005000")), "reads of MMIO");
        Check.Equal(1, byRip.Rows.Count(r => r.Key.Code == DataAbort && r.Count == faults), "instructions that fault");
        Check.Equal(1, byRip.Rows.Count(r => r.Key.Code == DataAbort && r.Count == 23), "instructions that read MMIO");
        Check.Equal(17UL, byRip.Rows.Single(r => r.Reason == "HVC64").Count, "HVC");
        Check.Equal(true, byRip.Rows.All(r => r.Rip is not null), "each exit has its instruction");
    }

    private static void TwoVms(LabHost host)
    {
        using GuestProcess first = host.Guest("hvc=149 fault=31", "first"), second = host.Guest("hvc=83 smc=59 sgi=17", "second");
        using Tracer tracer = host.Trace("hist --by vm --format json").WaitAttached();
        first.Go();
        second.Run();
        first.WaitDone();
        TracedAnswer answer = tracer.FinishAnswer();
        Exact.Counts(host, first.Made, answer.Of(first.Pid), "the first");
        Exact.Counts(host, second.Made, answer.Of(second.Pid), "the second");
        foreach (TracedRow row in answer.Of(first.Pid)) Check.Equal("first", row.Vm, "name of the VM");
        Exact.Accounting(host, answer, 2);
        first.End();
        second.End();
    }

    private static void AllThree(LabHost host)
    {
        using GuestProcess guest = host.Guest("hvc=83 wfi=7");
        Tracer[] tracers = [.. ((string[])["count", "time", "hist"]).Select(c => host.Trace($"{c} --format json"))];
        try
        {
            foreach (Tracer tracer in tracers) tracer.WaitAttached();
            guest.Run();
            foreach (TracedAnswer answer in tracers.Select(t => t.FinishAnswer()))
            {
                Exact.Counts(host, guest.Made, answer.Rows, answer.Command);
                Exact.Accounting(host, answer, 1);
            }

            guest.End();
        }
        finally
        {
            foreach (Tracer tracer in tracers) tracer.Dispose();
        }
    }

    /// <summary>
    /// Host interrupts make a busy guest exit. Their syndrome is that of an older trap, but they must be counted as IRQ only.
    /// </summary>
    private static void Interrupts(LabHost host)
    {
        using GuestProcess guest = host.Guest("hvc=37 spin=60000000 smc=41");
        using Tracer tracer = host.Trace("hist --by vm --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        Exact.Counts(host, guest.Made, answer.Rows);
        TracedRow irq = answer.Rows.Single(r => r.Key == new ExitKey(Irq, 1));
        Check.Equal("IRQ", irq.Reason, "name of host interrupts");
        Check.AtLeast(5UL, irq.Count, "host interrupts of a busy guest");
    }

    private static void Attach(LabHost host)
    {
        using GuestProcess guest = host.Guest("vcpus=2 hvc=20 smc=3 wfi=1 loop").Go();
        guest.WaitFor("running");
        for (int i = 0; i < 2; i++)
        {
            ulong before = KvmCounters.Exits(guest.Pid);
            using Tracer tracer = host.Trace("hist --by vm,vcpu --format json").WaitAttached();
            Deadline.Until(() => KvmCounters.Exits(guest.Pid) > before + 500, () => "the guest does not go on");
            TracedAnswer answer = tracer.FinishAnswer();
            Check.AtLeast(1UL, answer.Exits, "exits");
            Check.AtMost(2UL, answer.Accounting["unpaired_exits"], "trust.unpaired_exits");
            Check.AtMost(2UL, answer.Accounting["unpaired_entries"], "trust.unpaired_entries");
            foreach (TracedRow row in answer.Rows) Check.Equal(guest.Pid, row.VmPid, "VM");
        }

        guest.Kill();
    }

    private static void ByQualifier(LabHost host)
    {
        using GuestProcess guest = host.Guest(
            "hvc=31 hvc:0x84000006=29 hvc:0x86000000=11 smc=23 mrs=53 msr=47 sgi=43 "
            + "mmio-write=41 mmio-read:5=37 gic-read=61 fault=73 wfi=7");
        using Tracer tracer = host.Trace("time --by qualifier --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        void count(ulong expected, string reason, string qualifier) =>
            Check.Equal(
                expected, TracedAnswer.Sum(answer.Rows.Where(r => r.Reason == reason && r.Qualifier == qualifier)),
                $"{reason} {qualifier}");
        count(31, "HVC64", "PSCI_VERSION");
        count(29, "HVC64", "PSCI_MIGRATE_INFO_TYPE");
        count(11, "HVC64", "KVM_FEATURES");
        count(23, "SMC64", "PSCI_VERSION");
        count(53, "SYS64", "ID_AA64ISAR0_EL1 read");
        count(47, "SYS64", "OSLAR_EL1 write");
        count(43, "SYS64", "ICC_SGI1R_EL1 write");
        count(41, "DABT_LOW", "0xa000000 write (virtio-mmio)");
        count(37, "DABT_LOW", "0xa005000 read");
        count(61, "DABT_LOW", "0x8000000 read (GIC distributor)");
        count(73, "DABT_LOW", "write, translation fault");
        count(guest.Made[new ExitKey(Wfx, 1)], "WFx", "WFI");
        // An exit with a qualifier is counted when it ends; the last one does not end.
        foreach ((ExitKey key, ulong made) in guest.Made)
            Check.Equal(made - (key.Code == DataAbort ? 1UL : 0), answer.CountOf(key), $"exits {key}");
    }

    private static void Filters(LabHost host)
    {
        using GuestProcess guest = host.Guest("hvc=31 smc=23 mrs=19 wfi=3");
        using Tracer only = host.Trace("count --reason SYS64,0x17 --format json").WaitAttached();
        using Tracer without = host.Trace("count --exclude WFx,IRQ --format json").WaitAttached();
        guest.Run();
        TracedAnswer chosen = only.FinishAnswer(), rest = without.FinishAnswer();
        guest.End();
        Check.Equal(23UL + 19, chosen.Exits, "exits of the two reasons");
        Check.Equal(19UL, chosen.CountOf(new ExitKey(Sys64, 1)), "SYS64");
        Check.Equal(0UL, rest.CountOf(new ExitKey(Wfx, 1)), "WFx");
        Check.Equal(31UL + 23 + 19 + 1, rest.Exits, "exits except the excluded ones"); // and the write at the end
    }

    /// <summary>WFI is in halt, a slow page is in the VMM, and all parts add up.</summary>
    private static void Split(LabHost host)
    {
        const ulong waits = 41, waitNs = 20_000_000, slow = 13, slowNs = 3_000_000;
        string before = File.ReadAllText("/sys/module/kvm/parameters/halt_poll_ns").Trim();
        File.WriteAllText("/sys/module/kvm/parameters/halt_poll_ns", "0");
        using GuestProcess guest = host.Guest($"wfi:20000={waits} slow-port={slow} slow=3 hvc=19");
        using Tracer tracer = host.Trace("time --split --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        File.WriteAllText("/sys/module/kvm/parameters/halt_poll_ns", before);
        TracedRow wall = answer.Rows.Single(r => r.WallNs is not null);
        ulong sum = wall.Parts.Values.Aggregate(0UL, (a, b) => a + b);
        Check.Equal(8, wall.Parts.Count, "parts of the wall clock that can be had");
        Check.AtLeast(wall.WallNs!.Value * 99 / 100, sum, "the sum of the parts");
        Check.AtMost(wall.WallNs.Value * 101 / 100, sum, "the sum of the parts");
        TracedRow wfx = answer.Rows.Single(r => r.WallNs is null && r.Key == new ExitKey(Wfx, 1));
        Check.AtLeast(waits * waitNs * 95 / 100, wfx.Parts["halt"] + wfx.Parts["runq"], "halted ns");
        Check.AtMost((waits * waitNs * 105 / 100) + (waits * 200_000), wfx.Parts["halt"], "halted ns");
        TracedRow abort = answer.Rows.Single(r => r.WallNs is null && r.Key == new ExitKey(DataAbort, 1));
        Check.AtLeast(slow * slowNs, abort.Parts["vmm"] + abort.Parts["runq"], "ns in the VMM");
        // On the emulated machine, the way to the VMM and back takes a quarter of a millisecond.
        Check.AtMost(slow * slowNs / 5, abort.Parts["kvm"] + abort.Parts["halt"] + abort.Parts["poll"], "the slow page's other ns");
    }

    private static void Overcommitted(LabHost host)
    {
        using GuestProcess guest = host.Guest("vcpus=2 spin=60000000");
        using Tracer tracer = host.Trace("time --split --by vcpu --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        TracedRow[] walls = [.. answer.Rows.Where(r => r.WallNs is not null)];
        Check.Equal(2, walls.Length, "vCPUs");
        foreach (TracedRow wall in walls)
        {
            double waited = (double)wall.Parts["runq"] / (wall.Parts["guest"] + wall.Parts["runq"]);
            Check.AtLeast(0.35, waited, $"share of the run queue of vCPU {wall.Vcpu}");
            Check.AtMost(0.65, waited, $"share of the run queue of vCPU {wall.Vcpu}");
        }
    }

    private static void Slower(LabHost host)
    {
        using GuestProcess guest = host.Guest("slow-port=5 slow=40 hvc=50");
        using Tracer tracer = host.Trace("slower 30ms --format json").WaitAttached();
        guest.Run();
        IReadOnlyList<string> lines = tracer.Finish();
        guest.End();
        string[] slow = [.. lines.Where(l => l.Contains("\"DABT_LOW\"", StringComparison.Ordinal))];
        Check.AtLeast(5, slow.Length, "slow exits");
        Check.Contains("\"ret\":2,\"ec\":36", slow[0], "the codes of a slow exit");
        Check.Contains("\"rip\":\"0x4000", slow[0], "where the guest was");
        Check.Contains("0xa001000 write (virtio-mmio)", slow[0], "the page");
    }

    private static void Record(LabHost host)
    {
        string file = Path.Combine(host.Folder, "arm.kvmscope");
        using GuestProcess guest = host.Guest("hvc=211 smc=23 mrs=19 wfi=7");
        using Tracer live = host.Trace("count --format json").WaitAttached();
        using Tracer recorder = host.Trace($"record -o {file} --interval 20ms").WaitAttached();
        guest.Run();
        recorder.Finish();
        TracedAnswer counted = live.FinishAnswer();
        guest.End();
        (int status, string output, string errors) = host.Run($"report {file} count --format json");
        Check.Equal(0, status, errors);
        TracedAnswer report = TracedAnswer.Parse(output);
        Exact.Counts(host, guest.Made, report.Rows);
        Check.Equal(counted.Exits, report.Exits, "exits");
        (status, output, errors) = host.Run($"report {file} --by qualifier");
        Check.Equal(0, status, errors);
        Check.Contains("PSCI_VERSION", output, "qualifiers of a recording");
    }

    private static void ListAndCheck(LabHost host)
    {
        using GuestProcess guest = host.Guest("vcpus=2 hvc=1", "some-guest");
        (int status, string list, string errors) = host.Run("list");
        Check.Equal(0, status, errors);
        Check.Contains("some-guest", list, "the list");
        (status, string check, errors) = host.Run("check");
        Check.Equal(0, status, check + errors);
        Check.Contains("IRQ is too short", check, "check");
        guest.Run().End();
    }

    private static void Demo(LabHost host)
    {
        (int status, string output, string errors) = host.Run("demo");
        Check.Equal(0, status, output + errors);
        Check.Contains("HVC64", output, "the demo");
    }

    private static void NoNested(LabHost host)
    {
        (int status, string output, string errors) = host.Run("demo --nested");
        Check.True(status != 0, "a nested demo ended well: " + output);
        Check.Contains("no nested guest on arm64", output + errors, "the message");
    }
}
