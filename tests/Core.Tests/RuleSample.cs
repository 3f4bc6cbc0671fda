using System.Collections.Immutable;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Rules;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Tests;

/// <summary>Data to measure rules on: ten seconds of a VM with two vCPUs, and of another.</summary>
internal static class RuleSample
{
    internal static readonly VmIdentity Web = new(0, 4711, "web-1"), Db = new(1, 4712, "db-1");

    internal static Row Row(
        ulong code, ulong count, ulong ns, VmIdentity vm, int vcpu, ExitLevel level = ExitLevel.L1, ulong untimed = 0, Isa isa = Isa.Svm) =>
        Sample.Row(isa, code, level, count, ns, vm, vcpu, untimed);

    /// <summary>CPUID, IOIO, HLT and NPF, of which the longest except HLT is 43.2 µs; 4 exits of L2.</summary>
    internal static Row[] Rows() =>
    [
        Row(0x72, 1000, 1_200, Web, 0), Row(0x7b, 20, 43_200, Web, 1), Row(0x78, 50, 9_000_000, Web, 1),
        Row(0x72, 4, 20_000, Web, 0, ExitLevel.L2), Row(0x400, 300, 2_000, Db, 0), Row(0x78, 7, 800_000_000, Db, 0),
    ];

    internal static RuleInput Input(params Row[] rows) => Input(new Accounting(), rows);

    internal static RuleInput Input(Accounting accounting, params Row[] rows) =>
        new(Sample.IntervalOf(accounting, rows) with { Vms = [Web, Db] }, Isa.Svm);

    /// <summary>The same with these VMs.</summary>
    internal static RuleInput Naming(this RuleInput input, params VmIdentity[] vms) =>
        input with { Interval = input.Interval with { Vms = vms } };

    /// <summary>The same with wall clocks: 10 s for each of the three vCPUs, of which web-1's vCPU 1 waited 2 s.</summary>
    internal static RuleInput SplitInput(Accounting? accounting = null, params MissingSource[] missing)
    {
        RuleInput input = Input(accounting ?? new Accounting(), Rows());
        foreach (Row row in input.Interval.Rows)
            row.Parts = Part(row.Key.Code.Code == 0x78 ? TimePart.Halt : TimePart.Kvm, row.TotalNs);
        return input with
        {
            HasSplit = true,
            Interval = input.Interval with
            {
                TimeChanges = [Time(Web, 0, 0), Time(Web, 1, 2_000_000_000), Time(Db, 0, 0)],
                Missing = missing,
            },
        };
    }

    internal static TimeParts Part(TimePart part, ulong ns)
    {
        TimeParts parts = default;
        parts[part] = ns;
        return parts;
    }

    internal static VirtualMachine Machine(string name, int pid, int vms, params ImmutableArray<int> vcpus) =>
        new(pid, name, "qemu", vms, vcpus);

    internal static RuleResult Evaluate(string rule, RuleInput input) => RuleEvaluator.Evaluate(Rule.Parse(rule), input);

    private static VcpuTime Time(VmIdentity vm, int vcpu, ulong runqNs)
    {
        ulong handled = Rows().Where(r => r.Key.Vm == vm.Ordinal && r.Key.Vcpu == vcpu).Aggregate(0UL, (sum, r) => sum + r.TotalNs);
        TimeParts parts = Part(TimePart.Runq, runqNs);
        parts[TimePart.Guest] = 10_000_000_000 - runqNs - handled;
        return new VcpuTime(Keys.Of(vm, vcpu), 10_000_000_000, parts);
    }
}
