using System.Globalization;
using Kvmscope.Core.Captures;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Interchange;

namespace Kvmscope.Recordings;

/// <summary>Says what captures hold and lack.</summary>
internal sealed class ImportReportView(TextWriter output)
{
    private static readonly (CapturedKind Kind, string Name)[] s_events =
    [
        (CapturedKind.Exit, "kvm_exit"), (CapturedKind.Entry, "kvm_entry"), (CapturedKind.NestedExit, "kvm_nested_vmexit"),
        (CapturedKind.NestedInject, "kvm_nested_vmexit_inject"), (CapturedKind.NestedEnter, "kvm_nested_vmenter"),
        (CapturedKind.UserspaceExit, "kvm_userspace_exit"), (CapturedKind.Pio, "kvm_pio"), (CapturedKind.Mmio, "kvm_mmio"),
        (CapturedKind.FastMmio, "kvm_fast_mmio"), (CapturedKind.Msr, "kvm_msr"), (CapturedKind.Cpuid, "kvm_cpuid"),
        (CapturedKind.Hypercall, "kvm_hypercall"), (CapturedKind.HypervHypercall, "kvm_hv_hypercall"),
        (CapturedKind.PageFault, "kvm_page_fault"), (CapturedKind.Switch, "sched_switch"),
    ];

    /// <summary>Writes what each holds.</summary>
    public void Write(IReadOnlyList<InputReport> reports)
    {
        foreach (InputReport report in reports)
        {
            CaptureContents contents = report.Contents;
            Line($"{report.Name}: {report.Kind}{(contents.Isa == Isa.None ? "" : ", " + IsaInfo.Of(contents.Isa).Title)}");
            if (contents.Ns.To >= contents.Ns.From)
                Line(Invariant($"  {(contents.Ns.To - contents.Ns.From) / 1e9:0.000} s, from {From(report)}"));
            foreach ((CapturedKind kind, string name) in s_events)
                if (contents[kind] > 0) Line(Invariant($"  {contents[kind],12}  {name}"));
            foreach (string problem in Problems(report)) Line($"  {problem}");
            foreach (MissingSource missing in contents.Missing()) Line($"  {missing.Text}");
        }
    }

    /// <summary>Says what of them could not be used.</summary>
    public static void Warn(IReadOnlyList<InputReport> reports, Action<string> say)
    {
        foreach (InputReport report in reports)
            foreach (string problem in Problems(report)) say($"'{report.Name}': {problem}");
    }

    private static IEnumerable<string> Problems(InputReport report)
    {
        if (report.CutAt is { } cut) yield return $"it is cut off: {cut}";
        if (report.Contents.Lost > 0) yield return Invariant($"at least {report.Contents.Lost} events were lost while they were captured");
        if (report.LeftOut > 0)
            yield return Invariant($"{report.LeftOut} samples are there twice, as an event was recorded twice: used once");
        if (report.Late > 0) yield return Invariant($"{report.Late} events came late, after newer ones: their exits may lack their times");
        if (report.Skipped > 0)
            yield return Invariant($"{report.Skipped} lines or records cannot be read; the first is {report.FirstSkipped}");
    }

    private static string From(InputReport report)
    {
        DateTimeOffset at = (report.Zero ?? DateTimeOffset.UnixEpoch).AddTicks(report.Contents.Ns.From / 100);
        return report.Zero is null
            ? Invariant($"{report.Contents.Ns.From / 1e9:0.000000} s of its own clock")
            : at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private void Line(string text) => output.WriteLine(ForeignText.Clean(text));
}
