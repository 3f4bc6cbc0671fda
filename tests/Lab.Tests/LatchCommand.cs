using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests;

/// <summary>
/// <c>lab-suite latch</c>: the command that a tracer is started with, so that the suite knows when it is attached and decides when it ends.
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
