using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>What the reader should know before trusting a comparison.</summary>
internal static class ComparisonNotes
{
    // From here on, rare exits may be in only one side because it is longer.
    private const double MuchLonger = 2;

    internal static IEnumerable<string> Of(
        ComparisonSide a, ComparisonSide b, ComparedSide sideA, ComparedSide sideB, ComparisonGroups groups,
        FigureTests tests)
    {
        IEnumerable<string> lines =
            [.. OfSamples(groups, tests), .. OfLengths(sideA, sideB, groups), .. OfIsas(a, b),
                .. OfMissing("A", sideA, sideB), .. OfMissing("B", sideB, sideA), .. OfSide("A", a, sideA), .. OfSide("B", b, sideB)];
        return groups.Keys.HasFlag(GroupBy.Vm) ? lines.Concat(OfNames("A", a)).Concat(OfNames("B", b)) : lines;
    }

    /// <summary>What is left out.</summary>
    internal static IEnumerable<string> OfRest(List<ComparisonRow> rows, int shown)
    {
        if (shown >= rows.Count) yield break;
        int marked = rows.Skip(shown).Count(r => r.Marked);
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{Plural.Of((ulong)(rows.Count - shown), "row that changed", "rows that changed")} less {Are(rows.Count - shown)} not " +
                $"shown, {marked} of them marked");
    }

    private static string Are(int number) => number == 1 ? "is" : "are";

    private static IEnumerable<string> OfSamples(ComparisonGroups groups, FigureTests tests)
    {
        (int a, int b) = groups.Blocks;
        if (Math.Min(a, b) < RankSum.MinSamples)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"too few samples to tell a change from noise, so nothing is marked: A has {a} and B {b} of the same length, each needs " +
                    $"{RankSum.MinSamples}; record longer, or with a shorter --interval");
        else if (RankSum.MinP(a, b) > Holm.Level / tests.Count)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"too few samples for {tests.Count} figures at once, so nothing is marked: A has {a} and B {b}; record longer, or with a " +
                    $"shorter --interval, or use fewer --by keys");
        // The load's own rate; where all exits are idle, it is that of all.
        else if (!tests.CanDecide(groups.Busy, ChangedFigures.Rate) || !tests.CanDecide(groups.Total, ChangedFigures.Rate))
            yield return "the load came in too few independent bursts to tell a change of its rate from noise; record longer: a dozen " +
                "bursts or more on each side";
    }

    private static IEnumerable<string> OfLengths(ComparedSide a, ComparedSide b, ComparisonGroups groups)
    {
        (int ofA, int ofB) = groups.Each;
        foreach ((string name, int each) in ((string, int)[])[("A", ofA), ("B", ofB)])
            if (each > 1)
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"samples of {name} were tested in groups of {each}, to be as long as the other side's");
        double longer = Math.Max(a.Sum.Seconds, b.Sum.Seconds), shorter = Math.Min(a.Sum.Seconds, b.Sum.Seconds);
        if (shorter > 0 && longer >= MuchLonger * shorter)
            yield return $"A is {Length(a)} long and B {Length(b)}: rare exits may be missing from the shorter one";
    }

    private static string Length(ComparedSide side) => ScaledText.Time((ulong)Math.Round(side.Sum.Seconds * 1e9));

    private static IEnumerable<string> OfIsas(ComparisonSide a, ComparisonSide b)
    {
        string ofA = Isas(a), ofB = Isas(b);
        if (ofA.Length > 0 && ofB.Length > 0 && ofA != ofB)
            yield return $"A's exits are of {ofA}, B's of {ofB}: reasons of different ISAs have separate rows, even where their names " +
                $"are the same";
    }

    private static string Isas(ComparisonSide side) => string.Join(
        " and ", side.Samples.SelectMany(s => s.Rows).Select(r => r.Key.Code.Isa).Where(i => i != Isa.None).Distinct().Order()
            .Select(Output.MachineNames.Of));

    // What both lack makes no difference, and the parts of the wall clock are not compared.
    private static IEnumerable<string> OfMissing(string name, ComparedSide side, ComparedSide other) =>
        side.Sum.Missing.Except(other.Sum.Missing).Where(missing => missing.Part is null).Select(missing => $"{name}: {missing.Text}");

    // Exits that are open at the end are in every recording and change no figure.
    private static IEnumerable<string> OfSide(string name, ComparisonSide side, ComparedSide whole)
    {
        if (side.Samples.All(s => s.Rows.Count == 0)) yield return name + " has no exits";
        foreach (string line in AccountingText.Lines(whole.Sum with { Accounting = whole.Sum.Accounting with { Open = 0 } }))
            yield return $"{name}: {line}";
    }

    private static IEnumerable<string> OfNames(string name, ComparisonSide side) =>
        side.Samples.SelectMany(s => s.Rows.Select(r => s.VmOf(r.Key)))
        .OfType<VmIdentity>().Distinct().GroupBy(vm => vm.Name).Where(vms => vms.Count() > 1)
        .Select(vms => string.Create(CultureInfo.InvariantCulture, $"{name} has {vms.Count()} VMs named {vms.Key}: they are added up"));
}
