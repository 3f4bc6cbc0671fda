using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Analysis.Rules;

/// <summary>What is missing in the data of a rule, in words; null where nothing is missing.</summary>
internal sealed class RuleLosses
{
    internal RuleLosses(RuleScope scope)
    {
        Uncounted = scope.Damage ?? UncountedOf(scope.Observed) ?? scope.Merged;
        if (scope.Untraced is { } level) Untraced = $"exits of {(level == ExitLevel.L2 ? "L2" : "L1")} were not traced (--level)";
        Unread = scope.Unread > 0 ? $"the reason of {Plural.Of(scope.Unread, "exit", "exits")} could not be read" : null;
        FindUntimed(scope);
    }

    /// <summary>Exits that were not counted, or are missing in a damaged recording: their VM and reason are not known.</summary>
    internal string? Uncounted { get; }

    /// <summary>Exits that the trace's level filter left out, although the rule is about both levels.</summary>
    internal string? Untraced { get; }

    /// <summary>Exits that were counted and that may or may not be the target's.</summary>
    internal string? Unread { get; }

    /// <summary>Exits of the target that ended without a known handling time.</summary>
    internal string? Untimed { get; private set; }

    /// <summary>Exits of the target that had not ended when the data were read; not a loss, but worth a note.</summary>
    internal string? Open { get; private set; }

    /// <summary>Why counts may be higher than what was seen.</summary>
    internal string? OfCounts => Uncounted ?? Untraced ?? Unread;

    /// <summary>Why times may differ from those that were seen.</summary>
    internal string? OfTimes => OfCounts ?? Untimed;

    private static string? UncountedOf(Interval interval)
    {
        AccountingField? lost = Accounting.Fields.LastOrDefault(f => f.IsUncounted && f.Of(interval.Accounting) > 0);
        if (lost is not null) return $"{lost.Problem!(lost.Of(interval.Accounting))} ({interval.Accounting.MoreRoom})";
        return interval.RestartedRows > 0 ? AccountingText.Restarted(interval.RestartedRows) : null;
    }

    // An exit that is not timed is open, or was followed by another exit. A vCPU has at most one that is open, and where none of the trace
    // was followed by another exit, those of this target were not either. An exit that was open at the start adds a time without a count,
    // so equal numbers of counts and times prove nothing.
    private void FindUntimed(RuleScope scope)
    {
        Accounting accounting = scope.Observed.Accounting;
        ulong withoutEnd = accounting.UnpairedExits + accounting.CutExits;
        if (scope.IsContinued && withoutEnd > 0 && scope.Rows.Count > 0)
        {
            Untimed = $"{Plural.Of(withoutEnd, "exit", "exits")} of all {(withoutEnd == 1 ? "has" : "have")} no measured time";
            return;
        }
        Dictionary<(int Vm, int Vcpu), ulong> vcpus = [];
        ulong untimed = 0, beyond = 0;
        foreach (Row row in scope.Rows)
        {
            // An exit with which its vCPU ended has no time, and lost none.
            ulong ended = row.Timed + row.Final;
            if (row.Count <= ended) continue;
            ulong more = row.Count - ended;
            untimed += more;
            var key = (row.Key.Vm, row.Key.Vcpu);
            vcpus[key] = vcpus.GetValueOrDefault(key) + more;
        }
        foreach (((_, int vcpu), ulong more) in vcpus) beyond += vcpu < 0 ? more : more - 1;
        if (untimed == 0) return;
        string exits = Plural.Of(untimed, "exit", "exits");
        if (withoutEnd == 0 && (beyond == 0 || untimed <= accounting.Open)) Open = $"{exits} {(untimed == 1 ? "has" : "have")} not ended";
        else Untimed = $"{exits} {(untimed == 1 ? "has" : "have")} no measured time";
    }
}
