namespace Kvmscope.Host.Machines;

/// <summary>
/// The names of the processes that the trace has seen, learned one at a time as they turn up and kept after they ended.
/// Reads only world-readable files, so it works with capabilities dropped.
/// </summary>
public sealed class MachineNames
{
    private readonly ProcRoot _proc;
    private readonly Dictionary<int, (ProcessIdentity Identity, string Name)> _known = [];
    private byte[]? _buffer;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="procRoot">Where procfs is mounted.</param>
    public MachineNames(string procRoot = "/proc") => _proc = new ProcRoot(procRoot);

    /// <summary>The name as last learned, or <c>pid 123</c> for a process that was never seen alive.</summary>
    public string NameOf(int pid) => _known.TryGetValue(pid, out var known) ? known.Name : $"pid {pid}";

    /// <summary>The process as last learned; false where it never was.</summary>
    public bool TryIdentify(int pid, out ProcessIdentity identity)
    {
        bool found = _known.TryGetValue(pid, out var known);
        identity = known.Identity;
        return found;
    }

    /// <summary>Learns the name of the process that has the pid now, reading that process only; a name learned before is taken from memory unless the pid went to another process.</summary>
    /// <returns>False where there is no such process any more; what was learned before stays.</returns>
    public bool TryLearn(int pid)
    {
        if (!ProcessIdentity.TryRead(_proc, pid, out ProcessIdentity identity)) return false;
        if (_known.TryGetValue(pid, out var known) && known.Identity == identity) return true;
        VmmCommand command = VmmCommandReader.Read(_proc, pid, _buffer ??= new byte[VmmCommandReader.BufferSize]);
        _known[pid] = (identity, command.Name);
        return true;
    }

    /// <summary>Forgets a process whose results are no longer shown.</summary>
    public void Forget(int pid) => _known.Remove(pid);
}
