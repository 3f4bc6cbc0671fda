using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Recordings;

namespace Kvmscope.Exports;

/// <summary>What is exported of one host.</summary>
/// <param name="Source">Its recordings.</param>
/// <param name="Exits">Which exits are meant.</param>
/// <param name="Step">How many intervals are added up to one.</param>
internal sealed record ExportInput(RecordingSource Source, RecordedExits Exits, int Step);

/// <summary>Goes through what is exported, in the order of hosts and of time. One interval is in memory.</summary>
/// <param name="inputs">What is exported, by host.</param>
/// <param name="goesOn">Takes how many bytes of the recordings were read, and how many there are; false ends the walk.</param>
internal sealed class ExportWalk(IReadOnlyList<ExportInput> inputs, Func<long, long, bool> goesOn)
{
    private readonly long _all = inputs.Sum(input => Places(input).Sum(place => BytesOf(place.Part)));
    private long _done;

    /// <summary>How often the recordings are read.</summary>
    public int Passes { get; init; } = 1;

    /// <summary>What is exported, by host.</summary>
    public IReadOnlyList<ExportInput> Inputs => inputs;

    /// <summary>Whether it was ended before its end.</summary>
    public bool IsInterrupted { get; private set; }

    /// <summary>The intervals, each with the recording that it is of; none is of two.</summary>
    /// <exception cref="Core.KvmscopeException">There is one recording of a host, and it is damaged (1).</exception>
    public IEnumerable<(RecordingPart Part, Interval Interval)> Intervals()
    {
        foreach (ExportInput input in inputs)
            foreach ((RecordingPart part, IntervalRange range) in Places(input))
                foreach (IntervalRange step in RecordedSteps.Of(input.Source.Recording, range, input.Step))
                {
                    yield return (part, input.Exits.Sum(step, Grouping.Vcpu, ExitParts.All));
                    if (!Goes(part, range, step.Count)) yield break;
                }
    }

    /// <summary>The slow exits, each with its recording and CLOCK_MONOTONIC when it ended.</summary>
    /// <exception cref="Core.KvmscopeException">There is one recording of a host, and it is damaged (1).</exception>
    public IEnumerable<(RecordingPart Part, SlowExit Exit, long Ns)> Slow()
    {
        foreach (ExportInput input in inputs)
            foreach ((RecordingPart part, IntervalRange range) in SlowPlaces(input))
                for (int at = range.First; at < range.End; at++)
                {
                    foreach ((SlowExit exit, long ns) in input.Exits.SlowIn(new IntervalRange(at, 1), input.Source.Window))
                        yield return (part, exit, ns);
                    if (!Goes(part, range, 1)) yield break;
                }
    }

    private bool Goes(RecordingPart part, IntervalRange range, int count)
    {
        _done += (long)((double)BytesOf(part) * count / range.Count);
        IsInterrupted = !goesOn(_done / Passes, _all);
        return !IsInterrupted;
    }

    private static IEnumerable<(RecordingPart Part, IntervalRange Range)> Places(ExportInput input) =>
        input.Source.Recording.PartsOf(input.Source.Window.Range);

    private static IEnumerable<(RecordingPart Part, IntervalRange Range)> SlowPlaces(ExportInput input) =>
        input.Source.Recording.PartsOf(input.Exits.SlowRange(input.Source.Window));

    private static long BytesOf(RecordingPart part) => new FileInfo(part.Name) is { Exists: true } file ? file.Length : 0;
}
