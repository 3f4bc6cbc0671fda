using System.Runtime.InteropServices;
using System.Text.Json;
using Kvmscope.Guests.Kvm;
using Kvmscope.Lab.Tests.Suite;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>
/// Several VMs at the same time: their counts are not mixed, and filters leave the others at zero. One run of three guests, and a tracer
/// for each command line.
/// </summary>
internal static partial class MachineScenarios
{
    private const string AlphaPlan = "cpuid=101 out=53", BetaPlan = "vcpus=2 cpuid=67 hlt=31", GammaPlan = "out=19 l2.cpuid=29 l2.out=13";

    private static readonly string[] s_looks =
        ["all", "pid", "name", "vcpu", "vcpus-of", "reason", "exclude", "l1", "l2", "both"];

    private static Dictionary<string, TracedAnswer>? s_answers;
    private static Dictionary<string, (int Pid, IReadOnlyDictionary<ExitKey, ulong> Made)> s_guests = [];

    internal static IEnumerable<Case> Cases =>
    [
        new("machines/list", List),
        new("machines/copies-of-a-descriptor-are-one-vcpu", Copies),
        new("machines/two-at-once-are-not-mixed", host => Compare(host, "all", _ => true, null)),
        new("machines/vm-by-pid", host => Compare(host, "pid", _ => true, null, "alpha")),
        new("machines/vm-by-name", host => Compare(host, "name", _ => true, null, "beta")),
        new("machines/vcpu", host => Compare(host, "vcpu", _ => true, 1, "beta")),
        new("machines/vcpu-0-of-each", host => Compare(host, "vcpus-of", _ => true, 0)),
        new("machines/reason", host => Compare(host, "reason", k => k.Code == Cpuid(host), null)),
        new("machines/exclude", host => Compare(host, "exclude", k => k.Code != Cpuid(host), null)),
        new("machines/level-l1", host => Compare(host, "l1", k => k.Level == 1, null)),
        new("machines/level-l2", host =>
        {
            host.WantNested();
            Compare(host, "l2", k => k.Level == 2, null);
        }),
        new("machines/module-parameters", Parameters),
        new("machines/filters-together", host => Compare(host, "both", k => k.Code == Cpuid(host) && k.Level == 1, 0, "beta", "alpha")),
    ];

    /// <summary>Texts name no module parameter that this kernel does not have.</summary>
    private static void Parameters(LabHost host)
    {
        int compared = 0;
        foreach ((string module, string name, Version since) in ModuleParameters.All)
        {
            string folder = $"/sys/module/{module}/parameters";
            if (!Directory.Exists(folder)) continue;
            Check.Equal(host.Kernel >= since, File.Exists(Path.Combine(folder, name)), $"{module}.{name} is there");
            compared++;
        }
        // kvm's own, and those of one vendor.
        Check.AtLeast(8, compared, "parameters compared");
    }

    private static ulong Cpuid(LabHost host) => host.IsSvm ? 0x72u : 10u;

    /// <summary>Each VM has its own counts of what the command line selects, and nothing else.</summary>
    private static void Compare(LabHost host, string look, Func<ExitKey, bool> through, int? vcpu, params string[] vms)
    {
        TracedAnswer answer = Answers(host)[look];
        int rows = 0;
        foreach ((string name, (int pid, IReadOnlyDictionary<ExitKey, ulong> made)) in s_guests)
        {
            bool meant = vms.Length == 0 || vms.Contains(name);
            ulong vcpus = name == "beta" ? 2u : 1u;
            var expected = made.Where(m => meant && through(m.Key)).ToDictionary(m => m.Key, m => vcpu is null ? m.Value : m.Value / vcpus);
            TracedRow[] own = [.. answer.Of(pid)];
            Exact.Counts(host, expected, own, name);
            if (!meant) Check.Equal(0UL, TracedAnswer.Sum(own), $"{name}: exits");
            foreach (TracedRow row in own)
            {
                Check.Equal(name, row.Vm, "name of the VM");
                Check.True(through(row.Key), $"{name}: {row.Reason} of L{row.Key.Level} should have been left out");
                if (vcpu is { } only) Check.Equal(only, row.Vcpu, $"{name}: vCPU");
            }

            if (vcpu is null && expected.Count > 0) SameOnEachVcpu(expected, own, (int)vcpus, name);
            rows += own.Length;
        }

        Check.Equal(answer.Rows.Length, rows, "rows of these VMs against all rows");
        Exact.Accounting(host, answer, 4);
    }

    private static void SameOnEachVcpu(Dictionary<ExitKey, ulong> expected, TracedRow[] rows, int vcpus, string name)
    {
        foreach ((ExitKey key, ulong count) in expected)
            for (int id = 0; id < vcpus; id++)
                Check.Equal(
                    count / (ulong)vcpus, TracedAnswer.Sum(rows.Where(r => r.Key == key && r.Vcpu == id)),
                    $"{name}: exits {key} of vCPU {id}");
    }

    private static void List(LabHost host)
    {
        using GuestProcess alpha = host.Guest("cpuid=1", "alpha"), beta = host.Guest("vcpus=2 cpuid=1", "beta");
        (int status, string output, string errors) = host.Run("list --format json");
        Check.Equal(0, status, $"status ({errors})");
        using JsonDocument document = JsonDocument.Parse(output);
        var rows = document.RootElement.GetProperty("rows").EnumerateArray().ToDictionary(
            r => r.GetProperty("vm_pid").GetInt32(), r => (r.GetProperty("vm").GetString(), r.GetProperty("vcpu_ids").GetArrayLength()));
        Check.Equal(2, rows.Count, "VMs");
        Check.Equal(("alpha", 1), rows[alpha.Pid], "alpha");
        Check.Equal(("beta", 2), rows[beta.Pid], "beta");
    }

    /// <summary>
    /// Whoever may use /dev/kvm can copy a descriptor as often as it likes: that makes no vCPU, and no tracer's tables grow.
    /// </summary>
    private static void Copies(LabHost host)
    {
        const int copies = 900; // the usual limit is 1024 descriptors
        using var kvm = KvmDevice.Open();
        using KvmVm first = kvm.CreateVm(), second = kvm.CreateVm();
        using KvmVcpu vcpu = first.CreateVcpu(0), other = second.CreateVcpu(0);
        List<SafeFileHandle> made = [];
        try
        {
            for (int i = 0; i < copies; i++) made.Add(new SafeFileHandle(dup(vcpu.Handle), ownsHandle: true));
            Check.Equal(0, made.Count(m => m.IsInvalid), "copies that could not be made");
            (int status, string output, string errors) = host.Run("list --format json");
            Check.Equal(0, status, $"status of list ({errors})");
            using JsonDocument document = JsonDocument.Parse(output);
            JsonElement own = document.RootElement.GetProperty("rows").EnumerateArray()
                .Single(r => r.GetProperty("vm_pid").GetInt32() == Environment.ProcessId);
            Check.Equal(2, own.GetProperty("vcpu_ids").GetArrayLength(), "vCPUs");
            (status, output, errors) = host.Run("count --duration 10ms --format json");
            Check.Equal((0, ""), (status, errors), $"status and words of count ({output})");
        }
        finally
        {
            foreach (SafeFileHandle copy in made) copy.Dispose();
        }
    }

    [LibraryImport("libc")]
    private static partial int dup(SafeFileHandle descriptor);

    private static Dictionary<string, TracedAnswer> Answers(LabHost host)
    {
        if (s_answers is not null) return s_answers;
        List<GuestProcess> guests = [];
        List<Tracer> tracers = [];
        try
        {
            guests.Add(host.Guest(AlphaPlan, "alpha"));
            guests.Add(host.Guest(BetaPlan, "beta"));
            if (host.Support.WhyNotNested is null) guests.Add(host.Guest(GammaPlan, "gamma"));
            tracers.AddRange(s_looks.Select(look => host.Trace(Words(look, guests))));
            foreach (Tracer tracer in tracers) tracer.WaitAttached();
            foreach (GuestProcess guest in guests) guest.Go();
            foreach (GuestProcess guest in guests) guest.WaitDone();
            string[] names = ["alpha", "beta", "gamma"];
            s_guests = guests.Select((g, i) => (names[i], g)).ToDictionary(g => g.Item1, g => (g.g.Pid, g.g.Made));
            var answers = s_looks.Zip(tracers, (look, tracer) => (look, tracer.FinishAnswer())).ToDictionary(a => a.look, a => a.Item2);
            foreach (GuestProcess guest in guests) guest.End();
            return s_answers = answers;
        }
        finally
        {
            tracers.ForEach(t => t.Dispose());
            guests.ForEach(g => g.Dispose());
        }
    }

    private static string Words(string look, List<GuestProcess> guests) => look switch
    {
        "all" => "hist",
        "pid" => $"count --vm {guests[0].Pid}",
        "name" => "hist --vm beta",
        "vcpu" => "count --vcpu 1",
        "vcpus-of" => "time --vcpu 0",
        "reason" => "hist --reason CPUID",
        "exclude" => "count --exclude cpuid",
        "l1" => "count --level l1",
        "l2" => "hist --level l2",
        _ => $"hist --vm {guests[1].Pid} --vm alpha --vcpu 0 --reason CPUID --level l1",
    } + " --by vm,vcpu --format json";
}
