using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>VMs and tracers that start, end and are killed.</summary>
internal static class LifeScenarios
{
    private const int ShortVms = 11;

    private static readonly string[] s_losses =
        ["unpaired_exits", "unpaired_entries", "lost_events", "dropped_cells", "dropped_vcpus", "dropped_exits", "unknown_reasons"];

    internal static IEnumerable<Case> Cases =>
    [
        new("life/killed-vm-stays-and-the-next-is-another", KilledVm),
        new("life/vm-killed-while-it-runs", KilledRunning),
        new("life/many-short-vms-in-four-slots", ManyShortVms),
        new("life/vms-come-and-go-beside-a-rotating-recorder", ComeAndGo),
        new("life/no-slot-for-the-second-vcpu", NoSlot),
        new("life/a-slot-that-came-back-is-used", SlotComesBack),
        new("life/tracer-killed-leaves-nothing", KilledTracer),
        new("life/attach-while-a-guest-runs", AttachToRunning),
    ];

    /// <summary>
    /// The addresses of the first VM's vCPU are free when the second is created; no exit of one ends with an entry of the other.
    /// </summary>
    private static void KilledVm(LabHost host)
    {
        using var watch = new Watch(host, "hist --by vm,vcpu");
        using GuestProcess first = host.Guest("cpuid=79 hlt=37 out=11", "first");
        watch.Take(2); // sweeps find the names
        first.Run();
        first.Kill();
        using GuestProcess second = host.Guest("cpuid=61 out=23", "second");
        watch.Take(2);
        second.Run();
        watch.Finish();
        CompareWithWarmUp(first, watch, "first");
        CompareWithWarmUp(second, watch, "second");
        foreach (string name in s_losses) Check.Equal(0UL, watch.Accounting(name), $"trust.{name}");
        Check.Equal((1UL, 1UL), (watch.Accounting("final_exits"), watch.Accounting("open")), "the last exits of both: final and open");
        Check.Equal(watch.Accounting("exits"), watch.Accounting("entries") + 2, "exits against entries and open");
        second.End();
    }

    /// <summary>The guest is traced from its first exit on, so the exits of its warm-up are added, such as one of MMIO.</summary>
    private static void CompareWithWarmUp(GuestProcess guest, Watch watch, string name)
    {
        TracedRow[] own = [.. watch.Rows.Where(r => r.VmPid == guest.Pid)];
        foreach ((ExitKey key, ulong count) in guest.Made)
            Check.Equal(count, TracedAnswer.Sum(own.Where(r => r.Key == key)), $"{name}: exits {key}");
        foreach (TracedRow row in own) Check.Equal(name, row.Vm, "name of the VM");
    }

    private static void KilledRunning(LabHost host)
    {
        using var watch = new Watch(host, "hist --by vm");
        using GuestProcess looping = host.Guest("cpuid=50 out=5 loop", "looping").Go();
        looping.WaitFor("running");
        watch.Take(3);
        looping.Kill();
        watch.Take(3);
        int before = watch.Rows.Count;
        watch.Finish();
        TracedRow[] own = [.. watch.Rows.Where(r => r.VmPid == looping.Pid)];
        Check.True(TracedAnswer.Sum(own) > 0, "a VM that was killed while it ran is not in the answers");
        foreach (TracedRow row in own) Check.Equal("looping", row.Vm, "name of the VM");
        Check.Equal(before, watch.Rows.Count, "rows after the VM had ended");
        foreach (string name in s_losses) Check.Equal(0UL, watch.Accounting(name), $"trust.{name}");
        Check.Equal(0UL, watch.Accounting("open"), "trust.open");
        Check.AtMost(1UL, watch.Accounting("final_exits"), "trust.final_exits");
    }

    /// <summary>
    /// Slots are freed two sweeps after their vCPU ended, so each VM waits for three; without --interval there is one sweep per second.
    /// </summary>
    private static void ManyShortVms(LabHost host)
    {
        using var watch = new Watch(host, "count --max-vcpus 4");
        Dictionary<ExitKey, ulong> made = [];
        for (int i = 0; i < ShortVms; i++)
        {
            using GuestProcess guest = host.Guest($"cpuid={i + 3} hlt=2 out=1");
            guest.Run().End();
            foreach ((ExitKey key, ulong count) in guest.Made) made[key] = made.GetValueOrDefault(key) + count;
            watch.Take(3);
        }

        watch.Finish();
        foreach ((ExitKey key, ulong count) in made)
            Check.Equal(count, TracedAnswer.Sum(watch.Rows.Where(r => r.Key == key)), $"exits {key} of all");
        foreach (string name in s_losses) Check.Equal(0UL, watch.Accounting(name), $"trust.{name}");
        Check.Equal((ulong)ShortVms, watch.Accounting("final_exits"), "trust.final_exits: the last exit of each");
    }

    /// <summary>
    /// VMs one after another in one process, where KVM gives most of them the address of the one before: each is a VM of its own, nothing
    /// is lost, and nothing of them is left in the recorder or in the kernel. The long form is bench/soak.
    /// </summary>
    private static void ComeAndGo(LabHost host)
    {
        const int Vms = 30;
        string folder = Directory.CreateDirectory(Path.Combine(host.Folder, $"soak-{Guid.NewGuid():N}")).FullName;
        (uint, uint) mark = BpfIds.Mark();
        using GuestProcess churn = host.Churn(Vms, "cpuid=7 out=3");
        using Tracer recorder = host.Trace($"record --by vm --interval 100ms --rotate 1s -o {folder}/run.kvmscope").WaitAttached();
        using Tracer all = host.Trace("count --by vm --format json").WaitAttached();
        using Tracer each = host.Trace("count --by vm --interval 1s --format json").WaitAttached();
        string[] descriptors = Descriptors.Of(recorder.Pid);
        churn.Run();
        churn.End();
        Deadline.Until(() => Directory.GetFiles(folder).Length > 1, () => "the recorder has not started a second file");
        Descriptors.UntilFrom(recorder.Pid, descriptors);
        recorder.Finish();
        TracedAnswer sum = all.FinishAnswer();
        TracedAnswer[] steps = [.. each.Finish().Select(TracedAnswer.Parse)];
        TracedAnswer[] files = [.. Directory.GetFiles(folder).Select(file => Report(host, file))];
        TracedRow[][] answers = [[.. sum.Rows], [.. steps.SelectMany(answer => answer.Rows)], [.. files.SelectMany(answer => answer.Rows)]];
        foreach (TracedRow[] rows in answers)
        {
            foreach ((ExitKey key, ulong count) in churn.Made)
                Check.Equal(count, TracedAnswer.Sum(rows.Where(r => r.Key == key)), $"exits {key} of all");
            Check.Equal(Vms, rows.Select(r => r.Vm).Distinct().Count(), "VMs");
            foreach (IGrouping<string?, TracedRow> vm in rows.GroupBy(r => r.Vm))
                foreach ((ExitKey key, ulong count) in churn.Made)
                    Check.Equal(count / Vms, TracedAnswer.Sum(vm.Where(r => r.Key == key)), $"exits {key} of {vm.Key}");
        }
        foreach (TracedAnswer answer in (TracedAnswer[])[sum, .. steps, .. files])
            foreach (string name in s_losses) Check.Equal(0UL, answer.Accounting[name], $"trust.{name}");
        Check.Equal((ulong)Vms, sum.Final, "vCPUs that ended in an exit");
        Deadline.Until(() => BpfIds.Since(mark) == (0, 0), () => $"{BpfIds.Since(mark)} BPF programs and links left");
    }

    private static TracedAnswer Report(LabHost host, string file)
    {
        (int status, string output, string errors) = host.Run($"report {file} count --by vm,reason --format json");
        Check.Equal(0, status, $"status of the report ({errors})");
        return TracedAnswer.Parse(output);
    }

    private static void NoSlot(LabHost host)
    {
        using GuestProcess first = host.Guest("cpuid=53 out=7");
        using GuestProcess second = host.Guest("cpuid=31 out=5");
        using GuestProcess third = host.Guest("cpuid=11 out=3");
        using Tracer json = host.Trace("hist --max-vcpus 1 --by vm --format json").WaitAttached();
        using Tracer table = host.Trace("count --max-vcpus 1").WaitAttached();
        first.Run();
        second.Run();
        third.Run();
        TracedAnswer answer = json.FinishAnswer();
        string text = string.Join('\n', table.Finish());
        Exact.Counts(host, first.Made, answer.Of(first.Pid), "the first");
        Check.Equal(0UL, TracedAnswer.Sum(answer.Of(second.Pid)) + TracedAnswer.Sum(answer.Of(third.Pid)), "exits of the others");
        Check.Equal(2UL, answer.Accounting["dropped_vcpus"], "trust.dropped_vcpus");
        Check.AtLeast(
            second.Made.Values.Concat(third.Made.Values).Aggregate(0UL, (a, b) => a + b), answer.Accounting["dropped_exits"],
            "trust.dropped_exits");
        Exact.AddsUp(answer);
        Check.Contains("2 vCPUs were not counted: raise --max-vcpus above 1", text, "the table");
        first.End();
        second.End();
        third.End();
    }

    /// <summary>A vCPU without a slot gets one when one is freed, and is counted from then on.</summary>
    private static void SlotComesBack(LabHost host)
    {
        using GuestProcess first = host.Guest("cpuid=5");
        using var watch = new Watch(host, "count --max-vcpus 1 --by vm");
        first.Run();
        using GuestProcess second = host.Guest("cpuid=47 loop").Go();
        second.WaitFor("running");
        Check.True(watch.Rows.All(r => r.VmPid == first.Pid), "the second VM was counted without a slot");
        first.End();
        bool counted()
        {
            watch.Take(1);
            return watch.Rows.Any(r => r.VmPid == second.Pid);
        }

        Deadline.Until(
            counted, () => $"the slot is free, and the second VM was not counted: {watch.Accounting("dropped_exits")} exits dropped");
        second.Kill();
        watch.Finish();
        Check.Equal(1UL, watch.Accounting("dropped_vcpus"), "trust.dropped_vcpus");
    }

    private static void KilledTracer(LabHost host)
    {
        (uint, uint) mark = BpfIds.Mark();
        using GuestProcess guest = host.Guest("cpuid=7");
        using Tracer tracer = host.Trace("hist --format json").WaitAttached();
        (int programs, int links) = BpfIds.Since(mark);
        Check.AtLeast(2, programs, "BPF programs while traced");
        Check.AtLeast(2, links, "BPF links while traced");
        tracer.Kill();
        Deadline.Until(() => BpfIds.Since(mark) == (0, 0), () => $"{BpfIds.Since(mark)} BPF programs and links left");
        guest.Run().End();
    }

    private static void AttachToRunning(LabHost host)
    {
        using GuestProcess guest = host.Guest("vcpus=2 cpuid=20 out=3 hlt=2 loop").Go();
        guest.WaitFor("running");
        for (int i = 0; i < 2; i++)
        {
            ulong before = KvmCounters.Exits(guest.Pid);
            using Tracer tracer = host.Trace("hist --by vm,vcpu --format json").WaitAttached();
            Deadline.Until(() => KvmCounters.Exits(guest.Pid) > before + 500, () => "the guest does not continue");
            TracedAnswer answer = tracer.FinishAnswer();
            Check.AtLeast(1UL, answer.Exits, "exits");
            Check.AtMost(2UL, answer.Accounting["unpaired_exits"], "trust.unpaired_exits");
            Check.AtMost(2UL, answer.Accounting["unpaired_entries"], "trust.unpaired_entries");
            foreach (TracedRow row in answer.Rows) Check.Equal(guest.Pid, row.VmPid, "VM");
        }

        ulong after = KvmCounters.Exits(guest.Pid);
        Deadline.Until(() => KvmCounters.Exits(guest.Pid) > after + 100, () => "the guest does not continue without a tracer");
    }
}
