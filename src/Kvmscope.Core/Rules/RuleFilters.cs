using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Rules;

/// <summary>Which vCPUs and which level a rule is about; what is null filters nothing.</summary>
/// <param name="Vm">A VM's name or the pid of its process.</param>
/// <param name="Vcpu">A vCPU's id.</param>
/// <param name="Level">L1 or L2.</param>
internal sealed record RuleFilters(string? Vm, int? Vcpu, ExitLevel? Level)
{
    /// <summary>Whether rows or times of this VM and vCPU are meant.</summary>
    internal bool Let(VmIdentity? vm, int? vcpu) =>
        (Vm is null || (vm is not null && IsNamed(vm.Name, vm.Pid))) && (Vcpu is null || vcpu == Vcpu);

    /// <summary>Whether the name or the pid is the one that was typed.</summary>
    internal bool IsNamed(string name, int pid) => name == Vm || pid.ToString(CultureInfo.InvariantCulture) == Vm;
}
