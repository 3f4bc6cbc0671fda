using Kvmscope.Core.Sources;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Tests.Fakes;

/// <summary>This machine's files; calls that would change owners or signal processes are only logged.</summary>
internal sealed class FakeSystem : IOperatingSystem
{
    public FileOwner Owner { get; } = new(12, 34);

    public List<FileOwner> Given { get; } = [];

    public List<string> Synced { get; } = [];

    public List<(int Pid, int Signal)> Sent { get; } = [];

    public FileIdentity? IdentityOf(string path) => HostFactory.System.IdentityOf(path);

    public SafeFileHandle Listen(System.Net.IPEndPoint at, int backlog) => HostFactory.System.Listen(at, backlog);

    /// <summary>What a service manager gave.</summary>
    public GivenSocket? Socket { get; init; }

    public GivenSocket? TakeGivenSocket() => Socket;

    public FileOwner OwnerOfNewFiles() => Owner;

    public bool Give(SafeFileHandle file, FileOwner owner)
    {
        Given.Add(owner);
        return false;
    }

    public FileOwner? OwnerOfFile(string path) => Owners.TryGetValue(Path.GetFileName(path), out FileOwner owner)
        ? owner
        : HostFactory.System.OwnerOfFile(path);

    /// <summary>Owners of files, by name, other than they are.</summary>
    public Dictionary<string, FileOwner> Owners { get; } = [];

    public bool IsShared(string folder) => HostFactory.System.IsShared(folder);

    public SafeFileHandle? OpenOwn(string path) => HostFactory.System.OpenOwn(path);

    public bool SyncFolder(string path)
    {
        Synced.Add(path);
        return false;
    }

    public IStartedCommand Start(string path, IReadOnlyList<string> arguments) => HostFactory.System.Start(path, arguments);

    public int? TerminalWidth() => null;

    public FakeManager? Manager { get; init; }

    public IServiceManager? ServiceManager() => Manager;

    /// <summary>How long the host was suspended so far.</summary>
    public Func<long?> Suspended { get; init; } = static () => 0;

    public long? SuspendedNs() => Suspended();

    public bool Signal(int pid, int signal)
    {
        Sent.Add((pid, signal));
        return HostFactory.System.Signal(pid, signal);
    }
}

/// <summary>Logs what it is told.</summary>
internal sealed class FakeManager(List<string> log, TimeSpan? watchdog) : IServiceManager
{
    public TimeSpan? Watchdog => watchdog;

    public void Ready() => log.Add("ready");

    public void Alive() => log.Add("alive");

    public void Stopping() => log.Add("stopping");

    public void Dispose()
    {
    }
}
