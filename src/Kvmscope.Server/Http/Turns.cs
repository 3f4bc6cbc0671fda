namespace Kvmscope.Server.Http;

/// <summary>Makes a few answers at once, and lets some wait: what is asked cannot take more than so many CPUs and so much memory.</summary>
/// <param name="most">How many at once.</param>
/// <param name="waiting">How many may wait.</param>
internal sealed class Turns(int most, int waiting) : IDisposable
{
    private readonly SemaphoreSlim _free = new(most, most);
    private int _asked;

    /// <summary>Waits for a turn; dispose it when done.</summary>
    /// <exception cref="Problem">Too many wait.</exception>
    public async ValueTask<IDisposable> TakeAsync(CancellationToken stop)
    {
        try
        {
            if (Interlocked.Increment(ref _asked) > most + waiting)
                throw new Problem(ProblemType.Busy, "too many answers are being made at once", "Ask again in some seconds.");
            await _free.WaitAsync(stop).ConfigureAwait(false);
        }
        catch
        {
            Interlocked.Decrement(ref _asked);
            throw;
        }
        return new Turn(this);
    }

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();

    private sealed class Turn(Turns turns) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 1) return;
            Interlocked.Decrement(ref turns._asked);
            turns._free.Release();
        }
    }
}
