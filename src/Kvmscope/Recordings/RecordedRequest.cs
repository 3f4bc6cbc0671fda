using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Recordings;

/// <summary>Checks a request against what a recording contains.</summary>
internal static class RecordedRequest
{
    /// <summary>The request as this recording can answer it.</summary>
    /// <exception cref="KvmscopeException">The recording does not contain what is asked for (status 2).</exception>
    public static ReportRequest Fit(ReportRequest request, RecordingHeader header, RecordedExits exits)
    {
        if (request.OfReturns && !header.HasReturns)
            throw UsageError.Of("this recording has no returns to the VMM", "Record with --with vmm.");
        if (request.Kind != ReportKind.Count && !request.OfReturns) NeedTime(header);
        Need(!request.Split || header.HasSplit, "split of the wall clock", "split");
        Need(!request.By.HasFlag(GroupBy.Qualifier) || header.HasQualifiers, "qualifiers", "qualifiers");
        NeedWith(!request.By.HasFlag(GroupBy.Page) || header.PageShift is not null, "pages", "page");
        NeedWith(!request.By.HasFlag(GroupBy.Rip) || header.HasRips, "instructions", "rip");
        if (request.PageShift < header.PageShift)
            throw UsageError.Of($"this recording has pages of {PageSizes.NameOf(header.PageShift.Value)}, and no smaller ones",
                "Leave --page-size out, or record with a smaller one.");
        if (request.Nested && !header.HasAllExits)
            throw UsageError.Of("this recording cannot show what nesting costs: some reasons or a level were left out",
                "Record without --reason, --exclude and --level.");
        Need(!request.Nested || header.HasNested, "rounds of nested guests", "nested");
        // Advice does without VMs.
        request = request with { IsRecorded = true, HasVms = header.Grouping >= Grouping.Vm };
        if (request.Grouping > Grouping.Host)
            exits.Require(request.Grouping, request.Grouping == Grouping.Vcpu ? "--by vcpu" : request.Split ? "--split" : "--by vm");
        return request with { HasAllExits = exits.HasAll, WasAllRecorded = header.HasAllExits };
    }

    /// <summary>Throws if no handling times were recorded.</summary>
    /// <exception cref="KvmscopeException">It was made with --without time (status 2).</exception>
    public static void NeedTime(RecordingHeader header) => Need(header.HasTime, "handling times", "time");

    private static void NeedWith(bool has, string what, string word)
    {
        if (!has) throw UsageError.Of($"this recording has no {what}: it was made without --with {word}", $"Record with '--with {word}'.");
    }

    private static void Need(bool has, string what, string option)
    {
        if (has) return;
        throw UsageError.Of($"this recording has no {what}: it was made with --without {option}", $"Record without '--without {option}'.");
    }
}
