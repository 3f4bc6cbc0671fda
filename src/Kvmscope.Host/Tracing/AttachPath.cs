using Kvmscope.Core;
using Kvmscope.Core.Tracing;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>Finds the pair of programs that this kernel takes, and loads and attaches it.</summary>
internal static class AttachPath
{
    static readonly (string Name, string Exit, string Entry)[] s_pairs =
    [
        ("tp_btf", BpfObject.Programs.ExitBtf, BpfObject.Programs.EntryBtf),
        ("raw_tp", BpfObject.Programs.ExitRaw, BpfObject.Programs.EntryRaw),
    ];

    /// <summary>
    /// Opens, sizes, loads and attaches. tp_btf first: it fails to load where KVM has no module BTF or the older
    /// kvm_exit(reason, vcpu, isa); raw_tp next: it fails to attach where kvm_exit has two arguments.
    /// </summary>
    internal static BpfObject Start(TraceOptions options, TableSizes sizes, Action<BpfObject> prepare)
    {
        List<string> refusals = [];
        int errno = 0;
        foreach (var (name, exit, entry) in s_pairs)
        {
            var bpf = Prepare(options, sizes);
            errno = bpf.Load(exit, entry);
            string stage = "load";
            if (errno == 0)
            {
                prepare(bpf);
                stage = "attach";
                // The entry first: an exit seen without its entry would be one unpaired.
                errno = bpf.Attach(entry);
                if (errno == 0) errno = bpf.Attach(exit);
                if (errno == 0) return bpf;
            }
            refusals.Add($"{name} does not {stage}: {bpf.Complaint() ?? Errno.Text(errno)}");
            bpf.Dispose();
            if (errno is Errno.EPERM or Errno.ENOMEM) break;
        }
        throw Refused(errno, refusals);
    }

    static BpfObject Prepare(TraceOptions options, TableSizes sizes)
    {
        var bpf = BpfObject.Open();
        try
        {
            bpf.SetMaxEntries("cells", sizes.CellEntries);
            bpf.SetMaxEntries("slots", sizes.SlotEntries);
            bpf.SetMaxEntries("homes", sizes.Homes);
            bpf.SetMaxEntries("free_slots", sizes.MaxVcpus);
            bpf.SetMaxEntries("free_cells", sizes.FreeCellRuns);
            bpf.SetMaxEntries("slow_exits", sizes.RingBytes);
            Knobs.Fill(ref bpf.Section<kvmscope_knobs>(".rodata.knobs"), options);
            return bpf;
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }

    static KvmscopeException Refused(int errno, List<string> refusals) => errno switch
    {
        Errno.EPERM => new(ExitStatus.NotPermitted, "loading a BPF program is not permitted",
            "run as root, or with CAP_BPF and CAP_PERFMON (and on kernels up to 5.10 CAP_SYS_RESOURCE, or a larger ulimit -l)"),
        Errno.ENOMEM => new(ExitStatus.Failed, "not enough memory for the tables of counters", "free memory, or give a smaller --max-vcpus"),
        _ => new(ExitStatus.HostUnsupported, "this kernel takes none of the BPF programs: " + string.Join("; ", refusals),
            "kvmscope check says what this host lacks"),
    };
}
