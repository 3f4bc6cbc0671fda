using System.Text;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Machines;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host;

/// <summary>What .NET does not offer for this machine's files and processes.</summary>
public sealed class LinuxSystem : IOperatingSystem
{
    /// <inheritdoc/>
    public FileIdentity? IdentityOf(string path) =>
        Stat(path, Interop.Libc.STATX_TYPE | Interop.Libc.STATX_INO) is { } found
        && (found.stx_mode & Interop.Libc.S_IFMT) == Interop.Libc.S_IFREG
            ? new FileIdentity(((ulong)found.stx_dev_major << 32) | found.stx_dev_minor, found.stx_ino)
            : null;

    /// <inheritdoc/>
    public SafeFileHandle Listen(System.Net.IPEndPoint at, int backlog) => Listening.On(at, backlog);

    /// <inheritdoc/>
    public GivenSocket? TakeGivenSocket() =>
        Listening.Given(Environment.GetEnvironmentVariable("LISTEN_FDS"), Environment.GetEnvironmentVariable("LISTEN_PID"));

    /// <inheritdoc/>
    public FileOwner OwnerOfNewFiles() => new(Interop.Libc.geteuid(), Interop.Libc.getegid());

    /// <inheritdoc/>
    public bool Give(SafeFileHandle file, FileOwner owner) => Interop.Libc.fchown(file, owner.User, owner.Group) == 0;

    /// <inheritdoc/>
    public bool SyncFolder(string path)
    {
        // .NET cannot open folders.
        using SafeFileHandle folder = DirectoryReader.Open(NativeName(path), out int error);
        return error == 0 && Interop.Libc.fsync(folder) == 0;
    }

    /// <inheritdoc/>
    public IStartedCommand Start(string path, IReadOnlyList<string> arguments) => StartedCommand.Start(path, arguments);

    /// <inheritdoc/>
    public long? SuspendedNs() => Tracing.MonotonicClock.SuspendedNs();

    /// <inheritdoc/>
    public bool Signal(int pid, int signal) => Interop.Libc.kill(pid, signal) == 0;

    /// <inheritdoc/>
    public unsafe int? TerminalWidth()
    {
        // Console.WindowWidth would set up the terminal, and keeps what it found.
        Interop.Libc.winsize size;
        return Interop.Libc.ioctl(1, Interop.Libc.TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : null;
    }

    /// <inheritdoc/>
    IServiceManager? IOperatingSystem.ServiceManager() => ServiceManager.OfEnvironment();

    /// <summary>The owner of a file; null if it cannot be found.</summary>
    internal static FileOwner? OwnerOf(string path) =>
        Stat(path, Interop.Libc.STATX_UID | Interop.Libc.STATX_GID) is { } found ? new FileOwner(found.stx_uid, found.stx_gid) : null;

    /// <inheritdoc/>
    public FileOwner? OwnerOfFile(string path) =>
        Stat(path, OwnerAndMode, Interop.Libc.AT_SYMLINK_NOFOLLOW) is { } found && KindOf(found) == Interop.Libc.S_IFREG
            ? new FileOwner(found.stx_uid, found.stx_gid)
            : null;

    /// <inheritdoc/>
    public bool IsShared(string folder) => Stat(folder, OwnerAndMode) is { } found && (found.stx_mode & Interop.Libc.S_IWOTH) != 0;

    /// <inheritdoc/>
    public SafeFileHandle? OpenOwn(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        if (Stat(folder, OwnerAndMode) is not { } of) return null;
        bool isSticky = (of.stx_mode & Interop.Libc.S_ISVTX) != 0;
        // Nobody else can replace one's own link in a sticky folder, so it may be followed.
        bool isOwnLink = isSticky && Stat(path, OwnerAndMode, Interop.Libc.AT_SYMLINK_NOFOLLOW) is { } link
            && KindOf(link) == Interop.Libc.S_IFLNK && IsTrusted(link, of);
        SafeFileHandle file = Open(path, isOwnLink ? 0 : Interop.Libc.O_NOFOLLOW);
        if (!file.IsInvalid && (isOwnLink || !isSticky || (Stat(file) is { } found && IsTrusted(found, of)))) return file;
        file.Dispose();
        return null;
    }

    private const uint OwnerAndMode = Interop.Libc.STATX_TYPE | Interop.Libc.STATX_MODE | Interop.Libc.STATX_UID | Interop.Libc.STATX_GID;

    private static int KindOf(Interop.Libc.statx_buffer file) => file.stx_mode & Interop.Libc.S_IFMT;

    private static bool IsTrusted(Interop.Libc.statx_buffer file, Interop.Libc.statx_buffer folder) =>
        file.stx_uid == Interop.Libc.geteuid() || file.stx_uid == folder.stx_uid;

    private static unsafe SafeFileHandle Open(string path, int flags)
    {
        fixed (byte* bytes = NativeName(path))
            return Interop.Libc.open_path(bytes, Interop.Libc.O_WRONLY | Interop.Libc.O_CLOEXEC | flags);
    }

    private static unsafe Interop.Libc.statx_buffer? Stat(SafeFileHandle file)
    {
        Interop.Libc.statx_buffer found;
        byte empty = 0;
        return Interop.Libc.statx((int)file.DangerousGetHandle(), &empty, Interop.Libc.AT_EMPTY_PATH, OwnerAndMode, &found) == 0
            ? found
            : null;
    }

    private static unsafe Interop.Libc.statx_buffer? Stat(string path, uint mask, int flags = 0)
    {
        Interop.Libc.statx_buffer found;
        fixed (byte* bytes = NativeName(path))
            return Interop.Libc.statx(Interop.Libc.AT_FDCWD, bytes, flags, mask, &found) == 0 ? found : null;
    }

    private static byte[] NativeName(string path) => [.. Encoding.UTF8.GetBytes(path), 0];
}
