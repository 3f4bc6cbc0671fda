using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Tests;

/// <summary>The test assembly run as a program: <c>dotnet Kvmscope.Host.Tests.dll drop [CAPABILITY…]</c>.</summary>
internal static class Program
{
    internal static int Main(string[] arguments)
    {
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
        Print(TextWriter.Null, new DropReport(CapabilitySet.Effective, [0]));
        Print(Console.Out, CapabilityDropper.DropAllBut(kept));
        done.Set();
        thread.Join();
        return 0;
    }

    private static void Print(TextWriter output, DropReport report)
    {
        output.WriteLine($"kept {report.Kept.Bits:x}");
        output.WriteLine($"holding {string.Join(' ', report.ThreadsHolding)}");
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            string status = File.ReadAllText(task + "/status");
            CapabilitySet.TryParse(status, "CapPrm", out CapabilitySet permitted);
            output.WriteLine($"thread {Path.GetFileName(task)} {permitted.Bits:x}");
        }
    }
}
