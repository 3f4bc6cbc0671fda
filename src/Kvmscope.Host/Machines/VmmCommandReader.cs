using System.Text;

namespace Kvmscope.Host.Machines;

/// <summary>Reads what <see cref="VmmCommand"/> parses.</summary>
/// <param name="proc">The procfs; from one thread at a time.</param>
internal sealed class VmmCommandReader(ProcRoot proc)
{
    // How much is read; libvirt's command lines are some 10 KiB, and gVisor's name is at the end of its own.
    private const int MostArguments = 64 * 1024;
    private const int MostCgroup = 4096;
    private const int MostComm = 64;
    private const int MostConfig = 256 * 1024;

    private readonly byte[] _cmdline = new byte[MostArguments];
    private readonly byte[] _cgroup = new byte[MostCgroup];

    /// <summary>Reads one process; one that is gone is called "unknown".</summary>
    internal VmmCommand Read(int pid)
    {
        Span<byte> comm = stackalloc byte[MostComm];
        ReadOnlySpan<byte> name = Read(pid, "comm"u8, comm).TrimEnd((byte)'\n');
        var process = new VmmProcess(pid, Read(pid, "cmdline"u8, _cmdline), name, Read(pid, "cgroup"u8, _cgroup));
        return VmmCommand.Parse(process, path => ReadConfig(pid, path));
    }

    private ReadOnlySpan<byte> Read(int pid, ReadOnlySpan<byte> file, Span<byte> buffer) =>
        buffer[..Math.Max(proc.Read(pid, file, buffer), 0)];

    /// <summary>
    /// A config file, which counts where everybody may read it: a VM has the same name whether or not privileges were dropped before it
    /// came. It is not sought in folders of the process itself (its root, its working directory), which takes privileges.
    /// </summary>
    private byte[]? ReadConfig(int pid, ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty || path[0] != '/' || !SeesOurFiles(pid)) return null;
        try
        {
            var file = new FileInfo(Encoding.UTF8.GetString(path));
            file = (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
            // A pipe, whose reading would wait, has no length.
            if (!file.Exists || file.Length is 0 or > MostConfig || (file.UnixFileMode & UnixFileMode.OtherRead) == 0) return null;
            for (DirectoryInfo? folder = file.Directory; folder is not null; folder = folder.Parent)
                if ((folder.UnixFileMode & UnixFileMode.OtherExecute) == 0) return null;
            return File.ReadAllBytes(file.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    // The first mount that a process sees is the same one where it has this process's mount namespace and root.
    private bool SeesOurFiles(int pid)
    {
        Span<byte> theirs = stackalloc byte[MostComm], ours = stackalloc byte[MostComm];
        ReadOnlySpan<byte> first = MountId(Read(pid, "mountinfo"u8, theirs));
        return !first.IsEmpty && first.SequenceEqual(MountId(Read(Environment.ProcessId, "mountinfo"u8, ours)));
    }

    private static ReadOnlySpan<byte> MountId(ReadOnlySpan<byte> mounts) => mounts[..Math.Max(mounts.IndexOf((byte)' '), 0)];
}
