using System.Net;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Core.Sources;

/// <summary>What the commands need from files and processes and .NET does not have; the real one is in Kvmscope.Host.</summary>
public interface IOperatingSystem
{
    /// <summary>The file behind a name, through both kinds of links.</summary>
    /// <returns>Null where it is not a regular file: a terminal or a pipe can be read and written at once.</returns>
    FileIdentity? IdentityOf(string path);

    /// <summary>The owner of the files that this process makes now, unless folders and mounts say otherwise.</summary>
    FileOwner OwnerOfNewFiles();

    /// <summary>Changes the owner of a file.</summary>
    /// <returns>Whether that worked; it needs CAP_CHOWN, and a file system that has owners.</returns>
    bool Give(SafeFileHandle file, FileOwner owner);

    /// <summary>The owner of a regular file; null where the name is of none, or of a link.</summary>
    FileOwner? OwnerOfFile(string path);

    /// <summary>Whether all users may make files in a folder.</summary>
    bool IsShared(string folder);

    /// <summary>
    /// Opens a file that exists in a folder that all may write: not through another user's link, and where the folder is as /tmp (sticky),
    /// no other user's file. The kernel does the same where fs.protected_symlinks and fs.protected_regular are set.
    /// </summary>
    /// <returns>The file, for writing; null where it is another user's, or cannot be opened.</returns>
    SafeFileHandle? OpenOwn(string path);

    /// <summary>Makes the names in a folder survive a power cut, after a file was made in it.</summary>
    /// <returns>Whether it was done; some file systems cannot do it for folders.</returns>
    bool SyncFolder(string path);

    /// <summary>
    /// Starts a program with this one's standard streams, and with the signals as this program's user gave them. No thread is started.
    /// </summary>
    /// <param name="path">Its path.</param>
    /// <param name="arguments">Those after its name.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be executed.</exception>
    IStartedCommand Start(string path, IReadOnlyList<string> arguments);

    /// <summary>Listens for TCP connections. No thread is started, so this can be done before privileges are dropped.</summary>
    /// <param name="at">Where; port 0 for any that is free. IPv6's any address is IPv4's too.</param>
    /// <param name="backlog">How many connections wait to be taken.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It is not possible; its number is the kernel's.</exception>
    SafeFileHandle Listen(IPEndPoint at, int backlog);

    /// <summary>Takes the socket that a service manager listens on for this process (sd_listen_fds(3)).</summary>
    /// <returns>Null where it gave none.</returns>
    /// <exception cref="KvmscopeException">It gave several, or what is not a TCP socket that listens (status 1).</exception>
    GivenSocket? TakeGivenSocket();

    /// <summary>
    /// How long this host was suspended since it started, ns: by how much CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC; null where that is
    /// not known.
    /// </summary>
    long? SuspendedNs();

    /// <summary>
    /// Sends a signal to a process. After <see cref="IHost.DropPrivileges"/> only the thread that dropped may signal a root child.
    /// </summary>
    /// <param name="pid">A child that was not yet waited for, so that the number is still its own.</param>
    /// <param name="signal">The signal's number.</param>
    /// <returns>Whether it was sent.</returns>
    bool Signal(int pid, int signal);

    /// <summary>The columns of the terminal behind standard output, as it is now; null where it does not say, or is none.</summary>
    int? TerminalWidth();

    /// <summary>The service manager that wants to hear of this program; null where there is none.</summary>
    IServiceManager? ServiceManager();
}

/// <summary>A program that was started.</summary>
public interface IStartedCommand
{
    /// <summary>Its process; not given to another while this program runs.</summary>
    int Pid { get; }

    /// <summary>Waits until it ends.</summary>
    /// <returns>Its exit status; 128 + the number of the signal that killed it.</returns>
    int WaitForEnd();
}

/// <summary>Identifies a file: two names belong to one file where this is equal.</summary>
/// <param name="Device">The file system's number.</param>
/// <param name="Inode">The file's number there.</param>
public readonly record struct FileIdentity(ulong Device, ulong Inode);

/// <summary>Owner of a file.</summary>
/// <param name="User">The user id.</param>
/// <param name="Group">The group id.</param>
public readonly record struct FileOwner(uint User, uint Group);

/// <summary>A socket that another process made, and that listens already.</summary>
/// <param name="Handle">The socket.</param>
/// <param name="At">Where it listens.</param>
public sealed record GivenSocket(SafeFileHandle Handle, IPEndPoint At);
