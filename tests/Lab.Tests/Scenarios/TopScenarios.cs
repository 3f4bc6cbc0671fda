using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>The live screen on real exits, in a real terminal.</summary>
internal static class TopScenarios
{
    internal static IEnumerable<Case> Cases =>
    [
        new("top/figures-are-those-of-a-recording", LikeARecording),
        new("top/leaves-nothing-behind", LeavesNothing),
        new("top/once", host => Once(host, "cpuid=50 loop", "CPUID")),
    ];

    // Three stretches, each with a guest of its own: what top writes is what a recorder beside it has, and what the guest did.
    private static void LikeARecording(LabHost host)
    {
        (string Work, uint Vcpus, string Shown)[] stretches =
            [("cpuid=1501 out=37", 1, "CPUID"), ("vcpus=2 hlt=53 out=211", 2, "HLT"), ("cpuid=77 rdmsr=901", 1, "MSR")];
        foreach ((string work, uint vcpus, string shown) in stretches)
        {
            string folder = Directory.CreateDirectory(Path.Combine(host.Folder, $"top-{Guid.NewGuid():N}")).FullName;
            string file = Path.Combine(folder, "beside.kvmscope");
            using GuestProcess guest = host.Guest(work, "web-1");
            using Tracer recorder = host.Trace($"record -o {file} --interval 100ms").WaitAttached();
            using var terminal = new LabTerminal(host, folder, $"{host.Kvmscope} top --interval 200ms --view reasons");
            terminal.WaitFor("1 VM");
            guest.Run();
            // From here on nothing happens: the longest time that can be shown has all of it.
            for (int i = 0; i < 10; i++) terminal.Type("+");
            terminal.WaitFor(shown);
            Dictionary<ExitKey, ulong> ended = Ended(host, guest, vcpus);
            TracedAnswer seen = WrittenAfterAll(terminal, folder, ended);
            terminal.Type("q");
            terminal.WaitFor("status 0");
            recorder.Finish();
            guest.End();
            (int status, string output, string errors) = host.Run($"report {file} time --by vm,reason --format json");
            Check.Equal(0, status, $"status of report ({errors})");
            TracedAnswer report = TracedAnswer.Parse(output);
            Exact.Counts(host, ended, seen.Rows.Where(r => r.WallNs is null), "as top wrote it");
            Exact.Counts(host, guest.Made, report.Rows.Where(r => r.WallNs is null), "as recorded");
            foreach (TracedRow row in report.Rows.Where(r => r.Count > 0))
                Check.Equal(ended.GetValueOrDefault(row.Key, row.Count), seen.CountOf(row.Key), $"{row.Reason} as top wrote it");
        }
    }

    // With qualifiers an exit is counted when it ends, and the last of each vCPU, to its VMM, does not end while it is watched.
    private static Dictionary<ExitKey, ulong> Ended(LabHost host, GuestProcess guest, uint vcpus)
    {
        var port = new ExitKey(host.IsSvm ? 0x7bu : 30, 1);
        return guest.Made.ToDictionary(m => m.Key, m => m.Key == port ? m.Value - vcpus : m.Value);
    }

    // The interval in which the last exits were may not have been read yet.
    private static TracedAnswer WrittenAfterAll(LabTerminal terminal, string folder, Dictionary<ExitKey, ulong> made)
    {
        TracedAnswer? seen = null;
        Deadline.Until(() =>
        {
            foreach (string old in Directory.GetFiles(folder, "kvmscope-top-*")) File.Delete(old);
            terminal.Type("w");
            terminal.WaitFor("written");
            string json = Directory.GetFiles(folder, "kvmscope-top-*.json").Single();
            seen = TracedAnswer.Parse(File.ReadAllText(json));
            return made.All(m => seen.CountOf(m.Key) >= m.Value);
        }, () => $"{seen?.Exits} exits on the screen of {made.Values.Aggregate(0UL, (sum, count) => sum + count)}");
        return seen!;
    }

    private static void LeavesNothing(LabHost host)
    {
        (uint, uint) mark = BpfIds.Mark();
        string settings = $"{host.Folder}/terminal";
        using (var terminal = new LabTerminal(host, host.Folder,
            $"sh -c 'trap : INT; stty -a >{settings}-before; {host.Kvmscope} top; s=$?; stty -a >{settings}-after; exit $s'"))
        {
            terminal.WaitFor("VM");
            terminal.Type("C-c");
            terminal.WaitFor("status 0");
        }
        Check.Equal(File.ReadAllText($"{settings}-before"), File.ReadAllText($"{settings}-after"), "the terminal's settings");
        // The kernel frees them a little later.
        Deadline.Until(() => BpfIds.Since(mark) == (0, 0), () => $"BPF programs and links {BpfIds.Since(mark)}");
    }

    internal static void Once(LabHost host, string work, string reason)
    {
        using GuestProcess guest = host.Guest(work, "web-1").Go();
        guest.WaitFor("running");
        (int status, string output, string errors) = host.Run("top --once --interval 1s");
        Check.Equal(0, status, $"status ({errors})");
        Check.Contains("web-1", output, "the screen");
        Check.Contains(reason, output, "its largest reason");
        Check.True(!output.Contains('\e'), "escape sequences");
    }
}
