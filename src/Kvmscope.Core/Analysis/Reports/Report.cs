using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>An interval, grouped and ordered as it was asked for.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Interval">What it was made of.</param>
/// <param name="Rows">The groups, in order.</param>
/// <param name="Total">All of them.</param>
/// <param name="Busy">All but the idle classes (<see cref="Exits.ExitReasons.IsIdle"/>).</param>
public sealed record Report(ReportRequest Request, Interval Interval, IReadOnlyList<ReportRow> Rows, ReportRow Total, ReportRow Busy)
{
    /// <summary>The wall clocks, by VM and vCPU; empty without the split.</summary>
    public IReadOnlyList<WallRow> Walls { get; init; } = [];

    /// <summary>Whether levels are told apart: where no ISA tells them, columns of them would say nothing.</summary>
    public bool TellsLevels => Interval.Rows.Count == 0 || Interval.Rows.Any(r => Exits.IsaInfo.Of(r.Key.Code.Isa).TellsLevels);

    /// <summary>Whether any exit of L2 is in the report.</summary>
    public bool HasL2 => Total.L2.Count > 0;

    /// <summary>Whether VMs of different processes have the same name, so that the name does not say which is meant.</summary>
    public bool NamesRepeat
    {
        get
        {
            Dictionary<string, int> pids = [];
            foreach (ReportRow row in Rows)
                if (row.Vm is { } vm && !pids.TryAdd(vm.Name, vm.Pid) && pids[vm.Name] != vm.Pid) return true;
            return false;
        }
    }
}
