using System.Collections.Concurrent;

namespace Kvmscope.Exports;

/// <summary>Makes items on this thread and uses them on another.</summary>
internal static class Relay
{
    // Intervals may be large.
    private const int MostWaiting = 8;

    /// <summary>Passes all items on, in order; returns when they are used.</summary>
    /// <param name="items">Where they come from; not enumerated further once <paramref name="use"/> has thrown.</param>
    /// <param name="use">Uses one; what it throws is thrown here.</param>
    public static void Run<T>(IEnumerable<T> items, Action<T> use)
    {
        using var waiting = new BlockingCollection<T>(MostWaiting);
        using var failed = new CancellationTokenSource();
        Task user = Task.Run(() =>
        {
            try
            {
                foreach (T item in waiting.GetConsumingEnumerable()) use(item);
            }
            catch
            {
                failed.Cancel();
                throw;
            }
        });
        try
        {
            foreach (T item in items) waiting.Add(item, failed.Token);
        }
        catch (OperationCanceledException) when (failed.IsCancellationRequested)
        {
            // Its error follows.
        }
        finally
        {
            waiting.CompleteAdding();
            user.GetAwaiter().GetResult();
        }
    }
}
