using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host;

/// <summary>Whose files are.</summary>
/// <param name="User">The user id.</param>
/// <param name="Group">The group id.</param>
public readonly record struct FileOwner(uint User, uint Group)
{
    /// <summary>Whose the files are that this process makes now, but for what folders and mounts say otherwise.</summary>
    public static FileOwner OfThisProcess() => new(Interop.Libc.geteuid(), Interop.Libc.getegid());

    /// <summary>Whose a file is; null where that cannot be told.</summary>
    public static unsafe FileOwner? Of(string path)
    {
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        Interop.Libc.statx_buffer found;
        fixed (byte* bytes = name)
            return Interop.Libc.statx(Interop.Libc.AT_FDCWD, bytes, 0, Interop.Libc.STATX_UID | Interop.Libc.STATX_GID, &found) == 0
                ? new FileOwner(found.stx_uid, found.stx_gid)
                : null;
    }

    /// <summary>Gives a file to this owner: fchown(2).</summary>
    /// <returns>Whether it is theirs now; it takes CAP_CHOWN, and a file system that has owners.</returns>
    public bool Give(SafeFileHandle file) => Interop.Libc.fchown(file, User, Group) == 0;
}
