using System.Collections.Immutable;
using System.Globalization;
using Kvmscope.Guests;

namespace Kvmscope.Lab.Tests;

/// <summary>The arguments of <c>lab-suite guest</c>.</summary>
internal sealed record GuestArguments
{
    private const string NestedPrefix = "l2.";

    private static readonly Dictionary<string, GuestWork> s_works = new()
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
        ["hvc"] = GuestWork.Hypercall,
        ["smc"] = GuestWork.SecureCall,
        ["mrs"] = GuestWork.SystemRead,
        ["msr"] = GuestWork.SystemWrite,
        ["sgi"] = GuestWork.Sgi,
        ["wfi"] = GuestWork.Wfi,
        ["gic-read"] = GuestWork.GicRead,
        ["fault"] = GuestWork.Fault,
        ["cost"] = GuestWork.CostBatch,
    };

    private static readonly ImmutableArray<WorkItem> s_defaultNested =
        [new(GuestWork.Cpuid, 211), new(GuestWork.PortOut, 127), new(GuestWork.Hlt, 61)];

    internal required GuestPlan Plan { get; init; }

    internal required BuiltInGuestOptions Options { get; init; }

    internal int Vms { get; init; } = 1;

    internal bool Hold { get; init; }

    /// <summary>Also run on a KVM that is neither kvm_intel nor kvm_amd, which reports no exits.</summary>
    internal bool AnyKvm { get; init; }

    /// <exception cref="ArgumentException">An argument is unknown.</exception>
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
            string[] work = (isNested ? key[NestedPrefix.Length..] : key).Split(':', 2);
            if (parts.Length == 2 && s_works.TryGetValue(work[0], out GuestWork kind))
            {
                var item = new WorkItem(kind, value);
                (isNested ? nested : items).Add(work.Length == 2 ? WithArgument(item, work[1], argument) : item);
                continue;
            }

            switch ((key, parts.Length))
            {
                case ("vcpus", 2): options = options with { Vcpus = value }; break;
                case ("vms", 2): vms = value; break;
                case ("slow", 2): options = options with { SlowTime = TimeSpan.FromMilliseconds(value) }; break;
                case ("wake", 2): options = options with { WakeEvery = TimeSpan.FromMilliseconds(value) }; break;
                case ("every", 2): options = options with { SlowEvery = value }; break;
                case ("deadline", 2): options = options with { Deadline = TimeSpan.FromSeconds(value) }; break;
                case ("nested", 1): nested.AddRange(s_defaultNested); break;
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

    // 0x1f, or 0xb.1 with a sub-leaf.
    private static WorkItem WithArgument(WorkItem item, string text, string argument)
    {
        string[] parts = text.Split('.', 2);
        uint second = 0;
        if (!Hex(parts[0], out uint first) || (parts.Length == 2 && !Hex(parts[1], out second)))
            throw new ArgumentException($"'{argument}': not a number");
        return item with { Argument = first, Second = second };

        static bool Hex(string text, out uint value) => text.StartsWith("0x", StringComparison.Ordinal)
            ? uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    private static int Number(string argument, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new ArgumentException($"'{argument}': not a number");
}
