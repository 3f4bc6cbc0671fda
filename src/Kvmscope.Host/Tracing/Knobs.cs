using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>Turns options into the constants of the BPF programs (rodata), before load. Has no state.</summary>
internal static unsafe class Knobs
{
    /// <summary>Fills the constants.</summary>
    /// <exception cref="KvmscopeException">There are more processes, vCPU ids or rare reasons than fit.</exception>
    internal static void Fill(ref kvmscope_knobs knobs, TraceOptions options, Isa isa, bool checkIdentity)
    {
        knobs = default;
        knobs.want_time = options.WantTime ? 1u : 0;
        knobs.slow_ns = options.SlowNs;
        knobs.level = (uint)(options.Filter.Level ?? 0);
        FillTgids(ref knobs, options.Filter);
        FillVcpus(ref knobs, options.Filter);
        FillReasons(ref knobs, options.Filter, isa);
        FillDetail(ref knobs, options, isa);
        knobs.check_identity = checkIdentity ? 1u : 0;
        knobs.filter_vcpus = knobs.tgid_count + knobs.vcpu_id_count == 0 ? 0 : 1u;
        knobs.filter_exits = knobs.level + knobs.reasons == 0 ? 0 : 1u;
    }

    /// <summary>The place of a code in a slot's index: reason_index() of the programs (<see cref="IsaInfo.IndexOf"/>).</summary>
    internal static int ReasonIndexOf(ulong code, Isa isa) => IsaInfo.Of(isa).IndexOf(code) ?? kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD;

    private static void FillDetail(ref kvmscope_knobs knobs, TraceOptions options, Isa isa)
    {
        knobs.want_split = options.WantSplit ? 1u : 0;
        knobs.want_qualifiers = options.WantQualifiers ? 1u : 0;
        knobs.want_nested = options.WantNested ? 1u : 0;
        knobs.want_who = options.WantWho ? 1u : 0;
        knobs.want_pages = options.PageShift is null ? 0 : 1u;
        knobs.want_rips = options.WantRips ? 1u : 0;
        knobs.want_keys = options.Parts == ExitParts.None ? 0 : 1u;
        knobs.page_mask = options.PageShift is { } shift ? ulong.MaxValue << shift : 0;
        knobs.know_qualifier = options.KnowsQualifiers ? 1u : 0;
        knobs.last_count = (uint)TableSizes.LastPlaces(options.LastExits);
        knobs.want_returns = options.FollowsRuns ? 1u : 0;
        knobs.count_returns = options.WantReturns ? 1u : 0;
        knobs.slow_part = (uint)(options.SlowIsAwake ? kvmscope_part.KVMSCOPE_PART_AWAKE : PartOf(options.SlowPart));
        if (options.WantSplit || options.WantNested || options.LastExits > 0) knobs.want_time = 1;
        for (int index = 0; index < kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD; index++)
        {
            ulong code = IsaInfo.Of(isa).CodeAt(index);
            if (options.KnowsQualifiers) knobs.kinds[index] = (byte)Qualifiers.KindOf(new ExitCode(isa, code));
            if (options.PageShift is not null && IsaInfo.Of(isa).HasPage(code)) knobs.page_bits[index / 64] |= 1UL << (index % 64);
        }
    }

    private static int PartOf(TimePart? part) => part switch
    {
        null => kvmscope_part.KVMSCOPE_PART_ALL,
        TimePart.Kvm => kvmscope_part.KVMSCOPE_PART_KVM,
        TimePart.Vmm => kvmscope_part.KVMSCOPE_PART_VMM,
        TimePart.Runq => kvmscope_part.KVMSCOPE_PART_RUNQ,
        TimePart.Halt => kvmscope_part.KVMSCOPE_PART_HALT,
        TimePart.Poll => kvmscope_part.KVMSCOPE_PART_POLL,
        TimePart.Sleep => kvmscope_part.KVMSCOPE_PART_SLEEP,
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "not a part of an exit"),
    };

    private static void FillTgids(ref kvmscope_knobs knobs, ExitFilter filter)
    {
        const int Max = kvmscope_limits.KVMSCOPE_MAX_TGIDS;
        if (filter.Pids.Length > Max)
            throw TooMany($"cannot select {filter.Pids.Length} VMs at once", $"trace all VMs, or select at most {Max}");
        for (int i = 0; i < filter.Pids.Length; i++) knobs.tgids[i] = (uint)filter.Pids[i];
        knobs.tgid_count = (uint)filter.Pids.Length;
    }

    private static void FillVcpus(ref kvmscope_knobs knobs, ExitFilter filter)
    {
        foreach (int id in filter.VcpuIds)
        {
            if (id is < 0 or >= kvmscope_limits.KVMSCOPE_MAX_VCPU_ID)
                throw TooMany($"cannot select vCPU {id}", $"vCPU ids go from 0 to {kvmscope_limits.KVMSCOPE_MAX_VCPU_ID - 1}");
            knobs.vcpu_bits[id / 64] |= 1UL << (id % 64);
            knobs.vcpu_id_count++;
        }
    }

    private static void FillReasons(ref kvmscope_knobs knobs, ExitFilter filter, Isa isa)
    {
        // If both are given: the requested reasons without the excluded ones.
        bool only = !filter.Codes.IsEmpty;
        ulong[] codes = [.. only ? filter.Codes.Except(filter.ExcludedCodes) : filter.ExcludedCodes.Distinct()];
        if (only && codes.Length == 0) throw TooMany("every requested reason is also excluded", "leave at least one reason");
        if (!only && codes.Length == 0) return;
        knobs.reasons = (uint)(only ? kvmscope_reason_filter.KVMSCOPE_REASONS_ONLY : kvmscope_reason_filter.KVMSCOPE_REASONS_EXCEPT);
        foreach (ulong code in codes)
        {
            int index = ReasonIndexOf(code, isa);
            if (index != kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD)
            {
                knobs.reason_bits[index / 64] |= 1UL << (index % 64);
                continue;
            }
            if (knobs.odd_reason_count == kvmscope_limits.KVMSCOPE_MAX_ODD_REASONS)
            {
                throw TooMany(
                    "too many rare reasons",
                    $"give at most {kvmscope_limits.KVMSCOPE_MAX_ODD_REASONS} codes outside 0 to 0xdf and 0x400 to 0x407");
            }
            knobs.odd_reasons[(int)knobs.odd_reason_count++] = code;
        }
    }

    private static KvmscopeException TooMany(string what, string hint) => new(ExitStatus.Usage, what, hint);
}
