using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Server.Http;

namespace Kvmscope.Server.Requests;

/// <summary>What a history has of some exits in some time.</summary>
/// <param name="Stretch">The time.</param>
/// <param name="Interval">What happened; null where nothing can be told.</param>
/// <param name="Grouping">How fine vCPUs are kept apart in it.</param>
/// <param name="Parts">What exits of a reason are kept apart by in it.</param>
/// <param name="Why">Why nothing can be told; null where it can.</param>
internal sealed record Excerpt(Stretch Stretch, Interval? Interval, Grouping Grouping, ExitParts Parts, string? Why);

/// <summary>Reads excerpts of a history.</summary>
/// <param name="source">What is served.</param>
internal sealed class Excerpts(ServedSource source)
{
    /// <summary>Why there is nothing where nothing was recorded.</summary>
    public const string Nothing = "nothing was recorded";

    private readonly IHistory _history = source.History;

    /// <summary>The VMs of a stretch.</summary>
    /// <param name="stretch">The time.</param>
    /// <param name="check">Throws where the answer takes too long.</param>
    public IReadOnlyCollection<VmIdentity> VmsIn(Stretch stretch, Action? check = null) =>
        _history.Sum(stretch.From, stretch.To, Grouping.Vm, ExitParts.None, check)?.Vms ?? [];

    /// <summary>Reads one.</summary>
    /// <param name="stretch">The time.</param>
    /// <param name="exits">Which exits.</param>
    /// <param name="vms">Which VMs of those that the choice means.</param>
    /// <param name="grouping">How fine vCPUs are to be kept apart.</param>
    /// <param name="parts">What exits of a reason are to be kept apart by.</param>
    /// <param name="check">Throws where the answer takes too long.</param>
    public Excerpt Read(
        Stretch stretch, ExitChoice exits, Func<VmIdentity, bool> vms, Grouping grouping, ExitParts parts, Action? check = null)
    {
        if (exits.Grouping > grouping) grouping = exits.Grouping;
        parts |= exits.Parts;
        if (_history.Sum(stretch.From, stretch.To, grouping, parts, check) is not { } interval)
            return new Excerpt(stretch, null, grouping, parts, Nothing);
        HistoryDetail kept = _history.DetailOf(stretch.From, stretch.To);
        Grouping has = GroupingOf(interval, kept.Grouping);
        ExitParts hasParts = kept.Parts & (parts | ExitParts.All);
        if (has < exits.Grouping)
            return new Excerpt(stretch, null, has, hasParts, has == Grouping.Host ? "VMs are not kept apart at that time any more"
                : "vCPUs are not kept apart at that time any more");
        if ((hasParts & exits.Parts) != exits.Parts)
            return new Excerpt(stretch, null, has, hasParts, "qualifiers are not kept apart at that time any more");
        if (exits.NamesVms || exits.NamesVcpus || !exits.HasAllExits)
        {
            var sum = new IntervalSum(has, ExitParts.All, exits.Has);
            sum.Add(interval);
            interval = sum.ToInterval(exits.NamesVms ? vms : null);
        }
        return new Excerpt(stretch, interval, has < grouping ? has : grouping, hasParts, null);
    }

    /// <summary>The stretches of a time, each about as long as a step, and what lies between them where nothing was recorded.</summary>
    /// <param name="all">The time.</param>
    /// <param name="stepNs">How long each is; at least an interval.</param>
    /// <param name="most">How many there may be.</param>
    /// <exception cref="Problem">There are more.</exception>
    public IEnumerable<(Stretch Stretch, bool IsGap)> Steps(Stretch all, long stepNs, int most)
    {
        long half = _history.StepNs / 2, at = all.From, least = _history.StepFor(all.From, all.To), slack = 0;
        if (least > _history.StepNs) (stepNs, slack) = (Math.Max(stepNs, least), least);
        if ((all.To - all.From) / Math.Max(1, stepNs) > most + 1) throw Problem.TooMuch((all.To - all.From) / stepNs, most, "steps");
        for (int count = 0; at < all.To;)
        {
            long next = _history.EdgeAfter(at);
            if (next <= at) yield break;
            long end = _history.EdgeNear(at + stepNs + half + 1, slack);
            if (end <= at) end = next;
            if (end > all.To + half)
            {
                end = _history.EdgeBefore(all.To + half + 1);
                if (end <= at) yield break;
            }
            // Where an interval is much shorter than the way to its end, nothing was recorded before it.
            long begin = BeginOf(at, next);
            if (begin > at + half)
            {
                if (begin >= all.To) yield break;
                yield return (new Stretch(at, begin), true);
                at = begin;
                count++;
                continue;
            }
            if (++count > most) throw Problem.TooMuch(count, most, "steps");
            yield return (new Stretch(at, end), false);
            at = end;
        }
    }

    // Where the interval that ends at a place begins.
    private long BeginOf(long at, long end)
    {
        long kept = Math.Max(_history.StepNs, _history.DetailAt(end).StepNs);
        if (end - at <= kept + (kept / 2)) return at;
        return _history.Sum(at, end, Grouping.Host, ExitParts.None) is { } interval ? end - (interval.ToNs - interval.FromNs) : end;
    }

    // As coarse as its coarsest part.
    private static Grouping GroupingOf(Interval interval, Grouping kept)
    {
        foreach (Row row in interval.Changes)
            return row.Key.Vm < 0 ? Grouping.Host : row.Key.Vcpu < 0 ? Grouping.Vm : Grouping.Vcpu;
        foreach (VcpuTime time in interval.TimeChanges)
            return time.Key.Vm < 0 ? Grouping.Host : time.Key.Vcpu < 0 ? Grouping.Vm : Grouping.Vcpu;
        return kept;
    }
}
