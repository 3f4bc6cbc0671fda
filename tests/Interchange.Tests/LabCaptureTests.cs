using Kvmscope.Core.Captures;
using Kvmscope.Core.Model;

namespace Kvmscope.Interchange.Tests;

/// <summary>
/// One run of a guest with known exits on Linux 6.1 (SVM, nested, two VMs of one process), captured by perf, perf kvm stat, trace-cmd and
/// tracefs at once. kvmscope's own recording of it has the counts below, and so has perf kvm stat report, less the last exit of each vCPU.
/// </summary>
public sealed class LabCaptureTests
{
    // What 'kvmscope record' counted at the same time.
    private static readonly string[] s_levels =
    [
        "CPUID 344", "CPUID L2 164", "HLT L2 32", "INTR 18", "INTR L2 310", "IOIO 300", "IOIO L2 44", "MSR 160", "NPF 460", "NPF L2 24",
        "VMMCALL 52", "VMRUN 32",
    ];

    private static readonly string[] s_qualifiers =
    [
        "CPUID 0x0 (vendor): 392", "CPUID 0xb.1 (topology): 116", "HLT: 32", "INTR: 328", "IOIO 0x500 out: 4", "IOIO 0x501 out: 216",
        "IOIO 0x502 in: 124", "MSR IA32_MISC_ENABLE read: 92", "MSR IA32_MISC_ENABLE write: 68", "NPF 0x30000000: 114",
        "NPF 0x30001000: 114", "NPF fetch, not present: 8", "NPF read, not present: 152", "NPF write, not present: 28",
        "NPF write, present: 68", "VMMCALL KVM_HC_VAPIC_POLL_IRQ: 52", "VMRUN: 32",
    ];

    // Those of 'perf kvm stat report' of the same run: the last exits, of IOIO, have no entry.
    private static readonly string[] s_timed =
        ["CPUID 508", "HLT 32", "INTR 328", "IOIO 340", "MSR 160", "NPF 484", "VMMCALL 52", "VMRUN 32"];

    private static readonly string[] s_totals =
        ["CPUID 508", "HLT 32", "INTR 328", "IOIO 344", "MSR 160", "NPF 484", "VMMCALL 52", "VMRUN 32"];

    private static CaptureResult Import(string name) =>
        Captured.Import(CaptureFile.Open(new MemoryStream(Captured.Bytes($"svm61-{name}.gz"))));

    public static TheoryData<string> WithAllEvents() => new("all.data", "z.data", "t7.dat", "t6.dat", "tracefs.txt", "t7.txt", "all.txt");

    [Theory]
    [MemberData(nameof(WithAllEvents))]
    public void Counts_levels_and_qualifiers_are_those_of_kvmscopes_own_recording(string name)
    {
        CaptureResult result = Import(name);
        Assert.Equal(s_levels, result.Counts());
        Assert.Equal(s_qualifiers, result.ByQualifier());
        Assert.Equal(s_timed, Timed(result));
        Assert.Equal(574, result.Contents[CapturedKind.NestedExit]);
        Assert.Equal(0, result.Facts.Skipped);
        Assert.Null(result.Facts.CutAt);
        Accounting trust = result.Trust;
        Assert.Equal((1940UL, 1936UL, 0UL, 0UL), (trust.Exits, trust.Entries, trust.UnpairedExits, trust.LostRecords));
    }

    [Theory]
    [InlineData("stat.data")]
    [InlineData("stat.pipe")]
    [InlineData("stat.ns.txt")]
    public void Perf_kvm_stat_has_counts_and_no_levels(string name)
    {
        CaptureResult result = Import(name);
        Assert.Equal(s_totals, result.Counts());
        Assert.Equal(s_timed, Timed(result));
        Assert.Contains(result.Contents.Missing(), m => m.Text.Contains("kvm_nested_vmexit", StringComparison.Ordinal));
    }

    private static string[] Timed(CaptureResult result) =>
        [.. result.Times().Select(line => line[..line.LastIndexOf(' ')])];

    [Fact]
    public void Text_with_ns_is_the_same_as_the_file_it_was_printed_from()
    {
        CaptureResult binary = Import("stat.data"), text = Import("stat.ns.txt");
        Assert.Equal(binary.Times(), text.Times());
        Assert.Equal(binary.ByQualifier(), text.ByQualifier());
    }

    [Fact]
    public void Both_versions_of_trace_dat_are_the_same()
    {
        CaptureResult packed = Import("t7.dat"), plain = Import("t6.dat");
        Assert.Equal(packed.Times(), plain.Times());
        Assert.Equal(("trace.dat 7", "trace.dat 6"), (packed.Facts.Kind, plain.Facts.Kind));
    }

    [Fact]
    public void Rounds_are_those_of_kvmscopes_own_recording()
    {
        CaptureResult result = Import("all.data");
        Assert.Equal(["HLT 32 28"], Rounds(result));
    }

    [Theory]
    [InlineData("all.data", 1_669_565_55)]
    [InlineData("z.data", 1_656_224_63)]
    [InlineData("stat.data", 1_653_660_29)]
    public void Times_add_up_to_what_perf_kvm_stat_report_prints_of_the_same_file(string name, long printed)
    {
        // It prints hundredths of a microsecond: 10 ns.
        long total = Import(name).Interval.Rows.Sum(row => (long)row.TotalNs);
        Assert.InRange(total, (printed * 10) - 5, (printed * 10) + 5);
    }

    [Theory]
    [InlineData("all.data")]
    [InlineData("tracefs.txt")]
    [InlineData("t7.txt")]
    public void On_7_2_counts_are_those_of_kvmscopes_own_recording_too(string name)
    {
        CaptureResult result = Captured.Import(CaptureFile.Open(new MemoryStream(Captured.Bytes($"svm72-{name}.gz"))));
        Assert.Equal((1860UL, 1858UL), (result.Trust.Exits, result.Trust.Entries));
        Assert.Equal(348, result.Interval.Rows.Where(row => row.Key.Level == Core.Exits.ExitLevel.L2).Sum(row => (long)row.Count));
        Assert.Equal(
        [
            "CPUID 0x0 (vendor): 196", "CPUID 0xb.1 (topology): 58", "HLT: 16", "INTR: 1052", "IOIO 0x500 out: 2", "IOIO 0x501 out: 108",
            "IOIO 0x502 in: 62", "MSR IA32_MISC_ENABLE read: 46", "MSR IA32_MISC_ENABLE write: 34", "NPF 0x30000000: 57",
            "NPF 0x30001000: 57", "NPF fetch, not present: 4", "NPF read, not present: 78", "NPF write, not present: 14",
            "NPF write, present: 34", "VMMCALL KVM_HC_VAPIC_POLL_IRQ: 26", "VMRUN: 16",
        ], result.ByQualifier());
    }

    [Fact]
    public void On_arm64_counts_are_those_of_kvmscopes_own_recording_too()
    {
        CaptureResult result = Captured.Import(CaptureFile.Open(new MemoryStream(Captured.Bytes("arm61-tracefs.txt.gz"))));
        Assert.Equal(["DABT_LOW 90", "HVC64 17", "IABT_LOW 1", "IRQ 1", "SYS64 11"], result.Counts());
        Assert.Equal(
            ["DABT_LOW 0x8000000 write (GIC distributor): 1", "DABT_LOW 0x80b0000 write (GIC redistributor): 2",
                "DABT_LOW 0x9000000 write (PL011 UART): 1", "DABT_LOW 0xa000000 read (virtio-mmio): 7",
                "DABT_LOW 0xa000000 write (virtio-mmio): 14", "DABT_LOW: 65"],
            result.ByQualifier().Where(line => line.StartsWith("DABT", StringComparison.Ordinal)).OrderBy(line => line.Contains("LOW:")));
        Assert.DoesNotContain(result.Contents.Missing(), m => m.Text.Contains("nested", StringComparison.Ordinal));
    }

    // The guest's plan, twice: 17 + 5 + 4 SBI calls, 11 + 3 + 9 + 1 stores, 7 loads, 4 WFI, 6 reads of a CSR. KVM counted 139.
    [Fact]
    public void On_riscv64_counts_are_those_of_the_guest()
    {
        CaptureResult result = Captured.Import(CaptureFile.Open(new MemoryStream(Captured.Bytes("riscv72-tracefs.txt.gz"))));
        Assert.Equal(
            [
                "INST_GUEST_PAGE_FAULT 2", "IRQ_S_TIMER 3", "LOAD_GUEST_PAGE_FAULT 14", "STORE_GUEST_PAGE_FAULT 48",
                "SUPERVISOR_SYSCALL 52", "VIRTUAL_INST_FAULT 20",
            ], result.Counts());
        // The last exit of each vCPU is not followed by an entry.
        Assert.Equal(new Accounting { Exits = 139, Entries = 137, Open = 2 }, result.Trust);
        Assert.Equal(["VIRTUAL_INST_FAULT CYCLE read: 12", "VIRTUAL_INST_FAULT WFI: 8"],
            result.ByQualifier().Where(line => line.StartsWith("VIRTUAL", StringComparison.Ordinal)));
        Assert.Equal(0, result.Facts.Skipped);
        Assert.Contains(result.Contents.Missing(), m => m.Text.Contains("SBI function", StringComparison.Ordinal));
    }

    [Fact]
    public void On_VMX_counts_qualifiers_and_rounds_are_those_of_kvmscopes_own_recording()
    {
        CaptureResult result = Captured.Import(CaptureFile.Open(new MemoryStream(Captured.Bytes("vmx61-tracefs.txt.gz"))));
        Assert.Equal((248UL, 247UL), (result.Trust.Exits, result.Trust.Entries));
        Assert.Equal(
        [
            // kvmscope knows the leaf of the first: it is reflected, so that KVM does not handle it and has no kvm_cpuid for it.
            "CPUID: 11", "CPUID 0x0 (vendor): 17", "CPUID 0xb.1 (topology): 9", "EPT_MISCONFIG 0x30000000: 12",
            "EPT_VIOLATION 0x30000000: 1", "EPT_VIOLATION fetch, not present: 2", "EPT_VIOLATION read, not present: 5",
            "EPT_VIOLATION write, not present: 23", "EXTERNAL_INTERRUPT 0xec (local timer): 1", "HLT: 4",
            // And not the port of the last exit, which is read where it ends.
            "IO_INSTRUCTION 0x500 out: 1", "IO_INSTRUCTION 0x501 out: 18", "IO_INSTRUCTION 0x502 in: 11",
            "MSR_READ IA32_MISC_ENABLE: 9", "MSR_WRITE IA32_MISC_ENABLE: 7", "VMCALL KVM_HC_VAPIC_POLL_IRQ: 5", "VMCLEAR: 1", "VMLAUNCH: 1",
            "VMOFF: 1", "VMON: 1", "VMPTRLD: 1", "VMREAD: 14", "VMRESUME: 14", "VMWRITE: 79",
        ], result.ByQualifier().OrderBy(line => line.Replace(":", " ", StringComparison.Ordinal), StringComparer.Ordinal));
        Assert.Equal(["CPUID 11 11", "HLT 4 3"], Rounds(result));
        Assert.Equal(26, result.Interval.Rows.Where(row => row.Key.Level == Core.Exits.ExitLevel.L2).Sum(row => (long)row.Count));
    }

    private static string[] Rounds(CaptureResult result) =>
        [.. result.Interval.Rows.Where(row => row.Rounds is not null).GroupBy(row => Core.Exits.ExitReasons.Name(row.Key.Code))
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"{g.Key} {g.Sum(row => (long)row.Rounds!.Reflected)} {g.Sum(row => (long)row.Rounds!.Timed)}")];

    [Theory]
    [InlineData("all.data")]
    [InlineData("tracefs.txt")]
    public void The_split_adds_up_to_the_handling_times_and_the_wall_clocks(string name)
    {
        Interval interval = Import(name).Interval;
        foreach (Row row in interval.Rows.Where(row => row.Timed > 0)) Assert.Equal(row.TotalNs, row.Parts!.Value.Sum);
        foreach (VcpuTime time in interval.Times)
        {
            ulong inExits = interval.Rows.Where(row => row.Key.Vm == time.Key.Vm && row.Key.Vcpu == time.Key.Vcpu)
                .Aggregate(0UL, (sum, row) => sum + (row.Parts?.Sum ?? 0));
            Assert.Equal(time.WallNs, time.Parts.Sum + inExits);
            Assert.True(time.Parts[TimePart.Guest] > 0);
        }
        TimeParts all = default;
        foreach (Row row in interval.Rows) all.Add(row.Parts ?? default);
        Assert.True(all[TimePart.Kvm] > 0 && all[TimePart.Vmm] > 0 && all[TimePart.Runq] > 0);
    }
}
