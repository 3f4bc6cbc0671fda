namespace Kvmscope.Host.Machines;

/// <summary>
/// What is known of the processes that the trace has seen, learned one at a time as they turn up, and kept until they are
/// forgotten.
/// Reads only world-readable files, so it works with capabilities dropped.
/// </summary>
public sealed class MachineNames
{
    private readonly ProcRoot _proc;
    private readonly VmmCommandReader _commands;
    private readonly Dictionary<int, (ProcessIdentity Identity, VmmCommand Command)> _known = [];

    /// <summary>Makes an empty cache.</summary>
    /// <param name="procRoot">Where procfs is mounted.</param>
    public MachineNames(string procRoot = "/proc")
    {
        _proc = new ProcRoot(procRoot);
        _commands = new VmmCommandReader(_proc);
    }

    /// <summary>The process as last learned; false where it never was.</summary>
    public bool TryIdentify(int pid, out ProcessIdentity identity)
    {
        bool found = _known.TryGetValue(pid, out var known);
        identity = known.Identity;
        return found;
    }

    /// <summary>How many processes are remembered.</summary>
    internal int Count => _known.Count;

    /// <summary>Forgets a process that has ended, about which nothing more will be asked.</summary>
    internal void Forget(int pid) => _known.Remove(pid);

    /// <summary>
    /// What the process that has the pid now says of its VM, reading that process only; what was learned before is taken from memory
    /// unless the pid went to another process. Null where there is no such process any more.
    /// </summary>
    internal VmmCommand? Learn(int pid)
    {
        if (!ProcessIdentity.TryRead(_proc, pid, out ProcessIdentity identity)) return null;
        if (_known.TryGetValue(pid, out var known) && known.Identity == identity) return known.Command;
        VmmCommand command = _commands.Read(pid);
        _known[pid] = (identity, command);
        return command;
    }
}
