using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

/// <summary>Keys of rows.</summary>
internal static class Keys
{
    internal static GroupKey Of(ExitCode code, ExitLevel level, VmIdentity? vm = null, int? vcpu = null, Qualifier qualifier = default) =>
        new(vm?.Ordinal ?? GroupKey.None, vcpu ?? GroupKey.None, code, level, qualifier);

    internal static GroupKey Of(VmIdentity? vm, int? vcpu) => GroupKey.OfVcpu(vm?.Ordinal ?? GroupKey.None, vcpu ?? GroupKey.None);
}
