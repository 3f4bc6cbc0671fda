using System.Globalization;
using Kvmscope.Host.Machines;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Tests;

/// <summary>
/// The test assembly run as a program: <c>dotnet Kvmscope.Host.Tests.dll drop [CAPABILITY…]</c>, or <c>names PID</c>, which says what the
/// process is called before and after privileges were dropped.
/// </summary>
internal static class Program
{
    internal static int Main(string[] arguments)
    {
        if (arguments is ["names", var pid]) return PrintNames(int.Parse(pid, CultureInfo.InvariantCulture));
        if (arguments is not ["drop", .. var names]) return 2;
        // A thread that lives through the drop, in addition to those of the runtime.
        using var done = new ManualResetEventSlim();
        using var ready = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            ready.Set();
            done.Wait();
        });
        thread.Start();
        ready.Wait();
        Capability[] kept = [.. names.Select(Enum.Parse<Capability>)];
        // Load everything now: afterwards the assemblies may not be readable, if they are in root's home.
        Print(TextWriter.Null, new DropReport(CapabilitySet.Effective, default, [0], IsRoot: true));
        Print(Console.Out, CapabilityDropper.DropAllBut(kept));
        done.Set();
        thread.Join();
        return 0;
    }

    private static int PrintNames(int pid)
    {
        Console.WriteLine(new MachineNames().Learn(pid));
        CapabilityDropper.DropAllBut(Capability.Bpf, Capability.Kill);
        Console.WriteLine(new MachineNames().Learn(pid));
        return 0;
    }

    private static void Print(TextWriter output, DropReport report)
    {
        output.WriteLine($"kept {report.Kept.Bits:x}");
        output.WriteLine($"holding {string.Join(' ', report.ThreadsHolding ?? [])}");
        output.WriteLine($"problem {report.Problem()}");
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            string status = File.ReadAllText(task + "/status");
            CapabilitySet.TryParse(status, "CapPrm", out CapabilitySet permitted);
            output.WriteLine($"thread {Path.GetFileName(task)} {permitted.Bits:x}");
            foreach (string line in status.Split('\n'))
                if (line.Split(':')[0] is "Groups" or "NoNewPrivs" or "Name" or "Uid")
                    output.WriteLine($"line {Path.GetFileName(task)} {line.Replace('\t', ' ')}");
        }
    }
}
