using System.Text;

namespace Kvmscope.Host;

/// <summary>Which file a name leads to: two names are of one file where this is equal, through links of either kind too.</summary>
/// <param name="Device">The file system's number.</param>
/// <param name="Inode">The file's number there.</param>
public readonly record struct FileIdentity(ulong Device, ulong Inode)
{
    /// <summary>Looks; follows symbolic links.</summary>
    /// <param name="path">A name.</param>
    /// <returns>Null where it is of no regular file: a terminal or a pipe can be read and written at once.</returns>
    public static unsafe FileIdentity? OfRegularFile(string path)
    {
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        Interop.Libc.statx_buffer found;
        fixed (byte* bytes = name)
            if (Interop.Libc.statx(Interop.Libc.AT_FDCWD, bytes, 0, Interop.Libc.STATX_TYPE | Interop.Libc.STATX_INO, &found) != 0) return null;
        return (found.stx_mode & Interop.Libc.S_IFMT) == Interop.Libc.S_IFREG
            ? new FileIdentity(((ulong)found.stx_dev_major << 32) | found.stx_dev_minor, found.stx_ino)
            : null;
    }
}
