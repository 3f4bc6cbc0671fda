using System.Diagnostics;

namespace Kvmscope.Server.Tests;

/// <summary>Waits for something that comes by itself.</summary>
internal static class Eventually
{
    /// <summary>Waits until it is so.</summary>
    internal static Task Until(Func<bool> isSo) => Until(() => Task.FromResult(isSo()));

    /// <summary>Waits until it is so.</summary>
    internal static async Task Until(Func<Task<bool>> isSo)
    {
        for (long began = Stopwatch.GetTimestamp(); !await isSo(); await Task.Delay(5))
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(60)) throw new TimeoutException("it did not come to that");
    }
}
