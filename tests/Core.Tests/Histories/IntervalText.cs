using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>All that an interval holds, as text in a fixed order: two are equal if their texts are.</summary>
internal static class IntervalText
{
    internal static string Of(Interval interval) => string.Join('\n', Lines(interval));

    private static IEnumerable<string> Lines(Interval i)
    {
        yield return $"{i.First}+{i.Intervals} {i.From:O}..{i.To:O} {i.FromNs}..{i.ToNs} suspended {i.SuspendedNs} gap {i.IsAfterGap} "
            + $"observed {i.ObservedNs} restarted {i.RestartedRows}";
        yield return i.Accounting.ToString();
        foreach (MissingSource missing in i.Missing) yield return missing.ToString();
        foreach (VmIdentity vm in i.Vms.OrderBy(vm => vm.Ordinal)) yield return vm.ToString();
        foreach (string line in Sorted(i.Vcpus, Of)) yield return $"vcpu {line}";
        foreach (string line in Sorted(i.TimeChanges, t => $"{Of(t.Key)} {(long)t.WallNs} {Of(t.Parts)}")) yield return $"time {line}";
        foreach (string line in Sorted(i.OpenBefore, o => $"{Of(o.Key)} {o.Count}")) yield return $"before {line}";
        foreach (string line in Sorted(i.OpenAfter, o => $"{Of(o.Key)} {o.Count}")) yield return $"after {line}";
        if (i.OpenAges is null) yield return "ages are not known";
        foreach (string line in Sorted(i.OpenAges ?? [], o => $"{Of(o.Key)} {o.Count} {o.Ns} {o.IsAtLeast}")) yield return $"age {line}";
        foreach (string line in Sorted(i.Returns, r => $"{r.Key} {Of(r)}")) yield return $"return {line}";
        foreach (string line in Sorted(i.VcpuStates, s => s.ToString())) yield return $"state {line}";
        foreach (string line in Sorted(i.Changes, r => $"{Of(r.Key)} {Of(r)}")) yield return $"row {line}";
    }

    private static IOrderedEnumerable<string> Sorted<T>(IEnumerable<T> all, Func<T, string> text) =>
        all.Select(text).Order(StringComparer.Ordinal);

    private static string Of(GroupKey key) => key.ToString();

    private static string Of(TimeParts parts) =>
        string.Join(' ', Enumerable.Range(0, TimeParts.Count).Select(part => (long)parts[(TimePart)part]));

    private static string Of(Tally tally) =>
        $"{tally.Count} final {tally.Final} {Durations(tally)} parts {(tally.Parts is { } parts ? Of(parts) : "none")} "
        + (tally.Rounds is { } r ? $"rounds {r.Reflected} {r.HandlingNs} {r.L1Exits} {Durations(r)}" : "");

    private static string Durations(Durations d) => $"timed {d.Timed} {d.TotalNs} {d.MaxNs} [{(d.HasBins ? Of(d.Bins) : "")}]";

    private static string Of(Histogram bins) => string.Join(' ', bins.ToArray().Select((n, bin) => (n, bin)).Where(b => b.n > 0));
}
