using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Analysis.Summaries;

namespace Kvmscope.Live.State;

/// <summary>What rows are; the number is the key.</summary>
internal enum LiveView
{
    /// <summary>VMs.</summary>
    Vms = 1,

    /// <summary>vCPUs.</summary>
    Vcpus,

    /// <summary>Exit reasons.</summary>
    Reasons,

    /// <summary>The reasons' arguments.</summary>
    Qualifiers,

    /// <summary>What became of L2's exits.</summary>
    Nested,

    /// <summary>Handling times as rows, and groups as columns.</summary>
    Latency,

    /// <summary>Slow exits, the newest first.</summary>
    Slow,

    /// <summary>Pages of the guest's memory, and its instructions.</summary>
    Places,
}

/// <summary>The one list of views.</summary>
internal static class LiveViews
{
    // In the order of their numbers.
    private static readonly ViewInfo[] s_all =
    [
        new("vms", "VMs", "VMs") { Swaps = true, Keeps = static _ => default },
        new("vcpus", "vCPUs", "vCPUs") { Swaps = true, Keeps = static scope => new SummaryScope { Vm = scope.Vm } },
        new("reasons", "reasons", "exit reasons")
        {
            Swaps = true,
            Keeps = static scope => new SummaryScope { Vm = scope.Vm, Vcpu = scope.Vcpu },
        },
        new("qualifiers", "qualifiers", "the reasons' arguments: which MSR, port, leaf, page")
        {
            Swaps = true,
            Keeps = static scope => scope with { Qualifier = null },
        },
        new("nested", "nested", "exits of L2: handled, reflected, and how long until L2 ran again"),
        new("latency", "latency", "handling times as rows; VMs, vCPUs or reasons as columns") { Swaps = true },
        new("slow", "slow exits", "slow exits as they come, the newest first"),
        new("places", "pages", "pages of the guest's memory, or its instructions") { Swaps = true },
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<LiveView> All { get; } = Enum.GetValues<LiveView>();

    extension(LiveView view)
    {
        /// <summary>As in <c>--view</c>.</summary>
        public string Name => Info(view).Name;

        /// <summary>What its rows are called.</summary>
        public string Title => Info(view).Title;

        /// <summary>What it shows, for help.</summary>
        public string What => Info(view).What;

        /// <summary>Whether <see cref="LiveState.Transposed"/> has a meaning there.</summary>
        public bool Swaps => Info(view).Swaps;

        /// <summary>The part of a scope that leaves more than one row.</summary>
        public SummaryScope Keep(SummaryScope scope) => Info(view).Keeps(scope);
    }

    /// <summary>The view of a name.</summary>
    /// <exception cref="KvmscopeException">There is none of that name (status 2).</exception>
    public static LiveView Parse(string option, string text)
    {
        string name = text.Trim();
        foreach (LiveView view in All)
            if (view.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return view;
        throw UsageError.NotOneOf(option, text, [.. All.Select(view => view.Name)]);
    }

    private static ViewInfo Info(LiveView view) => s_all[(int)view - 1];

    private sealed record ViewInfo(string Name, string Title, string What)
    {
        public bool Swaps { get; init; }

        public Func<SummaryScope, SummaryScope> Keeps { get; init; } = static scope => scope;
    }
}
