using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>
/// Recordings of real exits are equal to the live answers and to what the guests did, whatever happens to the recorder, its file or the
/// VMs.
/// </summary>
internal static class RecordScenarios
{
    internal static IEnumerable<Case> Cases =>
    [
        new("record/a-report-is-what-was-live", LikeLive),
        new("record/nested", Nested),
        new("record/intervals-add-up", Intervals),
        new("record/slow-exits", SlowExits),
        new("record/killed-at-any-time", Killed),
        new("record/full-disk", FullDisk),
        new("record/read-only-folder", ReadOnly),
        new("record/two-writers", TwoWriters),
        new("record/another-vm-with-the-same-pid", SamePid),
        new("record/files-rotate", Rotates),
    ];

    private static string NewFile(LabHost host, string name = "run") => Path.Combine(host.Folder, $"{name}-{Guid.NewGuid():N}.kvmscope");

    private static TracedAnswer Report(LabHost host, string file, string words)
    {
        (int status, string output, string errors) = host.Run($"report {file} {words} --format json");
        Check.Equal(0, status, $"status of report {words} ({errors})");
        return TracedAnswer.Parse(output);
    }

    private static TracedAnswer[] ReportEach(LabHost host, string file, string words)
    {
        (int status, string output, string errors) = host.Run($"report {file} {words} --format json");
        Check.Equal(0, status, $"status of report {words} ({errors})");
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(TracedAnswer.Parse)];
    }

    private static void LikeLive(LabHost host)
    {
        string file = NewFile(host);
        using GuestProcess guest = host.Guest("vcpus=2 cpuid=401 hlt=89 out=31 spin=20000000");
        using Tracer live = host.Trace("hist --by vcpu,reason --format json").WaitAttached();
        using Tracer split = host.Trace("time --split --by vcpu --format json").WaitAttached();
        using Tracer recorder = host.Trace($"record -o {file} --interval 50ms").WaitAttached();
        guest.Run();
        Check.Equal(0, recorder.Finish().Count, "lines on standard output");
        Check.Equal("", recorder.Errors, "messages of a recorder without a terminal");
        TracedAnswer counted = live.FinishAnswer(), parts = split.FinishAnswer();
        guest.End();

        TracedAnswer report = Report(host, file, "hist --by vcpu,reason");
        Exact.Counts(host, guest.Made, report.Rows);
        Exact.Accounting(host, report, vcpus: 2);
        Check.Equal(counted.Exits, report.Exits, "exits");
        foreach (TracedRow row in counted.Rows)
            Check.Equal(
                row.Count, TracedAnswer.Sum(report.Rows.Where(r => r.Key == row.Key && r.Vcpu == row.Vcpu)),
                $"{row.Reason} of vCPU {row.Vcpu}");
        Exact.Counts(host, guest.Made, Report(host, file, "count").Rows);

        // Three tracers read the clock at different times: the results are close, and the parts of each add up.
        TracedAnswer recorded = Report(host, file, "time --split --by vcpu");
        foreach (TracedRow wall in recorded.Rows.Where(r => r.WallNs is not null))
        {
            ulong sum = wall.Parts.Values.Aggregate(0UL, (a, b) => a + b);
            Check.Equal(wall.WallNs!.Value, sum, "the parts of a recorded wall clock");
            ulong guests = parts.Rows.Single(r => r.WallNs is not null && r.Vcpu == wall.Vcpu).Parts["guest"];
            Check.AtLeast(guests * 8 / 10, wall.Parts["guest"], "the guest's time, as recorded");
            Check.AtMost(guests * 12 / 10, wall.Parts["guest"], "the guest's time, as recorded");
        }
        TracedAnswer qualified = Report(host, file, "count --by qualifier");
        // The exit with which each vCPU stopped is open, and has no qualifier yet.
        var port = new ExitKey(host.IsSvm ? 0x7bu : 30u, 1);
        Check.Equal(
            guest.Made[port] - 2, TracedAnswer.Sum(qualified.Rows.Where(r => r.Key == port && r.Qualifier is not null)),
            "port writes with their port");
    }

    private static void Nested(LabHost host)
    {
        host.WantNested();
        string file = NewFile(host);
        using GuestProcess guest = host.Guest("cpuid=11 l2.cpuid=67 l2.hlt=43");
        using Tracer recorder = host.Trace($"record -o {file} --interval 30ms").WaitAttached();
        guest.Run();
        recorder.Finish();
        guest.End();
        Exact.Counts(host, guest.Made, Report(host, file, "count").Rows);
        TracedAnswer l2 = Report(host, file, "time --level l2");
        Check.True(l2.Rows.Length > 0 && l2.Rows.All(r => r.Key.Level == 2), "rows of another level");
        TracedRow halted = Report(host, file, "time --nested").Rows.Single(r => r.Key == new ExitKey(host.IsSvm ? 0x78u : 12u, 2));
        // L2 ends with a HLT of its own.
        Check.Equal(44UL, halted.Reflected!.Value, "reflected HLT");
    }

    private static void Intervals(LabHost host)
    {
        string file = NewFile(host);
        using GuestProcess guest = host.Guest("cpuid=701 hlt=89 out=31");
        using Tracer recorder = host.Trace($"record -o {file} --interval 10ms").WaitAttached();
        guest.Run();
        WaitForIntervals(file, 3);
        recorder.Finish();
        guest.End();
        TracedAnswer[] each = ReportEach(host, file, "count --interval 10ms");
        Check.AtLeast(3, each.Length, "intervals");
        Exact.Counts(host, guest.Made, each.SelectMany(a => a.Rows));
        Exact.Counts(host, guest.Made, Report(host, file, "count").Rows);
    }

    private static void SlowExits(LabHost host)
    {
        string file = NewFile(host);
        using GuestProcess guest = host.Guest("slow-port=7 slow=40 cpuid=50");
        using Tracer recorder = host.Trace($"record -o {file} --slower 35ms --interval 100ms").WaitAttached();
        guest.Run();
        recorder.Finish();
        guest.End();
        (int status, string output, string errors) = host.Run(
            $"report {file} slower --reason {(host.IsSvm ? "IOIO" : "IO_INSTRUCTION")} --format json");
        Check.Equal(0, status, errors);
        IReadOnlyList<string> lines = SlowLine.ExitsOf(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Check.Equal(7, lines.Count, "slow exits");
        foreach (string line in lines) Check.Contains("\"vmm\":", line, "the split of a slow exit");
    }

    // SIGKILL at several times, each when so many intervals are on the disk: none of them is lost.
    private static void Killed(LabHost host)
    {
        using GuestProcess guest = host.Guest("loop cpuid=100 out=10");
        guest.Go();
        guest.WaitFor("running");
        foreach (int heads in (int[])[2, 5, 14])
        {
            string file = NewFile(host);
            using Tracer recorder = host.Trace($"record -o {file} --interval 10ms").WaitAttached();
            Deadline.Until(() => Heads(file) >= heads, () => $"{Heads(file)} of {heads} members");
            int before = Heads(file);
            recorder.Kill();
            (int status, string output, string errors) = host.Run($"report {file} count --interval 10ms --format json");
            Check.Equal(0, status, $"status of a report on a killed recording ({errors})");
            Check.Contains("was not ended", errors, "the message about a killed recording");
            TracedAnswer[] answers = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(TracedAnswer.Parse)];
            // One head is the header's, and each 60 intervals have a sum.
            Check.AtLeast(before - 1 - (before / 61), answers.Length, "intervals of a killed recording");
            if (heads > 9) Check.True(answers.Any(a => a.Exits > 0), "no exits in a killed recording");
        }
        guest.Kill();
    }

    // The bytes with which every member begins: complete members, and the one that is being written.
    private static int Heads(string file)
    {
        if (!File.Exists(file)) return 0;
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        int heads = 0;
        ReadOnlySpan<byte> rest = bytes, magic = [0x1f, 0x8b, 8, 4];
        for (int at = rest.IndexOf(magic); at >= 0; at = rest.IndexOf(magic))
        {
            if (rest.Length >= at + 14 && rest[at + 12] == 'K' && rest[at + 13] == 'S') heads++;
            rest = rest[(at + 4)..];
        }
        return heads;
    }

    // That so many more intervals are on the disk.
    private static void WaitForIntervals(string file, int count)
    {
        int before = Heads(file);
        Deadline.Until(() => Heads(file) >= before + count, () => $"{Heads(file) - before} of {count} intervals");
    }

    private static void FullDisk(LabHost host)
    {
        using var disk = SmallDisk.Mount(host, "size=80k");
        string file = Path.Combine(disk.Path, "run.kvmscope");
        using GuestProcess guest = host.Guest("loop cpuid=100 out=10");
        // Without a command, which would continue and keep the recorder's standard output open.
        using var recorder = new ChildProcess(host.Kvmscope, ["record", "-o", file, "--interval", "10ms", "--slower", "1us"]);
        guest.Go();
        guest.WaitFor("running");
        Check.Equal(0, recorder.ReadRest().Count, "lines on standard output");
        Check.Equal(1, recorder.WaitForEnd(), $"status of a recorder whose disk is full ({recorder.Errors})");
        Check.Contains("no space left on the device", recorder.Errors, "the message");
        Check.Contains("can be read", recorder.Errors, "the fix");
        guest.Kill();
        Check.AtLeast(1UL, Report(host, file, "count").Exits, "exits before the disk was full");
    }

    private static void ReadOnly(LabHost host)
    {
        using var disk = SmallDisk.Mount(host, "size=1m");
        string killed = Path.Combine(disk.Path, "killed.kvmscope");
        using GuestProcess guest = host.Guest("loop cpuid=100 out=10");
        guest.Go();
        guest.WaitFor("running");
        using (Tracer recorder = host.Trace($"record -o {killed} --interval 10ms").WaitAttached())
        {
            Deadline.Until(() => Heads(killed) >= 5, () => "no intervals");
            recorder.Kill();
        }
        guest.Kill();
        disk.MakeReadOnly();
        Check.AtLeast(1UL, Report(host, killed, "count").Exits, "exits read where nothing can be written");
        (int status, _, string errors) = host.Run($"record -o {disk.Path}/new.kvmscope --duration 1s");
        Check.Equal(2, status, $"status if nothing can be written ({errors})");
        Check.Contains("read-only", errors, "the message");
    }

    private static void TwoWriters(LabHost host)
    {
        string file = NewFile(host);
        using GuestProcess guest = host.Guest("cpuid=401 out=31");
        using Tracer first = host.Trace($"record -o {file} --interval 20ms").WaitAttached();
        (int status, _, string errors) = host.Run($"record -o {file} --duration 1s");
        Check.Equal(2, status, $"status of the second ({errors})");
        Check.Contains("exists already", errors, "the message");
        guest.Run();
        first.Finish();
        guest.End();
        Exact.Counts(host, guest.Made, Report(host, file, "count").Rows);
    }

    private static void SamePid(LabHost host)
    {
        string file = NewFile(host);
        GuestProcess first = host.Guest("cpuid=211 out=17", "first-vm");
        using Tracer recorder = host.Trace($"record -o {file} --interval 20ms").WaitAttached();
        int pid = first.Pid;
        first.Run();
        // A VM that ends within an interval has the name that the kernel knows.
        WaitForIntervals(file, 2);
        first.End();
        first.Dispose();
        // Another process may have taken the number: try several times.
        GuestProcess? second = null;
        for (int tries = 0; tries < 20 && second is null; tries++)
        {
            File.WriteAllText("/proc/sys/kernel/ns_last_pid", $"{pid - 1}");
            GuestProcess guest = host.Guest("cpuid=97 out=29", "second-vm");
            if (guest.Pid == pid) second = guest;
            else guest.Dispose();
        }
        using GuestProcess again = second ?? throw new SuiteFailure($"no new process got the pid {pid}");
        again.Run();
        recorder.Finish();
        ulong kernels = KvmCounters.Exits(again.Pid);
        again.End();
        TracedAnswer report = Report(host, file, "count --by vm,reason");
        Exact.Counts(host, first.Made, report.Rows.Where(r => r.Vm == "first-vm"), "the first VM");
        // The second was recorded from its start on: it has all exits that KVM counted.
        Check.Equal(kernels, TracedAnswer.Sum(report.Rows.Where(r => r.Vm == "second-vm")), "exits of the second VM");
        Check.Equal(kernels, Report(host, file, "count --vm second-vm").Exits, "exits of the second VM alone");
    }

    private static void Rotates(LabHost host)
    {
        string folder = Directory.CreateDirectory(Path.Combine(host.Folder, $"rotating-{Guid.NewGuid():N}")).FullName;
        using GuestProcess guest = host.Guest("hlt-in-kernel=151 wake=20 cpuid=401");
        using Tracer recorder = host.Trace($"record -o {folder}/run.kvmscope --interval 50ms --rotate 1s").WaitAttached();
        guest.Run();
        recorder.Finish();
        guest.End();
        string[] files = [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)];
        Check.AtLeast(3, files.Length, "files");
        Exact.Counts(host, guest.Made, files.SelectMany(f => Report(host, f, "count").Rows));
    }
}
