using System.Runtime.InteropServices;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Checks;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Interop;

namespace Kvmscope.Host.Tracing;

/// <summary>Finds the programs for exit and entry that this kernel accepts, and loads and attaches them.</summary>
internal static class ProgramLoader
{
    /// <summary>One way to attach.</summary>
    /// <param name="Name">Its name in `check` and in errors.</param>
    /// <param name="IsTyped">Whether exits and entries are tp_btf programs; if not, raw_tp as kernels up to 5.15 have them.</param>
    /// <param name="Destroy">
    /// The program at the end of vCPUs; null: identities are checked at every event, which costs more.
    /// </param>
    /// <param name="HasFentry">Whether this kernel is expected to have fentry; if not, the other hooks are kprobes.</param>
    private sealed record AttachMethod(string Name, bool IsTyped, string? Destroy, bool HasFentry)
    {
        /// <summary>
        /// In the order of attaching: the end of vCPUs first, and the entry before the exit, because an exit that is seen without its entry
        /// would be unpaired.
        /// </summary>
        internal string[] Programs(bool more)
        {
            (string entry, string exit) = BpfObject.Programs.Pair(IsTyped, more);
            return Destroy is null ? [entry, exit] : [Destroy, entry, exit];
        }
    }

    // All maps, programs and links take fewer.
    private const ulong FewDescriptors = 128;

    private static readonly AttachMethod[] s_methods =
    [
        new("tp_btf", true, BpfObject.Programs.DestroyFentry, true),
        new("tp_btf without fentry", true, null, false),
        new("raw_tp", false, BpfObject.Programs.DestroyKprobe, false),
        new("raw_tp without kprobe", false, null, false),
    ];

    // On arm64 KVM is built in: its events have BTF on all kernels, but fentry exists only since about 6.2.
    private static readonly AttachMethod[] s_armMethods =
    [
        s_methods[0],
        new("tp_btf with kprobe", true, BpfObject.Programs.DestroyKprobe, false),
        .. s_methods[1..],
    ];

    /// <summary>
    /// Opens, sizes, loads and attaches. First tp_btf: it fails to load if KVM has no module BTF, or the older
    /// kvm_exit(reason, vcpu, isa). Then raw_tp: it fails to attach if kvm_exit has two arguments.
    /// </summary>
    /// <returns>
    /// What is attached and in which way, what answers lack, and since when exits are counted (CLOCK_MONOTONIC in ns).
    /// </returns>
    internal static (BpfObject Bpf, string Method, IReadOnlyList<MissingSource> Missing, long SinceNs) Start(
        TraceOptions options, Isa isa, TableSizes sizes, Action<BpfObject> prepare)
    {
        List<string> refusals = [];
        int errno = 0;
        foreach (AttachMethod method in isa == Isa.Arm64 ? s_armMethods : s_methods)
        {
            BpfObject bpf = Prepare(options, isa, sizes, method);
            IReadOnlyList<Hook> hooks = Hook.For(
                options, method.HasFentry, !method.IsTyped, isa,
                options.FollowsRuns && KernelPreemption.IsFull("/"));
            List<MissingSource> missing = [];
            errno = LoadAndAttach(bpf, method.Programs(options.WantsMore), hooks, options.WantSplit, missing, prepare, out long since);
            if (errno == 0) return (bpf, method.Name, missing, since);
            refusals.Add($"{method.Name}: {bpf.LastMessage() ?? Errno.Text(errno)}");
            bpf.Dispose();
            if (errno == Errno.ENOMEM) break;
            // Not everything that libbpf tries with too few descriptors ends with EMFILE.
            if (DescriptorLimit() is { } limit && (errno == Errno.EMFILE || limit < FewDescriptors)) throw TooFewDescriptors(limit);
        }
        throw Refused(errno, refusals, sizes.Bytes);
    }

    private static int LoadAndAttach(
        BpfObject bpf, string[] programs, IReadOnlyList<Hook> hooks, bool wantKnown, List<MissingSource> missing,
        Action<BpfObject> prepare, out long since)
    {
        since = 0;
        string[] known = wantKnown ? [BpfObject.Programs.KnownVcpus, BpfObject.Programs.VcpuStates] : [];
        int errno = bpf.Load([.. programs, .. hooks.SelectMany(h => h.Programs), .. known]);
        if (errno != 0) return errno;
        prepare(bpf);
        if (wantKnown) errno = bpf.RunIterator(BpfObject.Programs.KnownVcpus);
        foreach (Hook hook in hooks)
        {
            int refusal = 0;
            if (hook.Choices.Any(choice => choice.All(program => (refusal = bpf.Attach(program)) == 0))) continue;
            // Not a kernel without that hook.
            if (refusal == Errno.EMFILE) return refusal;
            missing.AddRange(hook.Missing);
        }
        foreach (string program in programs[..^1])
            if (bpf.Attach(program) is not 0 and var refused) return refused;
        // The last one is the program for exits.
        since = MonotonicClock.NowNs();
        if (errno == Errno.EMFILE) return errno;
        if (wantKnown && errno == 0) errno = NoteStates(bpf, since, hasSwitches: missing.All(m => m.Part is null or TimePart.Poll));
        if (errno != 0)
            missing.Add(new(null, $"VMs that do not exit are not known here ({Errno.Text(errno)}): their wall clocks are missing"));
        return bpf.Attach(programs[^1]);
    }

    // Without the hooks that tell when a vCPU leaves its thread and comes back, only its wall clock can be known.
    private static unsafe int NoteStates(BpfObject bpf, long since, bool hasSwitches)
    {
        int zero = 0;
        kvmscope_control control = new() { note_states = hasSwitches ? 1u : 0, since_ns = (ulong)since };
        if (Interop.Libbpf.bpf_map_update_elem(bpf.MapFd(".bss.control"), &zero, &control, 0) != 0) return Marshal.GetLastPInvokeError();
        return bpf.RunIterator(BpfObject.Programs.VcpuStates);
    }

    private static BpfObject Prepare(TraceOptions options, Isa isa, TableSizes sizes, AttachMethod method)
    {
        var bpf = BpfObject.Open();
        try
        {
            sizes.Set(bpf.SetMaxEntries);
            Knobs.Fill(ref bpf.Section<kvmscope_knobs>(".rodata.knobs"), options, isa, checkIdentity: method.Destroy is null);
            return bpf;
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }

    private static unsafe ulong? DescriptorLimit()
    {
        Libc.rlimit limit;
        return Libc.getrlimit(Libc.RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : null;
    }

    private static KvmscopeException TooFewDescriptors(ulong limit) => new(ExitStatus.Failed,
        $"too few file descriptors for the BPF programs and their maps: ulimit -n is {limit}", "raise it, as in: ulimit -n 1024");

    /// <summary>The error where no way to attach works.</summary>
    /// <param name="errno">Of the last way.</param>
    /// <param name="refusals">What each way said.</param>
    /// <param name="tableBytes">How much memory the tables take.</param>
    internal static KvmscopeException Refused(int errno, IEnumerable<string> refusals, long tableBytes) => errno switch
    {
        Errno.EPERM => new(ExitStatus.NotPermitted, "loading a BPF program is not permitted",
            "run as root, or with CAP_BPF and CAP_PERFMON (and on kernels up to 5.10 CAP_SYS_RESOURCE, or a larger ulimit -l)"),
        // EACCES is what the verifier says of a program that it does not accept: no matter of permission.
        Errno.ENOMEM => new(ExitStatus.Failed, $"not enough memory for the tables of counters, which take {MemoryCheck.Size(tableBytes)}",
            "free memory, raise the memory limit of its control group, or use a smaller --max-vcpus"),
        _ => new(ExitStatus.HostUnsupported, "this kernel accepts none of the BPF programs: " + string.Join("; ", refusals),
            "for what this host lacks: kvmscope check"),
    };
}
