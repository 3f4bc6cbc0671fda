using System.IO.Pipelines;
using Kvmscope.Core.Model;

namespace Kvmscope.Server;

/// <summary>What <c>/metrics</c> answers from. Intervals come from one thread; scrapes come from others meanwhile.</summary>
public interface IMetricsSource
{
    /// <summary>Adds what happened in the next interval of the trace, or of a replay of one.</summary>
    void Add(Interval interval);

    /// <summary>Which format answers a scrape.</summary>
    /// <param name="accept">The request's Accept header as it came; empty where there is none.</param>
    /// <returns>The Content-Type of what <see cref="WriteAsync"/> then writes for the same header.</returns>
    string ContentTypeFor(string accept);

    /// <summary>Writes all series as they are now.</summary>
    /// <param name="accept">The request's Accept header.</param>
    /// <param name="to">The answer's body.</param>
    /// <param name="stop">The scraper has left, or the server ends.</param>
    ValueTask WriteAsync(string accept, PipeWriter to, CancellationToken stop);
}
