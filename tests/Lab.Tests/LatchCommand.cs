using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests;

/// <summary>
/// <c>lab-suite latch</c>: the command that a tracer runs, so that the suite knows when the tracer is attached, and decides when the trace
/// ends.
/// </summary>
internal static class LatchCommand
{
    internal static int Run(int status)
    {
        Console.WriteLine(Tracer.Attached);
        Console.ReadLine();
        return status;
    }
}
