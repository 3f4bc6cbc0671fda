using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Server.Metrics;

/// <summary>The series of one reason of a VM, or of all that have none of their own; by level, and by vCPU where asked for.</summary>
/// <param name="vm">The VM's label; empty where VMs are together.</param>
/// <param name="reason">The reason's label.</param>
internal sealed class ReasonSeries(string vm, string reason)
{
    private readonly Dictionary<(ExitLevel Level, int Vcpu), ExitSeries> _exits = [];

    /// <summary>Exits and their time.</summary>
    internal IEnumerable<ExitSeries> Exits => _exits.Values;

    /// <summary>What became of L2's exits; null where there was none.</summary>
    internal NestedSeries? Nested { get; private set; }

    /// <summary>The series of a level; made where there is none.</summary>
    internal ExitSeries Of(ExitLevel level, int vcpu, DateTimeOffset now)
    {
        if (_exits.TryGetValue((level, vcpu), out ExitSeries? found)) return found;
        var labels = new SeriesLabels(("vm", vm), ("vcpu", SeriesText.Vcpu(vcpu)), ("reason", reason), ("level", SeriesText.Of(level)));
        return _exits[(level, vcpu)] = new ExitSeries(new Series(labels, now), new Series(labels, now));
    }

    /// <summary>The series of L2's exits; made where there is none.</summary>
    internal NestedSeries OfNested(DateTimeOffset now) => Nested ??= new NestedSeries(
        new Series(new SeriesLabels(("vm", vm), ("reason", reason), ("outcome", "handled")), now),
        new Series(new SeriesLabels(("vm", vm), ("reason", reason), ("outcome", "reflected")), now),
        new Series(new SeriesLabels(("vm", vm), ("reason", reason)), now));
}

/// <summary>Exits of one reason and level.</summary>
/// <param name="Number">How many.</param>
/// <param name="HandlingNs">Their handling time.</param>
internal sealed record ExitSeries(Series Number, Series HandlingNs);

/// <summary>L2's exits of one reason.</summary>
/// <param name="Ended">Those that ended, which is those that were handled and those that were reflected.</param>
/// <param name="Reflected">Those that were reflected.</param>
/// <param name="RoundNs">The time of their rounds that ended.</param>
internal sealed record NestedSeries(Series Ended, Series Reflected, Series RoundNs);

/// <summary>Values of labels.</summary>
internal static class SeriesText
{
    /// <summary>The reasons without series of their own.</summary>
    internal const string Other = "other";

    internal static string Of(ExitLevel level) => level == ExitLevel.L2 ? "l2" : "l1";

    internal static string? Vcpu(int vcpu) =>
        vcpu == GroupKey.None ? null : vcpu.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
