using System.Collections.Immutable;
using System.Globalization;
using Kvmscope.Host.Guests;

namespace Kvmscope.Lab.Tests;

/// <summary>The arguments of <c>lab-suite guest</c>.</summary>
sealed record GuestArguments
{
    const string NestedPrefix = "l2.";

    static readonly Dictionary<string, GuestWork> Works = new()
    {
        ["cpuid"] = GuestWork.Cpuid,
        ["out"] = GuestWork.PortOut,
        ["in"] = GuestWork.PortIn,
        ["mmio-write"] = GuestWork.MmioWrite,
        ["mmio-read"] = GuestWork.MmioRead,
        ["rdmsr"] = GuestWork.MsrRead,
        ["wrmsr"] = GuestWork.MsrWrite,
        ["hlt"] = GuestWork.Hlt,
        ["hlt-in-kernel"] = GuestWork.HltInKernel,
        ["hypercall"] = GuestWork.Hypercall,
        ["slow-port"] = GuestWork.SlowPort,
        ["spin-port"] = GuestWork.PortSpin,
        ["spin"] = GuestWork.Spin,
        ["cost"] = GuestWork.CostBatch,
    };

    static readonly ImmutableArray<WorkItem> DefaultNested =
        [new(GuestWork.Cpuid, 211), new(GuestWork.PortOut, 127), new(GuestWork.Hlt, 61)];

    internal required GuestPlan Plan { get; init; }

    internal required BuiltInGuestOptions Options { get; init; }

    internal int Vms { get; init; } = 1;

    internal bool Hold { get; init; }

    /// <summary>Runs on a KVM that is neither kvm_intel nor kvm_amd too, which has no exits to be seen.</summary>
    internal bool AnyKvm { get; init; }

    /// <exception cref="ArgumentException">An argument that there is not.</exception>
    internal static GuestArguments Parse(ReadOnlySpan<string> arguments)
    {
        List<WorkItem> items = [], nested = [];
        var options = new BuiltInGuestOptions { SlowEvery = 1 };
        int vms = 1;
        bool hold = false, loop = false, anyKvm = false;
        foreach (string argument in arguments)
        {
            string[] parts = argument.Split('=', 2);
            (string key, int value) = (parts[0], parts.Length == 2 ? Number(argument, parts[1]) : 0);
            bool isNested = key.StartsWith(NestedPrefix, StringComparison.Ordinal);
            if (parts.Length == 2 && Works.TryGetValue(isNested ? key[NestedPrefix.Length..] : key, out GuestWork work))
            {
                (isNested ? nested : items).Add(new WorkItem(work, value));
                continue;
            }

            switch ((key, parts.Length))
            {
                case ("vcpus", 2): options = options with { Vcpus = value }; break;
                case ("vms", 2): vms = value; break;
                case ("slow", 2): options = options with { SlowTime = TimeSpan.FromMilliseconds(value) }; break;
                case ("every", 2): options = options with { SlowEvery = value }; break;
                case ("deadline", 2): options = options with { Deadline = TimeSpan.FromSeconds(value) }; break;
                case ("nested", 1): nested.AddRange(DefaultNested); break;
                case ("hold", 1): hold = true; break;
                case ("loop", 1): loop = true; break;
                case ("any-kvm", 1): anyKvm = true; break;
                default: throw new ArgumentException($"guest has no argument '{argument}'");
            }
        }

        var plan = new GuestPlan { Items = [.. items], Nested = [.. nested], Repeat = loop };
        plan.Validate();
        bool irqchip = items.Exists(i => i.Work == GuestWork.HltInKernel);
        return new GuestArguments
        {
            Plan = plan,
            Options = options with { Irqchip = irqchip, Nested = nested.Count > 0 },
            Vms = vms,
            Hold = hold,
            AnyKvm = anyKvm,
        };
    }

    static int Number(string argument, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new ArgumentException($"'{argument}': not a number");
}
