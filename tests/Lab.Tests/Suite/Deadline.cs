using System.Diagnostics;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>For the few things that the kernel does later, without a notification.</summary>
internal static class Deadline
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    /// <summary>Repeats the question until the answer is true.</summary>
    internal static void Until(Func<bool> holds, Func<string> otherwise)
    {
        long start = Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (Stopwatch.GetElapsedTime(start) > s_limit) throw new SuiteFailure($"{otherwise()} after {s_limit.TotalSeconds} s");
            Thread.Yield();
        }
    }
}
