using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Server.Http;

namespace Kvmscope.Server.Requests;

/// <summary>What a VM loses most of its time with, and since when.</summary>
/// <param name="Vm">The VM.</param>
/// <param name="Part">KVM, VMM or run queue.</param>
/// <param name="Share">Of the VM's wall clock in the time that was asked for.</param>
/// <param name="Since">The place since which it is at least half as much.</param>
/// <param name="IsBegin">Whether nothing is known of the time before that.</param>
internal sealed record Onset(VmIdentity Vm, TimePart Part, double Share, long Since, bool IsBegin);

/// <summary>Finds since when VMs lose time, by looking back until it was less than half as much.</summary>
/// <param name="history">The intervals.</param>
/// <param name="hasAllExits">Whether no exits are left out of them.</param>
/// <param name="answer">Says how long it may take.</param>
internal sealed class Onsets(IHistory history, bool hasAllExits, Answer answer)
{
    /// <summary>Of less than this nothing is said.</summary>
    private const double Least = 0.01;

    // The longer ago, the longer the stretches: a day are about 60 of them.
    private const int Finest = 8;

    private static readonly TimePart[] s_parts = [TimePart.Kvm, TimePart.Vmm, TimePart.Runq];

    // By pid and name: numbers may be others elsewhere in a history.
    private readonly Dictionary<Stretch, Dictionary<(int, string), double[]>> _shares = [];

    /// <summary>The VMs that lose most, and since when; those with the largest share first.</summary>
    public IReadOnlyList<Onset> Of(Stretch now, Func<VmIdentity, bool> wanted, int most)
    {
        if (history.Sum(now.From, now.To, Grouping.Vm, ExitParts.None, answer.Check) is not { } interval) return [];
        Dictionary<(int, string), double[]> shares = SharesIn(now);
        return
        [
            .. interval.Vms.Where(wanted).Where(vm => shares.ContainsKey((vm.Pid, vm.Name)))
                .Select(vm => (Vm: vm, Shares: shares[(vm.Pid, vm.Name)])).Where(vm => vm.Shares.Max() >= Least)
                .OrderByDescending(vm => vm.Shares.Sum()).ThenBy(vm => vm.Vm.Name, StringComparer.Ordinal).Take(most)
                .Select(vm => Find(vm.Vm, Array.IndexOf(vm.Shares, vm.Shares.Max()), vm.Shares.Max(), now)),
        ];
    }

    private Onset Find(VmIdentity vm, int part, double share, Stretch now)
    {
        long width = Math.Max(now.To - now.From, history.StepNs), at = now.From, end = now.To;
        while (at > history.From && answer.HasTime)
        {
            long from = history.EdgeBefore(Math.Max(history.From, at - Math.Max(width, (now.To - at) / Finest)) + 1);
            if (from >= at) from = history.EdgeBefore(at);
            if (from >= at) break;
            double? before = ShareIn(new Stretch(from, at), vm, part);
            if (before is null) return new Onset(vm, s_parts[part], share, at, IsBegin: true);
            if (before < share / 2) return new Onset(vm, s_parts[part], share, Within(from, end, vm, part, share), IsBegin: false);
            (at, end) = (from, at);
        }
        return new Onset(vm, s_parts[part], share, at, IsBegin: true);
    }

    // Where it began, to the interval: in a stretch that had less, or in the next one, which may have had some of both.
    private long Within(long from, long to, VmIdentity vm, int part, double share)
    {
        while (true)
        {
            long middle = history.EdgeBefore(from + ((to - from) / 2) + 1);
            if (middle <= from) middle = from;
            long next = history.EdgeAfter(middle);
            bool isMuch = next <= to && ShareIn(new Stretch(middle, next), vm, part) >= share / 2;
            if (isMuch && middle == from) return from;
            if (isMuch) to = middle;
            else if (next >= to) return to;
            else from = next;
        }
    }

    private double? ShareIn(Stretch stretch, VmIdentity vm, int part) =>
        SharesIn(stretch).GetValueOrDefault((vm.Pid, vm.Name))?[part];

    private Dictionary<(int, string), double[]> SharesIn(Stretch stretch)
    {
        if (_shares.TryGetValue(stretch, out Dictionary<(int, string), double[]>? shares)) return shares;
        answer.Check();
        shares = [];
        if (history.Sum(stretch.From, stretch.To, Grouping.Vm, ExitParts.None, answer.Check) is { } interval)
        {
            var summary = new Summary();
            summary.Read(interval, new SummaryRequest { By = GroupBy.Vm, LacksExits = !hasAllExits });
            foreach (SummaryRow row in summary.Rows)
            {
                if (!summary.HasWallClocks || row is not { WallNs: > 0, LostNs: { } lost, Parts: { } parts }) continue;
                if (interval.Vms.FirstOrDefault(vm => vm.Ordinal == row.Key.Vm) is not { } vm) continue;
                // The VMM's time of idle reasons is not lost.
                double wall = row.WallNs, kvm = parts[TimePart.Kvm], runq = parts[TimePart.Runq];
                shares[(vm.Pid, vm.Name)] = [kvm / wall, Math.Max(0, lost - kvm - runq) / wall, runq / wall];
            }
        }
        return _shares[stretch] = shares;
    }
}
