using System.Globalization;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests;

/// <summary>
/// <c>lab-suite soak</c>: VMs come and go beside a recorder that rotates and two tracers. Prints tab-separated lines: intervals, VMs that
/// came and went, the recorder's own memory in KiB, its CPU time in µs per interval.
/// </summary>
internal static class SoakCommand
{
    private const int Lines = 40, StepMs = 100;

    internal static int Run(ReadOnlySpan<string> arguments)
    {
        if (arguments is not ["--kvmscope", string kvmscope, string number]) throw new ArgumentException("soak needs --kvmscope PATH VMS");
        var host = new LabHost(kvmscope);
        int vms = int.Parse(number, CultureInfo.InvariantCulture), each = Math.Max(1, vms / Lines);
        string folder = Directory.CreateDirectory(Path.Combine(host.Folder, "soak")).FullName;
        (uint, uint) mark = BpfIds.Mark();
        using Tracer recorder =
            host.Trace($"record --by vm --interval {StepMs}ms --rotate 10s --keep 3 -o {folder}/run.kvmscope").WaitAttached();
        using Tracer all = host.Trace("count --by vm --format json").WaitAttached();
        using Tracer steps = host.Trace("count --interval 1s --format json").WaitAttached();
        string[] descriptors = Descriptors.Of(recorder.Pid);
        Dictionary<ExitKey, ulong> made = [];
        long began = Environment.TickCount64, before = began;
        long cpu = CpuUs(recorder);
        for (int gone = 0; gone < vms; gone += each)
        {
            using GuestProcess churn = host.Churn(each, "cpuid=7 out=3");
            churn.Run().End();
            foreach ((ExitKey key, ulong count) in churn.Made) made[key] = made.GetValueOrDefault(key) + count;
            long now = Environment.TickCount64, used = CpuUs(recorder);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(now - began) / StepMs}\t{gone + each}\t{OwnKib(recorder)}\t{(used - cpu) * StepMs / Math.Max(1, now - before)}"));
            (before, cpu) = (now, used);
        }
        Descriptors.UntilFrom(recorder.Pid, descriptors);
        recorder.Finish();
        TracedAnswer sum = all.FinishAnswer();
        TracedAnswer[] intervals = [.. steps.Finish().Select(TracedAnswer.Parse)];
        foreach ((ExitKey key, ulong count) in made)
        {
            Check.Equal(count, sum.CountOf(key), $"exits {key}, counted at the end");
            ulong summed = intervals.Aggregate(0UL, (total, answer) => total + answer.CountOf(key));
            Check.Equal(count, summed, $"exits {key}, counted each second");
        }
        foreach (TracedAnswer answer in (TracedAnswer[])[sum, .. intervals])
            foreach (string name in (string[])["lost_events", "dropped_cells", "dropped_vcpus", "dropped_exits"])
                Check.Equal(0UL, answer.Accounting[name], $"trust.{name}");
        Deadline.Until(() => BpfIds.Since(mark) == (0, 0), () => $"{BpfIds.Since(mark)} BPF programs and links left");
        return 0;
    }

    // Without the tables, which are the kernel's.
    private static long OwnKib(Tracer tracer)
    {
        string line = File.ReadLines($"/proc/{tracer.Pid}/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(8, line.Length - 10), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture);
    }

    // sum_exec_runtime of all its threads, the first field of schedstat, in ns.
    private static long CpuUs(Tracer tracer) => Directory.GetDirectories($"/proc/{tracer.Pid}/task")
        .Sum(task => long.Parse(File.ReadAllText($"{task}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture)) / 1000;
}
