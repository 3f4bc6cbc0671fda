using Kvmscope.Core;
using Kvmscope.Core.Tracing;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>Options become rodata here, before load; pure.</summary>
internal static unsafe class Knobs
{
    /// <summary>Fills the kernel side's constants.</summary>
    /// <exception cref="KvmscopeException">More processes, vCPU ids or rare reasons than fit.</exception>
    internal static void Fill(ref kvmscope_knobs knobs, TraceOptions options, bool checkIdentity)
    {
        knobs = default;
        knobs.want_time = options.WantTime ? 1u : 0;
        knobs.slow_ns = options.SlowNs;
        knobs.level = (uint)(options.Level ?? 0);
        FillTgids(ref knobs, options);
        FillVcpus(ref knobs, options);
        FillReasons(ref knobs, options);
        knobs.check_identity = checkIdentity ? 1u : 0;
        knobs.filter_vcpus = knobs.tgid_count + knobs.vcpu_id_count == 0 ? 0 : 1u;
        knobs.filter_exits = knobs.level + knobs.reasons == 0 ? 0 : 1u;
    }

    /// <summary>The place of a code in a slot's index: usual_place() of bpf/cells.bpf.h.</summary>
    internal static int PlaceOf(ulong code)
    {
        if (code < kvmscope_limits.KVMSCOPE_PLACE_HIGH) return (int)code;
        ulong high = unchecked(code - 0x400);
        const int Highs = kvmscope_limits.KVMSCOPE_PLACE_ODD - kvmscope_limits.KVMSCOPE_PLACE_HIGH;
        return high < Highs ? (int)high + kvmscope_limits.KVMSCOPE_PLACE_HIGH : kvmscope_limits.KVMSCOPE_PLACE_ODD;
    }

    static void FillTgids(ref kvmscope_knobs knobs, TraceOptions options)
    {
        const int Most = kvmscope_limits.KVMSCOPE_MAX_TGIDS;
        if (options.Pids.Length > Most) throw TooMany($"{options.Pids.Length} VMs", $"trace all VMs, or at most {Most} by name");
        for (int i = 0; i < options.Pids.Length; i++) knobs.tgids[i] = (uint)options.Pids[i];
        knobs.tgid_count = (uint)options.Pids.Length;
    }

    static void FillVcpus(ref kvmscope_knobs knobs, TraceOptions options)
    {
        foreach (int id in options.VcpuIds)
        {
            if (id is < 0 or >= kvmscope_limits.KVMSCOPE_MAX_VCPU_ID)
                throw TooMany($"vCPU {id}", $"vCPU ids go from 0 to {kvmscope_limits.KVMSCOPE_MAX_VCPU_ID - 1}");
            knobs.vcpu_bits[id / 64] |= 1UL << (id % 64);
            knobs.vcpu_id_count++;
        }
    }

    static void FillReasons(ref kvmscope_knobs knobs, TraceOptions options)
    {
        // Both given: what is asked for, less what is excluded.
        bool only = !options.Reasons.IsEmpty;
        ulong[] codes = [.. only ? options.Reasons.Except(options.ExcludedReasons) : options.ExcludedReasons.Distinct()];
        if (only && codes.Length == 0) throw TooMany("every reason asked for is excluded too", "leave one in");
        if (!only && codes.Length == 0) return;
        knobs.reasons = (uint)(only ? kvmscope_reason_filter.KVMSCOPE_REASONS_ONLY : kvmscope_reason_filter.KVMSCOPE_REASONS_EXCEPT);
        foreach (ulong code in codes)
        {
            int place = PlaceOf(code);
            if (place != kvmscope_limits.KVMSCOPE_PLACE_ODD)
            {
                knobs.reason_bits[place / 64] |= 1UL << (place % 64);
                continue;
            }
            if (knobs.odd_reason_count == kvmscope_limits.KVMSCOPE_MAX_ODD_REASONS)
                throw TooMany("too many rare reasons", $"name at most {kvmscope_limits.KVMSCOPE_MAX_ODD_REASONS} codes beyond 0xe0 and 0x400 to 0x407");
            knobs.odd_reasons[(int)knobs.odd_reason_count++] = code;
        }
    }

    static KvmscopeException TooMany(string what, string mend) => new(ExitStatus.Usage, what, mend);
}
