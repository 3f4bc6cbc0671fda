using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host;

/// <summary>Whose files are.</summary>
/// <param name="User">The user id.</param>
/// <param name="Group">The group id.</param>
public readonly record struct FileOwner(uint User, uint Group)
{
    /// <summary>Whose the files are that this process makes now, but for what folders and mounts say otherwise.</summary>
    public static FileOwner OfThisProcess() => new(Interop.Libc.geteuid(), Interop.Libc.getegid());

    /// <summary>Gives a file to this owner: fchown(2).</summary>
    /// <returns>Whether it is theirs now; it takes CAP_CHOWN, and a file system that has owners.</returns>
    public bool Give(SafeFileHandle file) => Interop.Libc.fchown(file, User, Group) == 0;
}
