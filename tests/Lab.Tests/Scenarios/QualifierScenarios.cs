using System.Globalization;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary><c>--by qualifier</c>: as many accesses to each MSR, port, leaf and page as the guest makes.</summary>
internal static class QualifierScenarios
{
    private const string Plan =
        "cpuid=997 cpuid:0xb.1=101 cpuid:0x80000008=61 rdmsr=53 rdmsr:0x8b=47 rdmsr:0xfe=43 wrmsr=41 wrmsr:0x8b=37 "
        + "out:0x608=31 in:0x608=29 out:0x6f8=23 "
        + "hypercall=19 hypercall:0x3=17 mmio-write=13 mmio-read:7=11";

    // KVMSCOPE_SHARE of bpf/contract.h: per reason and level.
    private const int Share = 128;

    internal static IEnumerable<Case> Cases =>
    [
        new("qualifiers/count", host => Counts(host, "count --by qualifier --format json --top 1000", nested: false)),
        new("qualifiers/time", host => Counts(host, "time --by qualifier --format json --top 1000", nested: false)),
        new("qualifiers/l2", Nested),
        new("qualifiers/top", Top),
        new("qualifiers/more-than-fit", TooMany),
        new("qualifiers/late", Late),
        new("qualifiers/frequent-later", FrequentLater),
    ];

    private static TracedAnswer Run(LabHost host, string plan, string options)
    {
        using GuestProcess guest = host.Guest(plan);
        using Tracer tracer = host.Trace(options).WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        return answer;
    }

    private static void Counts(LabHost host, string options, bool nested)
    {
        TracedAnswer answer = Run(host, nested ? Plan + " nested" : Plan, options);
        Cpuid(host, answer, "0", 997);
        Cpuid(host, answer, "11,1", 101);
        Cpuid(host, answer, "2147483656", 61);
        Msr(host, answer, 0x1a0, isWrite: false, 53);
        Msr(host, answer, 0x8b, isWrite: false, 47);
        Msr(host, answer, 0xfe, isWrite: false, 43);
        Msr(host, answer, 0x1a0, isWrite: true, 41);
        Msr(host, answer, 0x8b, isWrite: true, 37);
        Port(host, answer, 1, 0x608, " out", 31);
        Port(host, answer, 1, 0x608, " in", 29);
        Port(host, answer, 1, 0x6f8, " out", 23);
        uint call = host.IsSvm ? 0x81u : 18u;
        Check.Equal(19UL, Sum(answer, call, 1, "1"), "hypercall 1");
        Check.Equal(17UL, Sum(answer, call, 1, "3"), "hypercall 3");
        // The first access to a page that was not touched before is an EPT_VIOLATION on VMX.
        Check.Equal(13UL, Page(host, answer, 0x3000_0000), "accesses to the vCPU's page of MMIO");
        Check.Equal(11UL, Page(host, answer, 0x3000_7000), "accesses to another page of MMIO");
        Check.Equal(0UL, answer.Accounting["other_qualifiers"], "trust.other_qualifiers");
    }

    private static ulong Sum(TracedAnswer answer, ulong code, int level, string raw, string names = "") =>
        TracedAnswer.Sum(answer.Rows.Where(
            r => r.Key == new ExitKey(code, level) && r.Raw == raw
                && (names.Length == 0 || r.Qualifier!.Contains(names, StringComparison.Ordinal))));

    private static void Cpuid(LabHost host, TracedAnswer answer, string raw, ulong count, int level = 1) =>
        Check.Equal(count, Sum(answer, host.IsSvm ? 0x72u : 10u, level, raw), $"CPUID {raw} of L{level}");

    private static void Msr(LabHost host, TracedAnswer answer, uint msr, bool isWrite, ulong count, int level = 1)
    {
        ulong code = host.IsSvm ? 0x7cu : isWrite ? 32u : 31u;
        string way = !host.IsSvm ? "" : isWrite ? " write" : " read";
        Check.Equal(count, Sum(answer, code, level, msr.ToString(CultureInfo.InvariantCulture), way), $"MSR 0x{msr:x}{way} of L{level}");
    }

    private static void Port(LabHost host, TracedAnswer answer, int level, uint port, string way, ulong count) =>
        Check.Equal(
            count, Sum(answer, host.IsSvm ? 0x7bu : 30u, level, port.ToString(CultureInfo.InvariantCulture), way),
            $"port 0x{port:x}{way} of L{level}");

    private static ulong Page(LabHost host, TracedAnswer answer, ulong page)
    {
        string raw = page.ToString(CultureInfo.InvariantCulture);
        return host.IsSvm ? Sum(answer, 0x400, 1, raw) : Sum(answer, 49, 1, raw) + Sum(answer, 48, 1, raw);
    }

    private static void Nested(LabHost host)
    {
        host.WantNested();
        TracedAnswer answer = Run(
            host, "cpuid=7 l2.cpuid=53 l2.cpuid:0xb.1=47 l2.rdmsr=43 l2.rdmsr:0x8b=41 l2.out:0x608=37 l2.in:0x60c=31 l2.hlt=3",
            "count --by qualifier --format json --top 1000");
        Cpuid(host, answer, "0", 53, 2);
        Cpuid(host, answer, "11,1", 47, 2);
        Msr(host, answer, 0x1a0, isWrite: false, 43, 2);
        Msr(host, answer, 0x8b, isWrite: false, 41, 2);
        Port(host, answer, 2, 0x608, " out", 37);
        Port(host, answer, 2, 0x60c, " in", 31);
        Cpuid(host, answer, "0", 7);
    }

    private static void Top(LabHost host)
    {
        TracedAnswer answer = Run(
            host, "cpuid=50 cpuid:1=40 cpuid:2=30 cpuid:3=20 cpuid:5=10", "count --by qualifier --top 3 --format json");
        TracedRow[] rows = [.. answer.Rows.Where(r => r.Key == new ExitKey(host.IsSvm ? 0x72u : 10u, 1))];
        Check.Equal(
            "other:30 0:50 1:40 2:30", string.Join(' ', rows.OrderBy(r => r.Raw ?? "").Select(r => $"{r.Raw ?? r.Qualifier}:{r.Count}")),
            "rows of CPUID");
    }

    private static void TooMany(LabHost host)
    {
        host.WantNested();
        const int leaves = 240; // per level: a plan does not have many more
        string plan = string.Join(
            ' ', Enumerable.Range(0, leaves).Select(i => $"cpuid:0x{0x4000_0100 + i:x}={i % 7 + 1} l2.cpuid:0x{0x4000_0100 + i:x}=1"));
        TracedAnswer answer = Run(host, plan, "count --by qualifier --top 1000 --format json");
        uint code = host.IsSvm ? 0x72u : 10u;
        ulong made = (ulong)Enumerable.Range(0, leaves).Sum(i => i % 7 + 1);
        Check.Equal(made, TracedAnswer.Sum(answer.Rows.Where(r => r.Key == new ExitKey(code, 1))), "all CPUID of L1");
        TracedRow[] l2 = [.. answer.Rows.Where(r => r.Key == new ExitKey(code, 2))];
        Check.Equal((ulong)leaves, TracedAnswer.Sum(l2), "all CPUID of L2");
        TracedRow[] kept = [.. answer.Rows.Where(r => r.Key.Code == code && r.Raw is not null)];
        Check.AtMost(2 * Share, kept.Length, "qualifiers that are kept apart");
        foreach (TracedRow row in kept.Where(r => r.Key == new ExitKey(code, 1)))
            Check.AtMost((ulong.Parse(row.Raw!, CultureInfo.InvariantCulture) - 0x4000_0100) % 7 + 1, row.Count, $"CPUID {row.Qualifier}");
        TracedRow other = l2.Single(r => r.Qualifier == "other");
        Check.AtLeast(1UL, other.Count, "CPUID of L2 in other");
        Check.AtLeast(other.Count, answer.Accounting["other_qualifiers"], "trust.other_qualifiers");
    }

    private static string Leaves(int count, string prefix = "") =>
        string.Join(' ', Enumerable.Range(0, count).Select(i => $"{prefix}cpuid:0x{0x4000_0100 + i:x}=1"));

    // Whatever came before, other reasons have room of their own.
    private static void Late(LabHost host)
    {
        host.WantNested();
        TracedAnswer answer = Run(
            host, $"{Leaves(240)} {Leaves(240, "l2.")} l2.rdmsr=500 l2.rdmsr:0x8b=500 l2.rdmsr:0xfe=500",
            "count --by qualifier --format json --top 1000");
        Msr(host, answer, 0x1a0, isWrite: false, 500, 2);
        Msr(host, answer, 0x8b, isWrite: false, 500, 2);
        Msr(host, answer, 0xfe, isWrite: false, 500, 2);
        Check.AtLeast(2UL * (240 - Share), answer.Accounting["other_qualifiers"], "trust.other_qualifiers");
    }

    // A leaf that is frequent gets a row when others have them all: 50 of each 290 exits.
    private static void FrequentLater(LabHost host)
    {
        using GuestProcess guest = host.Guest($"loop {Leaves(240)} cpuid:0x40000001=50");
        using Tracer tracer = host.Trace("count --by qualifier --format json --top 1000 --interval 1s").WaitAttached();
        guest.Go();
        ExitKey cpuid = new(host.IsSvm ? 0x72u : 10u, 1);
        string raw = 0x4000_0001.ToString(CultureInfo.InvariantCulture);
        for (int interval = 0; ; interval++)
        {
            Check.AtMost(20, interval, "intervals until the frequent leaf has a row");
            TracedAnswer answer = TracedAnswer.Parse(tracer.ReadLine() ?? "");
            ulong all = answer.CountOf(cpuid), own = TracedAnswer.Sum(answer.Rows.Where(r => r.Key == cpuid && r.Raw == raw));
            if (all > 2900 && own * 290 >= all * 48 && own * 290 <= all * 52) break;
        }
        tracer.Finish();
    }
}
