using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Tests;

/// <summary>The test assembly run as a program: <c>dotnet Kvmscope.Host.Tests.dll drop [CAPABILITY…]</c>.</summary>
internal static class Program
{
    internal static int Main(string[] arguments)
    {
        if (arguments is not ["drop", .. var names]) return 2;
        // A thread of ours that lives through the drop, beside those of the runtime.
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
        DropReport report = CapabilityDropper.DropAllBut(kept);
        Console.WriteLine($"kept {report.Kept.Bits:x}");
        Console.WriteLine($"holding {string.Join(' ', report.ThreadsHolding)}");
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            string status = File.ReadAllText(task + "/status");
            CapabilitySet.TryParse(status, "CapPrm", out CapabilitySet permitted);
            Console.WriteLine($"thread {Path.GetFileName(task)} {permitted.Bits:x}");
        }
        done.Set();
        thread.Join();
        return 0;
    }
}
