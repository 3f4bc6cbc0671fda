using System.Text;
using Kvmscope.Core.Model;
using Kvmscope.Interchange.Text;

namespace Kvmscope.Interchange.Tests.Text;

/// <summary>Excerpts of traces that people posted, with counts made by hand.</summary>
public sealed class ExcerptTests
{
    private static CaptureResult Import(string name) => Captured.Import(new TextCaptureReader(new MemoryStream(Captured.Bytes(name))));

    internal static CaptureResult ImportText(params string[] lines) =>
        Captured.Import(new TextCaptureReader(new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)))));

    [Fact]
    public void Tracefs_of_nested_VMX()
    {
        CaptureResult result = Import("01-ftrace-vmx-nested-L0.txt");
        Assert.Equal(["DR_ACCESS 1", "DR_ACCESS L2 1", "PREEMPTION_TIMER 1", "VMREAD 2", "VMRESUME 1"], result.Counts());
        Assert.Equal(new Accounting { Exits = 6, Entries = 5, Open = 1 }, result.Trust);
        // The first VMREAD, the second DR_ACCESS: 0 and 1 µs.
        Assert.Equal(
            ["DR_ACCESS 2 1000", "PREEMPTION_TIMER 1 0", "VMREAD 2 0", "VMRESUME 0 0"], result.Times());
        Assert.Equal([23], result.Interval.Rows.Select(row => row.Key.Vcpu).Distinct());
        Assert.Equal("CPU 23/KVM-5046", Assert.Single(result.Interval.Vms).Name);
        Assert.Contains("DR_ACCESS DR6 read: 1", result.ByQualifier());
        Assert.Equal(0, result.Facts.Skipped);
    }

    [Fact]
    public void Tracefs_of_6_12_with_all_fields()
    {
        CaptureResult result = Import("03-ftrace-vmx-6.12-full.txt");
        // The third exit is not followed by kvm_nested_vmexit, and no entry is after it.
        Assert.Equal(["EPT_VIOLATION 1", "EPT_VIOLATION L2 2", "EXCEPTION_NMI L2 1"], result.Counts());
        Assert.Equal(["EPT_VIOLATION 1 5000", "EXCEPTION_NMI 1 4000"], result.Times());
        Assert.Equal(new Accounting { Exits = 4, Entries = 2, UnpairedExits = 1, Open = 1 }, result.Trust);
        Assert.Equal(
            ["EPT_VIOLATION read, not present: 1", "EPT_VIOLATION write, present: 2", "EXCEPTION_NMI #DB: 1"], result.ByQualifier());
    }

    [Fact]
    public void Trace_cmd_of_nested_VMX()
    {
        CaptureResult result = Import("04-tracecmd-vmx-5.2-nested-port5658.txt");
        // It begins within an exit, whose kvm_exit is not in it.
        Assert.Equal(["IO_INSTRUCTION L2 2"], result.Counts());
        Assert.Equal(["IO_INSTRUCTION 1 55000"], result.Times());
        Assert.Equal(["IO_INSTRUCTION 0x5658 in (VMware backdoor): 2"], result.ByQualifier());
        Assert.Equal(3, Assert.Single(result.Interval.Rows.Select(row => row.Key.Vcpu).Distinct()));
    }

    [Fact]
    public void Trace_cmd_of_SVM_with_the_plugins_names()
    {
        CaptureResult result = Import("06-tracecmd-svm-plugin-names.txt");
        Assert.Equal(["EXCP_GP 2", "MSR 1", "NPF 3"], result.Counts());
        Assert.Equal(["EXCP_GP 1 7000", "MSR 1 3000", "NPF 0 0"], result.Times());
        Assert.Equal(new Accounting { Exits = 6, Entries = 2, UnpairedExits = 2, Open = 2 }, result.Trust);
        Assert.Equal(
            ["process-less", "qemu-system-x86-310143", "thread-43752", "thread-52213"],
            result.Interval.Vms.Select(vm => vm.Name).Append("process-less").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Odd_lines()
    {
        CaptureResult result = Import("08-odd-lines.txt");
        // The nested ones stand alone. Those of "CPU 0:" and the quoted one have neither time nor thread.
        Assert.Equal(["EPT_VIOLATION 1", "NPF 2"], result.Counts());
        Assert.Equal(3, result.Facts.Skipped);
        Assert.Equal("line 5: no time stands before the event", result.Facts.FirstSkipped);
        Assert.Equal(12UL + 3096, result.Contents.Lost);
        Assert.Equal(new Accounting { Exits = 3, CutExits = 3, LostRecords = 12 + 3096 }, result.Trust);
    }

    [Fact]
    public void Perf_script()
    {
        CaptureResult result = Import("09-perf-script.txt");
        Assert.Equal(["APIC_WRITE 1", "EXTERNAL_INTERRUPT 2", "PREEMPTION_TIMER 1"], result.Counts());
        // 2335220's exit has no entry; the two others have; the last line has no thread, so what follows it is not known.
        Assert.Equal(["APIC_WRITE 1 11628000", "EXTERNAL_INTERRUPT 1 3987000", "PREEMPTION_TIMER 0 0"], result.Times());
        Assert.Equal(1UL, result.Trust.CutExits);
        Assert.Equal(0, result.Facts.Skipped);
        Assert.Contains("APIC_WRITE ICR write: 1", string.Join(' ', result.ByQualifier()), StringComparison.Ordinal);
    }
}
