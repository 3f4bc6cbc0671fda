using System.Globalization;
using Kvmscope.Guests;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary><c>--by page</c> and <c>--by rip</c>: as many exits at each page and instruction as the guest makes.</summary>
internal static class PlaceScenarios
{
    private const ulong Mmio = 0x3000_0000;

    internal static IEnumerable<Case> Cases =>
    [
        new("places/one-page", host => Pages(host, "mmio-read:5=500 cpuid=7", "", (5, 500))),
        new("places/pages", host => Pages(host, "mmio-write=13 mmio-read:7=11 mmio-read:500=29", "", (0, 13), (7, 11), (500, 29))),
        new("places/larger-pages", LargerPages),
        new("places/more-pages-than-fit", MorePages),
        new("places/instructions", Instructions),
        new("places/symbols", Symbols),
        new("places/recorded", Recorded),
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

    private static string Address(ulong address) => "0x" + address.ToString("x", CultureInfo.InvariantCulture);

    private static ulong At(TracedAnswer answer, ulong page) =>
        TracedAnswer.Sum(answer.Rows.Where(r => r.Page == Address(page) && r.Key.Level == 1));

    private static void Pages(LabHost host, string plan, string options, params (uint Page, ulong Count)[] expected)
    {
        TracedAnswer answer = Run(host, plan, $"time --by page --format json --top 1000 {options}".Trim());
        foreach ((uint page, ulong count) in expected) Check.Equal(count, At(answer, Mmio + (4096 * page)), $"exits at page {page}");
        Check.Equal(0UL, answer.Accounting["other_qualifiers"], "trust.other_qualifiers");
    }

    private static void LargerPages(LabHost host)
    {
        const string plan = "mmio-write=13 mmio-read:7=11 mmio-read:500=29";
        TracedAnswer answer = Run(host, plan, "count --by page --page-size 64K --format json");
        Check.Equal((24UL, 29UL), (At(answer, Mmio), At(answer, Mmio + (496 * 4096))), "exits by pages of 64 KiB");
        answer = Run(host, plan, "count --by page --page-size 2M --format json");
        Check.Equal(53UL, At(answer, Mmio), "exits by pages of 2 MiB");
    }

    // 200 pages, each once, and one of them 50 times more: 150 are more than there are rows.
    private static void MorePages(LabHost host)
    {
        string cold = string.Join(' ', Enumerable.Range(1, 200).Select(page => $"mmio-read:{page}=1"));
        using GuestProcess guest = host.Guest($"loop {cold} mmio-read:200=50");
        using Tracer tracer = host.Trace("count --by page --format json --top 1000 --interval 1s").WaitAttached();
        guest.Go();
        for (int interval = 0; ; interval++)
        {
            Check.AtMost(20, interval, "intervals until the frequent page has a row");
            TracedAnswer answer = TracedAnswer.Parse(tracer.ReadLine() ?? "");
            ulong all = TracedAnswer.Sum(answer.Rows.Where(r => r.Page is not null)), own = At(answer, Mmio + (200 * 4096));
            if (all > 2500 && own * 250 >= all * 49 && own * 250 <= all * 53) break;
        }
        tracer.Finish();
    }

    private static ulong OffsetOf(TracedRow row) => ulong.Parse(
        row.Rip.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) - GuestLayout.Code;

    // Whether the guest's code has these bytes there.
    private static bool IsAt(TracedRow row, params byte[] instruction)
    {
        byte[] code = GuestImage.Instance.Code;
        return OffsetOf(row) is var at && at < (ulong)code.Length && code.AsSpan((int)at).StartsWith(instruction);
    }

    private static void Instruction(TracedAnswer answer, ulong code, int level, ulong count, params byte[] instruction)
    {
        TracedRow[] rows = [.. answer.Rows.Where(r => r.Key == new ExitKey(code, level))];
        Check.Equal(count, TracedAnswer.Sum(rows), $"exits of 0x{code:x} of L{level}");
        foreach (TracedRow row in rows)
            Check.Equal(true, IsAt(row, instruction), $"the instruction of 0x{code:x} of L{level} at {row.Rip}");
    }

    private static void Instructions(LabHost host)
    {
        bool nested = host.Support.WhyNotNested is null;
        TracedAnswer answer = Run(
            host, "cpuid=97 rdmsr=53 in=29" + (nested ? " l2.cpuid=43" : ""), "time --by rip --format json --top 1000");
        Instruction(answer, host.IsSvm ? 0x72u : 10u, 1, 97, 0x0f, 0xa2);
        if (nested) Instruction(answer, host.IsSvm ? 0x72u : 10u, 2, 43, 0x0f, 0xa2);
        if (host.IsSvm) Instruction(answer, 0x7c, 1, 53, 0x0f, 0x32);
        else Instruction(answer, 31, 1, 53, 0x0f, 0x32);
        TracedRow[] ports = [.. answer.Rows.Where(r => r.Key == new ExitKey(host.IsSvm ? 0x7bu : 30u, 1))];
        Check.Equal(29UL, TracedAnswer.Sum(ports.Where(r => IsAt(r, 0xec))), "IN");
        // The OUT that ends the guest is open.
        Check.Equal(1UL, answer.Open, "trust.open");
    }

    private static void Symbols(LabHost host)
    {
        string file = Path.Combine(host.Folder, "guest.map");
        File.WriteAllText(file, "000000000000a000 T guest_code\n000000000000b000 D guest_end\n");
        TracedAnswer answer = Run(host, "cpuid=97", $"count --by rip --symbols {file} --format json");
        TracedRow row = answer.Rows.Single(r => r.Key == new ExitKey(host.IsSvm ? 0x72u : 10u, 1));
        Check.Equal($"guest_code+{Address(OffsetOf(row))}", row.Symbol, "the symbol");
    }

    private static void Recorded(LabHost host)
    {
        string file = Path.Combine(host.Folder, "places.kvmscope");
        using GuestProcess guest = host.Guest("cpuid=97 rdmsr=53 rdmsr:0x8b=47 mmio-read:7=31 mmio-read:9=23");
        using Tracer recorder = host.Trace($"record -o {file} --with page,rip --interval 50ms").WaitAttached();
        guest.Run();
        recorder.Finish();
        guest.End();
        TracedAnswer pages = Report("count --by page"), rips = Report("time --by rip"), both = Report("count --by page,rip");
        TracedAnswer qualifiers = Report("count --by qualifier"), large = Report("count --by page --page-size 2M");
        Check.Equal((31UL, 23UL), (At(pages, Mmio + 0x7000), At(pages, Mmio + 0x9000)), "exits by page");
        Check.Equal(54UL, At(large, Mmio), "exits by pages of 2 MiB");
        Instruction(rips, host.IsSvm ? 0x72u : 10u, 1, 97, 0x0f, 0xa2);
        TracedRow[] read = [.. both.Rows.Where(r => r.Page == Address(Mmio + 0x7000))];
        Check.Equal(31UL, TracedAnswer.Sum(read.Where(r => IsAt(r, 0x8b, 0x07))), "exits by both");
        ulong msr = host.IsSvm ? 0x7cu : 31u;
        Check.Equal(47UL, TracedAnswer.Sum(qualifiers.Rows.Where(r => r.Key == new ExitKey(msr, 1) && r.Raw == "139")), "reads of 0x8b");
        // The exit that ends the guest is open: it has no page to wait for.
        Check.Equal(pages.Exits, rips.Exits + rips.Open, "exits");

        TracedAnswer Report(string words)
        {
            (int status, string output, string errors) = host.Run($"report {file} {words} --top 1000 --format json");
            Check.Equal(0, status, $"status of report {words} ({errors})");
            return TracedAnswer.Parse(output);
        }
    }
}
