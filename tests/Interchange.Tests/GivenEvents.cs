using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange.Tests;

/// <summary>Events as they are, of no file.</summary>
/// <param name="events">The events, in the order of time.</param>
/// <param name="nameOf">The name of a process and a thread; without it, none is known.</param>
internal sealed class GivenEvents(IReadOnlyList<CapturedEvent> events, Func<int, int, string?>? nameOf = null) : ICaptureReader
{
    private int _next;

    public CaptureFacts Facts { get; } = new();

    public long Position => _next;

    public string? NameOf(int pid, int tid) => nameOf?.Invoke(pid, tid);

    public bool Read(ref CapturedEvent e)
    {
        if (_next == events.Count) return false;
        e = events[_next++];
        return true;
    }
}
