using Kvmscope.Core.Sources;
using Kvmscope.Host;
using Kvmscope.Host.Tracing;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>Options together: the kernel accepts the programs, and they trace what was chosen.</summary>
internal static class OptionScenarios
{
    private const int Vcpus = 70;

    internal static IEnumerable<Case> Cases =>
    [
        new("options/any-two-together-load", AnyTwo),
        new("options/chosen-vcpus", Chosen),
    ];

    /// <summary>Each set of options is attached like the default ones: not in a way that costs more.</summary>
    private static void AnyTwo(LabHost host)
    {
        string usual = Method(new TraceOptions());
        string[] refused =
        [
            .. OptionTable.Rows.Select(row => (row.Name, Method: Method(row.Options))).Where(row => row.Method != usual)
                .Select(row => $"{row.Name}: {row.Method}"),
        ];
        Check.Equal("", string.Join(" | ", refused), $"what is not attached with {usual}");
    }

    private static string Method(TraceOptions options)
    {
        try
        {
            using ITraceSession session = new LinuxHost().Trace(options);
            return ((TraceSession)session).Method;
        }
        catch (Core.KvmscopeException e)
        {
            return e.Message;
        }
    }

    /// <summary>Ids of the first and the second word of the set, with what <c>record</c> and the split follow.</summary>
    private static void Chosen(LabHost host)
    {
        int[] chosen = [0, 1, Vcpus - 1];
        string vcpu = $"--vcpu 0-1,{Vcpus - 1}", file = Path.Combine(host.Folder, $"chosen-{Guid.NewGuid():N}.kvmscope");
        using GuestProcess guest = host.Guest($"vcpus={Vcpus} {(host.IsArm ? "hvc=17 smc=11" : "cpuid=17 out=11")}");
        using Tracer recorder = host.Trace($"record {vcpu} -o {file}").WaitAttached(),
            split = host.Trace($"time --split --by vcpu,reason {vcpu} --format json").WaitAttached(),
            explained = host.Trace($"time --explain {vcpu}").WaitAttached(),
            slower = host.Trace($"slower 1h --verbose {vcpu}").WaitAttached();
        guest.Run();
        recorder.Finish();
        explained.Finish();
        slower.Finish();
        TracedAnswer live = split.FinishAnswer();
        guest.End();
        (int status, string output, string errors) = host.Run($"report {file} time --split --by vcpu,reason --format json");
        Check.Equal(0, status, $"status of the report ({errors})");

        var made = guest.Made.ToDictionary(exit => exit.Key, exit => exit.Value / Vcpus);
        foreach (TracedAnswer answer in (TracedAnswer[])[live, TracedAnswer.Parse(output)])
        {
            Check.Equal(string.Join(' ', chosen), string.Join(' ', answer.Rows.Select(row => row.Vcpu).Distinct().Order()), "vCPUs");
            foreach (int id in chosen)
            {
                TracedRow[] rows = [.. answer.Rows.Where(row => row.Vcpu == id)];
                Exact.Counts(host, made, rows.Where(row => row.WallNs is null), $"vCPU {id}");
                Check.Equal(1, rows.Count(row => row.WallNs is not null), $"wall clocks of vCPU {id}");
            }
            Exact.Accounting(host, answer, chosen.Length);
        }
    }
}
