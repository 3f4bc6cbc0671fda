using Kvmscope.Core.Model;

namespace Kvmscope.Host.Machines;

/// <summary>What of a process tells its VM's name: only what everybody may read, so that privileges make no difference.</summary>
/// <param name="pid">The process.</param>
/// <param name="cmdline">The bytes of /proc/PID/cmdline.</param>
/// <param name="comm">The kernel's name of it, for one that changed its arguments: its file's first 15 bytes, or another.</param>
/// <param name="cgroup">The text of /proc/PID/cgroup.</param>
internal readonly ref struct VmmProcess(int pid, ReadOnlySpan<byte> cmdline, ReadOnlySpan<byte> comm, ReadOnlySpan<byte> cgroup)
{
    internal int Pid { get; } = pid;

    internal ReadOnlySpan<byte> CommandLine { get; } = cmdline;

    internal ReadOnlySpan<byte> Comm { get; } = comm;

    internal ReadOnlySpan<byte> Cgroup { get; } = cgroup;
}

/// <summary>Which VMM a process is, and which VM it says it runs.</summary>
/// <param name="Vmm">A VMM of the table of rules, or the command.</param>
/// <param name="Name">The VM's name; never empty, and where nothing names it with the pid in it.</param>
/// <param name="Labels">What else is known.</param>
internal readonly record struct VmmCommand(string Vmm, string Name, VmLabels Labels)
{
    // Linux gives a process's name 15 bytes.
    private const int MostComm = 15;

    /// <summary>Tells them; never throws, whatever the bytes.</summary>
    /// <param name="process">What of the process can be read.</param>
    /// <param name="config">Reads config files.</param>
    internal static VmmCommand Parse(VmmProcess process, ConfigReader config)
    {
        var arguments = new CommandLineArguments(process.CommandLine);
        ReadOnlySpan<byte> called = arguments.Program, comm = process.Comm;
        bool isCut = comm.Length == MostComm;
        // Where the two begin alike, the longer one was not known either.
        bool isNew = !isCut || !called.StartsWith(comm);
        string? vmm = VmmRules.All.VmmOf(called, arguments) ?? (isNew ? VmmRules.All.VmmOf(comm, arguments, isCut) : null);
        string command = FirstNonEmpty(DisplayName.From(called), DisplayName.From(comm), "unknown");

        string Find(string gives, CommandLineArguments arguments) => DisplayName.From(VmmRules.All.Find(vmm, gives, arguments, config));
        string uuid = Find("uuid", arguments), vmid = Find("vmid", arguments), name = Find("name", arguments);
        string? pod = PodOf(process.Cgroup);
        // By what it tells the guest (its default of -smbios), or by its folders.
        bool isKubeVirt = process.CommandLine.IndexOf("KubeVirt"u8) >= 0 || process.CommandLine.IndexOf("/kubevirt"u8) >= 0;
        var labels = new VmLabels
        {
            Vmm = vmm ?? command,
            Uuid = Guid.TryParse(uuid, out Guid id) ? id.ToString() : null,
            Vmid = NullIfEmpty(vmid),
            // Others than KubeVirt call their guests what they like.
            Namespace = isKubeVirt && IsDnsLabel(Find("namespace", arguments)) ? Find("namespace", arguments) : null,
            Pod = pod ?? NullIfEmpty(Find("pod", arguments)),
        };
        return new VmmCommand(vmm ?? command, FirstNonEmpty(name, vmid, uuid, NameOf(command, process.Pid)), labels);
    }

    /// <summary>What is known of a process that is gone: what the kernel called it, padded with NULs.</summary>
    internal static VmmCommand OfComm(ReadOnlySpan<byte> comm, int pid)
    {
        int end = comm.IndexOf((byte)0);
        string command = FirstNonEmpty(DisplayName.From(end < 0 ? comm : comm[..end]), "pid");
        return new VmmCommand(command, NameOf(command, pid), new VmLabels { Vmm = command });
    }

    // A command alone would be the name of many VMs.
    private static string NameOf(string command, int pid) => $"{command}-{pid}";

    private static string? PodOf(ReadOnlySpan<byte> cgroups)
    {
        foreach (Range line in cgroups.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> cgroup = cgroups[line];
            // In a pod of its own, kvmscope sees others' paths from there: "/../../podUID/ID" has no "kubepods" before it.
            if (cgroup.IndexOf("kubepods"u8) < 0 && cgroup.IndexOf(":/../"u8) < 0) continue;
            if (UidIn(cgroup) is { } uid) return uid;
        }
        return null;
    }

    // kubepods-burstable-pod2f0c…_….slice, or pod2f0c…-… without systemd; the kubelet's own pods have 32 digits.
    private static string? UidIn(ReadOnlySpan<byte> cgroup)
    {
        for (int at; (at = cgroup.IndexOf("pod"u8)) >= 0;)
        {
            bool isWord = at > 0 && cgroup[at - 1] is (byte)'/' or (byte)'-';
            cgroup = cgroup[(at + 3)..];
            int end = cgroup.IndexOfAny((byte)'/', (byte)'.');
            string uid = DisplayName.From(end < 0 ? cgroup : cgroup[..end]).Replace('_', '-');
            if (isWord && Guid.TryParse(uid, out _)) return uid;
        }
        return null;
    }

    // RFC 1123, which namespaces are by; what a guest of another tool has before its first "_" need not be.
    private static bool IsDnsLabel(string text) =>
        text.Length is > 0 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
        && text[0] != '-' && text[^1] != '-';

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static string FirstNonEmpty(params ReadOnlySpan<string> texts)
    {
        foreach (string text in texts)
            if (text.Length > 0) return text;
        return "";
    }
}
